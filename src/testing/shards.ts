/** @file A whole tensor laid out over ranks, without any runtime, and read back from what they hold. */
import { isFloat } from "../ir/dtype.ts";
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

/** Flat indices of a region in the whole tensor, in local order. */
function indices(held: Region, shape: readonly number[]): Int32Array {
  let found = Int32Array.of(0);
  held.forEach((intervals, dim) => {
    const at = intervals.flatMap(([lo, hi]) => Array.from({ length: hi - lo }, (_, i) => lo + i));
    const [outer, extent] = [found, shape[dim]!];
    found = new Int32Array(outer.length * at.length);
    outer.forEach((base, i) => {
      at.forEach((k, j) => {
        found[i * at.length + j] = base * extent + k;
      });
    });
  });
  return found;
}

export const placesOf = ({ shape }: Pick<Type, "shape">, layout: Layout, mesh: PlacementData): Place[] =>
  mesh.ranks.map((_, member) => ({ global: shape, region: region(layout, shape, mesh, member) }));

/** What each member holds of a tensor under a layout, given its parts by number: one where nothing is partial. */
export function deal(type: Type, parts: readonly Float64Array[], layout: Layout, mesh: PlacementData): Local[] {
  const { shape, dtype } = type;
  return placesOf(type, layout, mesh).map((place, member) => {
    const source = parts[partOf(layout, mesh, member)]!;
    const data = Float64Array.from(indices(place.region, shape), (at) => source[at]!);
    return { ...place, shape: extents(place.region), dtype, data };
  });
}

/** What each member holds of a value under a layout; parts of a partial one are adversarial, some of them identities. */
export const scatter = (value: Value, layout: Layout, mesh: PlacementData, random: () => number): Local[] =>
  deal(value, splitAll(value, partials(layout, mesh), random), layout, mesh);

export interface Collected {
  /** NaN where nobody holds an element. */
  readonly value: Value;
  /** Where what should be copies differs most. */
  readonly torn: Difference;
}

/** The value that members hold between them. */
export function collect(locals: readonly Local[], layout: Layout, mesh: PlacementData): Collected {
  const { global: shape, dtype } = locals[0]!;
  const axes = partials(layout, mesh);
  const length = count(shape);
  const parts = Array.from({ length: count(axes.map(({ size }) => size)) }, () => ({
    data: new Float64Array(length).fill(Number.NaN),
    known: new Uint8Array(length),
  }));
  let torn: Difference = { error: 0, at: 0, got: 0, wanted: 0 };
  locals.forEach(({ data: local, region }, member) => {
    const { data, known } = parts[partOf(layout, mesh, member)]!;
    indices(region, shape).forEach((at, k) => {
      const [got, wanted] = [local[k]!, data[at]!];
      const error =
        known[at] && !Object.is(got, wanted)
          ? difference(got, wanted, isFloat(dtype) ? Math.max(1, Math.abs(wanted)) : 0)
          : 0;
      if (error > torn.error) torn = { error, at, got, wanted };
      data[at] = got;
      known[at] = 1;
    });
  });
  const joined = (_: number, at: number) =>
    join(
      dtype,
      parts.map(({ data }) => data[at]!),
      axes,
    );
  return { value: { shape, dtype, data: Float64Array.from({ length }, joined) }, torn };
}
