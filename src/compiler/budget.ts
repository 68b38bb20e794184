/** @file The memory that a rank may use, and what to say when no choice of layouts keeps to it. */
import { LayoutError } from "../ir/errors.ts";
import { type Layout, showLayout } from "../ir/layout.ts";
import { showPlacement } from "../ir/placement.ts";
import type { Draft } from "./draft.ts";
import { memoryOf } from "./machine.ts";
import { lifetimes } from "./memory/lifetimes.ts";

const named = 5;

/** Bytes a rank: what the user gave, or what the device has. */
export const limitOf = ({ graph, options }: Draft): number => options.memory ?? memoryOf(graph.placements);

/** What a plan takes on the rank that needs most. */
export const mostOf = ({ memory }: Draft): number => Math.max(...memory.map(({ bytes }) => bytes));

/** `draft` is the plan of least memory, down to its buffers. */
export function outOfMemory(draft: Draft): LayoutError {
  const { graph, options, memory } = draft;
  const [limit, most] = [limitOf(draft), mostOf(draft)];
  const { rank, byRole } = memory.find(({ bytes }) => bytes === most)!;
  const roles = Object.entries(byRole).sort(([, a], [, b]) => b - a);
  const given = options.memory === undefined ? "the device's, shared by its ranks" : "the option memory";
  return new LayoutError(
    "SL3040",
    `the least found is ${most} bytes a rank (${roles.map(([role, bytes]) => `${role} ${bytes}`).join(", ")}), the limit ${limit} (${given})`,
    {
      subject: `graph "${graph.name}" on ${showPlacement(graph.placements[0]!)}; most is taken by ${largest(draft, rank).join(", ")}`,
      choices: [`{ memory: ${most} } or more`],
      hint: "use more ranks, a smaller batch, the option microBatches, fewer slots, or leave layouts open that were given",
    },
  );
}

/** What takes most on a rank when it holds most; of repeated blocks what is alike counts together. */
function largest(draft: Draft, rank: number): readonly string[] {
  const { graph, buffers, bufferOf, layouts } = draft;
  const lies = new Map<number, Layout>();
  bufferOf.forEach((buffer, value) => {
    lies.set(buffer, layouts[value]!);
  }); // what a kernel keeps to itself has none
  const there = whenMost(draft, rank);
  const alike = new Map<string, { readonly names: string[]; readonly as: string; bytes: number }>();
  for (const { id, name, bytes, slots, placement } of buffers) {
    if (!there(id)) continue;
    const layout = lies.get(id);
    const axes = graph.placements[placement]!.axes.map((axis) => axis.name);
    const as = layout ? ` as ${showLayout(layout, axes)}` : "";
    const pattern = name.replace(/\d+/g, "*");
    const same = alike.get(pattern + as) ?? { names: [], as, bytes: 0 };
    alike.set(pattern + as, same);
    same.names.push(name);
    same.bytes += bytes * slots;
  }
  return [...alike.values()]
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, named)
    .map(({ names, as, bytes }) => {
      const [name, ...more] = names;
      return `${more.length ? `${name!.replace(/\d+/g, "*")} ×${names.length} =` : name} ${bytes} B${as}`;
    });
}

/** Whether a buffer is there when those that come and go on a rank take most together. */
function whenMost(draft: Draft, rank: number): (buffer: number) => boolean {
  const lives = lifetimes(draft);
  const here = draft.buffers.map(({ placement }) => draft.graph.placements[placement]!.ranks.includes(rank));
  const change: number[] = [];
  for (const { id, bytes } of draft.buffers) {
    const life = lives[id];
    if (!here[id] || !life) continue;
    change[life.first] = (change[life.first] ?? 0) + bytes;
    change[life.last + 1] = (change[life.last + 1] ?? 0) - bytes;
  }
  let [now, most, at] = [0, 0, 0];
  change.forEach((bytes, place) => {
    now += bytes;
    if (now > most) [most, at] = [now, place];
  });
  return (id) => here[id]! && (!lives[id] || (lives[id].first <= at && at <= lives[id].last));
}
