/** @file The memory that a rank may use, and what to say when no choice of layouts keeps to it. */
import { LayoutError } from "../ir/errors.ts";
import { showLayout } from "../ir/layout.ts";
import { showPlacement } from "../ir/placement.ts";
import { type Draft, placementOf } from "./draft.ts";
import { memoryOf } from "./machine.ts";
import { heldBy, type Menu } from "./menu.ts";

const named = 5;

/** Bytes a rank: what the user gave, or what the device has. */
export const limitOf = ({ graph, options }: Draft): number => options.memory ?? memoryOf(graph.placements);

/** `pick` is of the least memory found, `bytes` what it takes on the rank that holds the most. */
export function outOfMemory(draft: Draft, menus: readonly Menu[], pick: readonly number[], bytes: number): LayoutError {
  const { graph, options } = draft;
  const limit = limitOf(draft);
  const held = graph.ops.flatMap((op) =>
    op.outputs.map((id, j) => {
      const { layouts, of } = menus[op.id]!.outs[j]!;
      const layout = layouts[of[pick[op.id]!]!]!;
      const value = graph.values[id]!;
      const axes = placementOf(draft, op).axes.map(({ name }) => name);
      const lies = op.writes?.[j] ? 0 : heldBy(value, layout, placementOf(draft, op));
      return { lies, text: `${value.name} ${lies} B as ${showLayout(layout, axes)}` };
    }),
  );
  const largest = held.sort((a, b) => b.lies - a.lies).slice(0, named);
  const [place] = graph.placements;
  const given = options.memory === undefined ? "the device's, shared by its ranks" : "the option memory";
  return new LayoutError("SL3040", `the least found is ${bytes} bytes a rank, the limit ${limit} (${given})`, {
    subject: `graph "${graph.name}" on ${showPlacement(place!)}; most is taken by ${largest.map(({ text }) => text).join(", ")}`,
    choices: [`{ memory: ${bytes} } or more`],
    hint: "use more ranks, a smaller batch, fewer slots, or leave layouts open that were given",
  });
}
