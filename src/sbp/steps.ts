/**
 * @file The moves of boxing: what one mesh axis can become in one step, with its exact bytes. A step takes the axis's
 * SBP away and puts the new one innermost. Only the innermost split of a dim can go, as the others were cut before it;
 * a partial value can go when no inner one has another monoid, which would have to be reduced first.
 */
import type { Sbp } from "../ir/layout.ts";
import { balanced, type Interval } from "./boxes.ts";
import { orderMatters } from "./canonical.ts";
import type { Common } from "./cuts.ts";
import { axisSize, coordinate } from "./mesh.ts";
import { monoid } from "./monoid.ts";
import type { Placed } from "./placed.ts";

/**
 * - `slice` B→S: keep the own part;
 * - `fill` S→P, B→P: a member keeps its part (of a replica: the first member all, the others nothing) and sets the rest
 *   to the identity;
 * - `relabel` B→P of an idempotent monoid: the same numbers;
 * - `all-gather` S→B, `all-to-all` S→S: each gets what it misses from the member that has it;
 * - `reduce-scatter` P→S: each reduces its part of all members' blocks;
 * - `all-reduce` P→B: each reduces its `flatSlice` of the local block, and all get all slices.
 */
export type BoxingKind = "slice" | "fill" | "relabel" | "all-gather" | "all-to-all" | "reduce-scatter" | "all-reduce";

/** What one axis becomes in one step. */
export interface Move {
  readonly kind: BoxingKind;
  readonly axis: string;
  readonly monoid?: string;
  readonly from: Placed;
  readonly to: Placed;
}

const kinds = {
  S: { S: "all-to-all", B: "all-gather", P: "fill" },
  B: { S: "slice", B: undefined, P: "fill" },
  P: { S: "reduce-scatter", B: "all-reduce", P: undefined },
} as const;

/** How one SBP becomes another in one step; undefined where it does not (P to another P goes through S or B). */
function kindOf(from: Sbp, to: Sbp): BoxingKind | undefined {
  if (from.kind === "B" && to.kind === "P" && monoid(to.monoid).idempotent) return "relabel";
  return kinds[from.kind][to.kind];
}

/** All moves out of a layout, to the SBPs of `alphabet`. */
export function movesFrom(from: Placed, alphabet: readonly Sbp[]): Move[] {
  const moves: Move[] = [];
  const { placement, place } = from.places;
  for (const { name: axis, size: parts } of placement.axes) {
    const index = from.layout.findIndex(([name]) => name === axis);
    const was: Sbp = from.layout[index]?.[1] ?? { kind: "B" };
    const inner = index < 0 ? [] : from.layout.slice(index + 1);
    if (parts === 1 || inner.some(([, sbp]) => orderMatters(was, sbp))) continue;
    const rest = from.layout.filter(([name]) => name !== axis);
    for (const sbp of alphabet) {
      const kind = kindOf(was, sbp);
      const to = kind && place([...rest, [axis, sbp]]);
      if (!to || to === from) continue;
      const name = was.kind === "P" ? was.monoid : sbp.kind === "P" ? sbp.monoid : undefined;
      moves.push({ kind, axis, from, to, ...(name !== undefined && { monoid: name }) });
    }
  }
  return moves;
}

/** Elements that each member gets from others. `common`: of the placement with itself. */
export function receives({ kind, axis, from, to }: Move, common: Common): readonly number[] {
  const { placement } = to.places;
  switch (kind) {
    case "slice":
    case "fill":
    case "relabel":
      return to.sizes.map(() => 0);
    case "all-gather":
    case "all-to-all":
      return missing(from, to, common);
    case "reduce-scatter": {
      const peers = axisSize(placement, axis) - 1;
      return to.sizes.map((count) => peers * count);
    }
    case "all-reduce": {
      const parts = axisSize(placement, axis);
      return to.sizes.map((count, member) => {
        const [lo, hi] = flatSlice(count, parts, coordinate(placement, member, axis));
        return (parts - 1) * (hi - lo) + (count - (hi - lo));
      });
    }
  }
}

/** Elements of each member's target that its rank does not hold before. */
function missing(from: Placed, to: Placed, common: Common): number[] {
  const shared = to.cuts.map((cut, dim) => common(from.cuts[dim]!, cut));
  return to.sizes.map((count, member) => {
    let held = 1;
    for (const table of shared) held *= table[member]!;
    return count - held;
  });
}

/** Elements of a 64-byte line of four-byte numbers. */
const line = 16;

/**
 * The part of a local block of `count` elements, in row-major order, that member `index` of `parts` reduces in an
 * all-reduce: a balanced split in lines of 16 elements, so that no two members write to one cache line; the last line
 * may be short. Flat, so that short dims do not unbalance it.
 */
export function flatSlice(count: number, parts: number, index: number): Interval {
  const [lo, hi] = balanced(Math.ceil(count / line), parts, index);
  return [Math.min(count, lo * line), Math.min(count, hi * line)];
}
