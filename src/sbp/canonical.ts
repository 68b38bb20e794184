/**
 * @file One spelling for each layout. Axes that are B or of size 1 say nothing and are left out. The order of the others
 * matters only between splits of one dim and between different monoids; `canonical` picks the order nearest to the
 * mesh's own that keeps those, so two layouts that lie the same have one text.
 */
import { type Layout, type Sbp, showLayout, showSbp } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { axisIndex } from "./mesh.ts";

/** Whether swapping two neighbours would change what the layout means. */
export const orderMatters = (a: Sbp, b: Sbp): boolean =>
  (a.kind === "S" && b.kind === "S" && a.dim === b.dim) || (a.kind === "P" && b.kind === "P" && a.monoid !== b.monoid);

/** The same layout in its canonical form. Throws PlacementError SL2000 for an axis that the mesh does not have. */
export function canonical(layout: Layout, placement: PlacementData): Layout {
  const left = layout
    .map(([axis, sbp]) => ({ entry: [axis, sbp] as const, index: axisIndex(placement, axis) }))
    .filter(({ entry: [, sbp], index }) => sbp.kind !== "B" && placement.axes[index]!.size > 1);
  if (left.every(({ index }, i) => i === 0 || left[i - 1]!.index < index)) return left.map(({ entry }) => entry);
  const out: (readonly [string, Sbp])[] = [];
  while (left.length > 0) {
    // The first axis of the mesh that nothing outside it holds back.
    let next = -1;
    for (let i = 0; i < left.length; i++) {
      if (next >= 0 && left[i]!.index > left[next]!.index) continue;
      const heldBack = left.slice(0, i).some(({ entry }) => orderMatters(entry[1], left[i]!.entry[1]));
      if (!heldBack) next = i;
    }
    out.push(left.splice(next, 1)[0]!.entry);
  }
  return out;
}

/** The same text for layouts that lie the same on this placement, and for no others. */
export const layoutKey = (layout: Layout, placement: PlacementData): string => keyOf(canonical(layout, placement));

/** The key of a layout that is canonical already. */
export const keyOf = (layout: Layout): string => layout.map(([axis, sbp]) => `${axis}:${showSbp(sbp)}`).join(" ");

export const sameLayout = (a: Layout, b: Layout, placement: PlacementData): boolean =>
  layoutKey(a, placement) === layoutKey(b, placement);

/** `S(0),B`: one SBP an axis, in the mesh's order; with names, outermost first, where that would hide the order. */
export function layoutText(layout: Layout, placement: PlacementData): string {
  const order = canonical(layout, placement);
  const at = order.map(([axis]) => axisIndex(placement, axis));
  const names = placement.axes.map(({ name }) => name);
  if (at.some((index, i) => i > 0 && index < at[i - 1]!)) return showLayout(order, names);
  return names.map((name) => showSbp(order.find(([axis]) => axis === name)?.[1] ?? { kind: "B" })).join(",");
}
