/**
 * @file How one tensor dim is cut over a mesh: for each member the global intervals that it holds. Dims are cut on their
 * own, and few cuts are different (16 for three axes), so a planner that looks at hundreds of layouts asks for each cut
 * once, and finds what two layouts have in common by multiplying small tables, dim by dim.
 */
import type { Layout, Partition } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { cut, type Interval, length, misfit, pieces } from "./boxes.ts";
import { Cache } from "./cache.ts";
import { axisSize, coordinate } from "./mesh.ts";

export interface Cut {
  /** Of its own among the cuts of one dim that are compared. */
  readonly id: number;
  /** By member, in local order; members that hold the same share one list. */
  readonly lists: readonly (readonly Interval[])[];
  /** By member. */
  readonly lengths: readonly number[];
  /** By member, the number of its list. */
  readonly numbers: readonly number[];
}

/** One axis that cuts the dim, outermost first. */
type Blade = readonly [axis: string, part: Partition | undefined];

/** Cuts of one dim of an extent over one placement, each made once. Undefined: a partition by hand does not fit. */
export function cutter(extent: number, placement: PlacementData, ids: () => number) {
  const known = new Cache<Cut | undefined>();
  return (layout: Layout, dim: number): Cut | undefined => {
    const blades: Blade[] = [];
    let key = "";
    for (const [axis, sbp] of layout)
      if (sbp.kind === "S" && sbp.dim === dim) {
        blades.push([axis, sbp.part]);
        key += sbp.part ? `${axis}:${JSON.stringify(sbp.part)} ` : `${axis} `;
      }
    return known.get(key, () => {
      const lists = listsOf(extent, placement, blades);
      if (!lists) return undefined;
      const each = [...new Set(lists)];
      const numbers = lists.map((list) => each.indexOf(list));
      return { id: ids(), lists, lengths: lists.map(length), numbers };
    });
  };
}

/** Axis after axis, each on what those before it have left: once for each tuple of coordinates, not for each member. */
function listsOf(extent: number, placement: PlacementData, blades: readonly Blade[]) {
  let classes: (readonly Interval[])[] = [extent > 0 ? [[0, extent]] : []];
  for (const [axis, part] of blades) {
    const parts = axisSize(placement, axis);
    const finer: (readonly Interval[])[] = [];
    for (const list of classes) {
      const local = length(list);
      if (part && misfit(local, parts, part)) return undefined;
      for (let i = 0; i < parts; i++) finer.push(pieces(local, parts, i, part).flatMap((piece) => cut(list, piece)));
    }
    classes = finer;
  }
  return placement.ranks.map((_, member) => {
    let index = 0;
    for (const [axis] of blades) index = index * axisSize(placement, axis) + coordinate(placement, member, axis);
    return classes[index]!;
  });
}

/** Elements that two lists have in common. */
function common(a: readonly Interval[], b: readonly Interval[]): number {
  let n = 0;
  for (const [lo, hi] of a) for (const [u, v] of b) n += Math.max(0, Math.min(hi, v) - Math.max(lo, u));
  return n;
}

/** By pair of cuts: for each member of the second, what it has in common with some members of the first. */
export type Common = (a: Cut, b: Cut) => readonly number[];

/** `sources`: those members of the first mesh, by member of the second. */
export function commonTable(sources: readonly (readonly number[])[]): Common {
  const known: (readonly number[])[][] = [];
  return (a, b) => {
    known[a.id] ??= [];
    const row = known[a.id]!;
    row[b.id] ??= sources.map((members, target) => {
      // Lists of one cut are the same or have nothing in common.
      let n = 0;
      for (const list of new Set(members.map((member) => a.lists[member]!))) n += common(list, b.lists[target]!);
      return n;
    });
    return row[b.id]!;
  };
}
