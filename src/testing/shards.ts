/** @file A whole tensor laid out over ranks, without any runtime, and read back from what they hold. */
import type { Layout } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { extents, type Region, region } from "../sbp/boxes.ts";
import { join, partials, partOf, splitAll } from "./partial.ts";
import { count, type Difference, difference, type Type, type Value } from "./value.ts";

/** Where a part of a tensor lies in it. */
export interface Place {
  readonly global: readonly number[];
  readonly region: Region;
}

/** What one rank holds of a tensor. */
export interface Local extends Value, Place {}

/** Flat global indices of a region, in local order. */
function indices(held: Region, shape: readonly number[]): number[] {
  const [first, ...rest] = held;
  if (!first) return [0];
  const inner = indices(rest, shape.slice(1));
  const stride = count(shape.slice(1));
  return first.flatMap(([lo, hi]) =>
    Array.from({ length: hi - lo }, (_, i) => lo + i).flatMap((at) => inner.map((i) => at * stride + i)),
  );
}

export const placesOf = ({ shape }: Pick<Type, "shape">, layout: Layout, mesh: PlacementData): Place[] =>
  mesh.ranks.map((_, member) => ({ global: shape, region: region(layout, shape, mesh, member) }));

/** What each member holds of a value under a layout; parts of a partial one are adversarial, some of them identities. */
export function scatter(value: Value, layout: Layout, mesh: PlacementData, random: () => number): Local[] {
  const parts = splitAll(value, partials(layout, mesh), random);
  return placesOf(value, layout, mesh).map((place, member) => {
    const source = parts[partOf(layout, mesh, member)]!;
    const data = Float64Array.from(indices(place.region, value.shape), (at) => source[at]!);
    return { ...place, shape: extents(place.region), dtype: value.dtype, data };
  });
}

export interface Collected {
  readonly value: Value;
  /** The largest difference between what should be copies, relative to 1 or more. */
  readonly apart: number;
  /** Where that is. */
  readonly torn: Difference;
}

/** The value that members hold between them. */
export function collect(locals: readonly Local[], layout: Layout, mesh: PlacementData): Collected {
  const { global: shape, dtype } = locals[0]!;
  /** By element the parts that members gave, by number of the part. */
  const found = Array.from({ length: count(shape) }, () => new Map<number, number>());
  let torn: Difference = { error: 0, at: 0, got: 0, wanted: 0 };
  locals.forEach(({ data, region }, member) => {
    const part = partOf(layout, mesh, member);
    indices(region, shape).forEach((at, k) => {
      const got = data[k]!;
      const wanted = found[at]!.get(part) ?? got;
      const error = found[at]!.has(part) ? difference(got, wanted) : 0;
      if (error > torn.error) torn = { error, at, got, wanted };
      found[at]!.set(part, got);
    });
  });
  const axes = partials(layout, mesh);
  const parts = axes.reduce((n, { size }) => n * size, 1);
  const data = Float64Array.from(found, (held) =>
    join(
      dtype,
      Array.from({ length: parts }, (_, part) => held.get(part) ?? Number.NaN),
      axes,
    ),
  );
  return { value: { shape, dtype, data }, apart: torn.error, torn };
}
