/** @file The memory that a rank may use, and what to say when no choice of layouts keeps to it. */
import { LayoutError } from "../ir/errors.ts";
import { type Layout, showLayout } from "../ir/layout.ts";
import { showPlacement } from "../ir/placement.ts";
import type { Buffer } from "../ir/plan.ts";
import type { Draft } from "./draft.ts";
import { memoryOf } from "./machine.ts";

const named = 5;

/** Bytes a rank: what the user gave, or what the device has. */
export const limitOf = ({ graph, options }: Draft): number => options.memory ?? memoryOf(graph.placements);

/** What a plan takes on the rank that needs most. */
export const mostOf = ({ memory }: Draft): number => Math.max(...memory.map(({ bytes }) => bytes));

/** `draft` is the plan of least memory, down to its buffers. */
export function outOfMemory(draft: Draft): LayoutError {
  const { graph, options, memory, buffers, bufferOf, layouts } = draft;
  const [limit, most] = [limitOf(draft), mostOf(draft)];
  const { rank, byRole } = memory.find(({ bytes }) => bytes === most)!;
  const roles = Object.entries(byRole).sort(([, a], [, b]) => b - a);
  const lies = new Map<number, Layout>();
  bufferOf.forEach((buffer, value) => {
    lies.set(buffer, layouts[value]!);
  }); // what a kernel keeps to itself has none
  const text = ({ id, name, bytes, slots, placement }: Buffer) => {
    const axes = graph.placements[placement]!.axes.map((axis) => axis.name);
    const layout = lies.get(id);
    return `${name} ${bytes * slots} B${layout ? ` as ${showLayout(layout, axes)}` : ""}`;
  };
  const here = buffers.filter(({ placement }) => graph.placements[placement]!.ranks.includes(rank));
  const largest = here.toSorted((a, b) => b.bytes * b.slots - a.bytes * a.slots).slice(0, named);
  const given = options.memory === undefined ? "the device's, shared by its ranks" : "the option memory";
  return new LayoutError(
    "SL3040",
    `the least found is ${most} bytes a rank (${roles.map(([role, bytes]) => `${role} ${bytes}`).join(", ")}), the limit ${limit} (${given})`,
    {
      subject: `graph "${graph.name}" on ${showPlacement(graph.placements[0]!)}; most is taken by ${largest.map(text).join(", ")}`,
      choices: [`{ memory: ${most} } or more`],
      hint: "use more ranks, a smaller batch, fewer slots, or leave layouts open that were given",
    },
  );
}
