/**
 * @file Layouts of one tensor on one placement, as the planner sees them: canonical, each one object, with what it gives
 * to each member. And all of them over an alphabet of SBPs.
 */
import type { Layout, Sbp } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { Cache } from "./cache.ts";
import { canonical, keyOf, orderMatters } from "./canonical.ts";
import { type Cut, cutter } from "./cuts.ts";
import { axisSize, coordinate } from "./mesh.ts";

export interface Placed {
  /** Of its own among all that one search looks at. */
  readonly id: number;
  readonly places: Places;
  readonly layout: Layout;
  readonly key: string;
  /** By tensor dim. */
  readonly cuts: readonly Cut[];
  /** Elements, by member. */
  readonly sizes: readonly number[];
  /** By member; the same number for the same elements. */
  readonly regions: readonly number[];
  /** The largest of `sizes`. */
  readonly largest: number;
  /** Monoids of its P axes, each once. */
  readonly monoids: readonly string[];
  readonly parts: Contributions;
}

/** A partial value as its members hold it: the P axes, outermost first, and the number of each member's part. */
export interface Contributions {
  readonly axes: readonly { readonly monoid: string; readonly size: number }[];
  readonly of: readonly number[];
  /** 1 for a value that is not partial. */
  readonly count: number;
  /** Members that would hold the same, were it not partial: one of each contribution. */
  readonly alike: readonly (readonly number[])[];
}

/** The layouts of a tensor on one placement. */
export interface Places {
  readonly placement: PlacementData;
  readonly shape: readonly number[];
  /** Undefined when one of its partitions does not fit. */
  place(layout: Layout): Placed | undefined;
  /** Every layout over the alphabet; orders that mean the same count once. */
  all(): readonly Placed[];
}

export function placesOf(
  placement: PlacementData,
  shape: readonly number[],
  alphabet: readonly Sbp[],
  ids: () => number,
): Places {
  let made = 0;
  const cutters = shape.map((extent) => cutter(extent, placement, () => made++));
  const known = new Cache<Placed | undefined>();
  const ranks = placement.ranks.length;
  const whole = contributions([], placement);
  let all: readonly Placed[] | undefined;
  const partial = new Cache<Contributions>();
  const put = (layout: Layout): Placed | undefined => {
    const key = keyOf(layout);
    return known.get(key, () => {
      const cuts: Cut[] = [];
      for (const [dim, cutBy] of cutters.entries()) {
        const cut = cutBy(layout, dim);
        if (!cut) return undefined;
        cuts.push(cut);
      }
      const [sizes, regions] = [new Array<number>(ranks).fill(1), new Array<number>(ranks).fill(0)];
      for (const { lengths, numbers } of cuts)
        for (let member = 0; member < ranks; member++) {
          sizes[member]! *= lengths[member]!;
          regions[member] = regions[member]! * ranks + numbers[member]!;
        }
      const sums = layout.filter(([, { kind }]) => kind === "P");
      const parts = sums.length > 0 ? partial.get(keyOf(sums), () => contributions(sums, placement)) : whole;
      const monoids = [...new Set(parts.axes.map(({ monoid }) => monoid))];
      return { id: ids(), places, layout, key, cuts, sizes, regions, largest: Math.max(0, ...sizes), monoids, parts };
    });
  };
  const places: Places = {
    placement,
    shape,
    place: (layout) => put(canonical(layout, placement)),
    all: () => {
      all ??= layouts(placement, alphabet).flatMap((layout) => put(layout) ?? []);
      return all;
    },
  };
  return places;
}

/** All canonical layouts over an alphabet, the least cut first. */
function layouts({ axes }: PlacementData, alphabet: readonly Sbp[]): Layout[] {
  const sbps = alphabet.filter(({ kind }) => kind !== "B");
  const found: (readonly (readonly [axis: number, sbp: Sbp])[])[] = [[]];
  for (let at = 0; at < found.length; at++) {
    const before = found[at]!;
    for (const [axis, { size }] of axes.entries()) {
      if (size === 1 || before.some(([taken]) => taken === axis)) continue;
      // Canonical: an axis comes after a later one of the mesh only where something from there on holds it back.
      const later = before.findLastIndex(([other]) => other > axis);
      for (const sbp of sbps)
        if (later < 0 || before.slice(later).some(([, other]) => orderMatters(other, sbp)))
          found.push([...before, [axis, sbp]]);
    }
  }
  return found.map((entries) => entries.map(([axis, sbp]) => [axes[axis]!.name, sbp] as const));
}

function contributions(layout: Layout, placement: PlacementData): Contributions {
  const axes = layout.flatMap(([axis, sbp]) =>
    sbp.kind === "P" ? [{ axis, monoid: sbp.monoid, size: axisSize(placement, axis) }] : [],
  );
  const of = placement.ranks.map((_, member) =>
    axes.reduce((n, { axis, size }) => n * size + coordinate(placement, member, axis), 0),
  );
  const alike = new Map<string, number[]>();
  for (const member of placement.ranks.keys()) {
    const others = placement.axes.filter(({ name }) => !axes.some(({ axis }) => axis === name));
    const key = others.map(({ name }) => coordinate(placement, member, name)).join();
    const known = alike.get(key);
    if (known) known.push(member);
    else alike.set(key, [member]);
  }
  return { axes, of, count: axes.reduce((n, { size }) => n * size, 1), alike: [...alike.values()] };
}
