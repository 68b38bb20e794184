/**
 * @file The one place that knows where shards lie. A shard is, for each tensor dim, an ordered list of global intervals;
 * its boxes are their product. A split cuts the *local* range of the list that the axes before it have left, so uneven
 * splits, explicit sizes, zigzag and several axes on one dim in any order are one rule. Balanced splits give the
 * remainder to the first ranks (as OneFlow's BalancedSplitter does); empty shards are legal.
 */
import { InternalError, LayoutError } from "../ir/errors.ts";
import { type Layout, type Partition, type Sbp, showSbp } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { axisSize, coordinate } from "./mesh.ts";

/** [lo, hi) */
export type Interval = readonly [lo: number, hi: number];
/** Per dim the global intervals that a shard holds, in local order; no empty ones. */
export type Region = readonly (readonly Interval[])[];
/** One interval a dim. */
export type Box = readonly Interval[];

/** Part `i` of `extent` cut into `parts`: sizes differ by one at most, the larger ones first. */
export function balanced(extent: number, parts: number, i: number): Interval {
  const base = Math.floor(extent / parts);
  const rest = extent % parts;
  const lo = i * base + Math.min(i, rest);
  return [lo, lo + base + (i < rest ? 1 : 0)];
}

/** Why a partition cannot cut `extent` into `parts`; undefined when it can. */
export function misfit(extent: number, parts: number, part: Partition): string | undefined {
  if ("sizes" in part) {
    const total = part.sizes.reduce((a, b) => a + b, 0);
    if (part.sizes.length !== parts) return `${part.sizes.length} sizes for ${parts} ranks`;
    if (!part.sizes.every((n) => Number.isInteger(n) && n >= 0)) return `sizes must be whole and not negative`;
    return total === extent ? undefined : `sizes ${part.sizes.join("+")} make ${total}, the local extent is ${extent}`;
  }
  const dealt = part.of.flat();
  if (part.of.length !== parts) return `chunks dealt to ${part.of.length} ranks, the axis has ${parts}`;
  const each = new Set(dealt).size === part.chunks && dealt.length === part.chunks;
  return each && dealt.every((c) => Number.isInteger(c) && c >= 0 && c < part.chunks)
    ? undefined
    : `each of the chunks 0 to ${part.chunks - 1} must be dealt once, got ${dealt.join(",")}`;
}

/** The local ranges of part `i` of `extent`, in local order. */
export function pieces(extent: number, parts: number, i: number, part?: Partition): readonly Interval[] {
  if (!part) return [balanced(extent, parts, i)];
  if ("chunks" in part) return part.of[i]!.map((chunk) => balanced(extent, part.chunks, chunk));
  const lo = part.sizes.slice(0, i).reduce((a, b) => a + b, 0);
  return [[lo, lo + part.sizes[i]!]];
}

/** Sizes of the parts of an extent, or undefined when the partition does not fit it. */
export function partSizes(extent: number, parts: number, part?: Partition): readonly number[] | undefined {
  if (part && misfit(extent, parts, part)) return undefined;
  return Array.from({ length: parts }, (_, i) => length(pieces(extent, parts, i, part)));
}

/** Elements of a list of intervals. */
export function length(list: readonly Interval[]): number {
  let n = 0;
  for (const [lo, hi] of list) n += hi - lo;
  return n;
}

/** The global intervals behind the local range [lo, hi) of a list of global intervals. */
export function cut(list: readonly Interval[], [lo, hi]: Interval): Interval[] {
  const out: Interval[] = [];
  let start = 0;
  for (const [a, b] of list) {
    const from = a + Math.max(lo - start, 0);
    const to = Math.min(a + hi - start, b);
    if (from < to) out.push([from, to]);
    start += b - a;
  }
  return out;
}

/** What one member holds, or why the layout cannot be: axis after axis, each on what the axes before it have left. */
function walk(
  layout: Layout,
  shape: readonly number[],
  placement: PlacementData,
  member: number,
): Region | { readonly axis: string; readonly sbp: Sbp; readonly why: string } {
  const region: (readonly Interval[])[] = shape.map((n) => (n > 0 ? [[0, n]] : []));
  for (const [axis, sbp] of layout) {
    const parts = axisSize(placement, axis);
    if (sbp.kind !== "S" || parts === 1) continue;
    const local = region[sbp.dim];
    if (!local) return { axis, sbp, why: `the tensor has ${shape.length} dims` };
    const extent = length(local);
    const why = sbp.part && misfit(extent, parts, sbp.part);
    if (why) return { axis, sbp, why };
    region[sbp.dim] = pieces(extent, parts, coordinate(placement, member, axis), sbp.part).flatMap((p) =>
      cut(local, p),
    );
  }
  return region;
}

/**
 * What one member of the placement holds of a tensor of this (global) shape. Throws LayoutError SL2003 when a split does
 * not fit: a dim that the tensor does not have, or a partition of another extent or number of ranks.
 *
 * @example
 * const mesh = { device: "cpu", axes: [{ name: "data", size: 2 }], ranks: [0, 1] };
 * region([["data", S(0)]], [5, 3], mesh, 1); // [[[3, 5]], [[0, 3]]]
 */
export function region(layout: Layout, shape: readonly number[], placement: PlacementData, member: number): Region {
  const found = walk(layout, shape, placement, member);
  if (!("why" in found)) return found;
  const { axis, sbp, why } = found;
  throw new LayoutError(
    "SL2003",
    `${showSbp(sbp)} on mesh axis "${axis}" does not fit a tensor of shape [${shape.join(",")}]: ${why}`,
    { hint: "use a balanced split, S(dim), or a partition that covers the extent once" },
  );
}

/** What every member holds, in the order of the placement's ranks. */
export const regions = (layout: Layout, shape: readonly number[], placement: PlacementData): Region[] =>
  placement.ranks.map((_, member) => region(layout, shape, placement, member));

/** Throws LayoutError SL2003 when a split does not fit, as `region` does; balanced splits fit every extent. */
export function checkFit(layout: Layout, shape: readonly number[], placement: PlacementData): void {
  const doubtful = layout.some(([, sbp]) => sbp.kind === "S" && (sbp.part || sbp.dim >= shape.length));
  if (doubtful) regions(layout, shape, placement);
}

/** The boxes of a region, in local row-major order. */
export const boxesOf = (region: Region): Box[] =>
  region.reduce<Box[]>((boxes, list) => boxes.flatMap((box) => list.map((interval) => [...box, interval])), [[]]);

/** The boxes that one member holds: one unless a dim is split by hand, none for an empty shard. */
export const boxes = (layout: Layout, shape: readonly number[], placement: PlacementData, member: number): Box[] =>
  boxesOf(region(layout, shape, placement, member));

/** Local extents of a region. */
export const extents = (region: Region): number[] => region.map(length);

export const localShape = (
  layout: Layout,
  shape: readonly number[],
  placement: PlacementData,
  member: number,
): number[] => extents(region(layout, shape, placement, member));

/** Where a global index lies in a shard's list of intervals; the shard must hold it. */
export function localIndex(list: readonly Interval[], index: number): number {
  let before = 0;
  for (const [lo, hi] of list) {
    if (lo <= index && index < hi) return before + index - lo;
    before += hi - lo;
  }
  throw new InternalError(`index ${index} is not held`);
}

/** Elements of a region. */
export function size(region: Region): number {
  let n = 1;
  for (const list of region) n *= length(list);
  return n;
}

/** Elements that two regions have in common. */
export function overlap(a: Region, b: Region): number {
  let n = 1;
  for (let dim = 0; dim < a.length && n > 0; dim++) {
    let common = 0;
    for (const [lo, hi] of a[dim]!)
      for (const [u, v] of b[dim]!) common += Math.max(0, Math.min(hi, v) - Math.max(lo, u));
    n *= common;
  }
  return n;
}
