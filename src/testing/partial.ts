/** @file Partial values: adversarial parts whose reduction a tensor is, over any number of mesh axes, and back. */
import { boundsOf, type DType, isInteger } from "../ir/dtype.ts";
import type { Layout } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { coordinate } from "../sbp/mesh.ts";
import { monoid } from "../sbp/monoid.ts";
import type { Value } from "./value.ts";

/** The partial axes of a layout, outermost first: the value is the outermost reduction of those inside it. */
export type Partials = readonly { readonly axis: string; readonly monoid: string; readonly size: number }[];

export const partials = (layout: Layout, mesh: PlacementData): Partials =>
  layout.flatMap(([axis, sbp]) =>
    sbp.kind === "P" ? [{ axis, monoid: sbp.monoid, size: mesh.axes.find(({ name }) => name === axis)!.size }] : [],
  );

/** Which part of a partial value a member holds. */
export const partOf = (layout: Layout, mesh: PlacementData, member: number): number =>
  partials(layout, mesh).reduce((at, { axis, size }) => at * size + coordinate(mesh, member, axis), 0);

/** Parts by number, for all partial axes. */
export function splitAll(value: Value, [outer, ...inner]: Partials, random: () => number): Float64Array[] {
  if (!outer) return [value.data];
  const parts = split(value, outer.monoid, outer.size, random);
  return parts.flatMap((data) => splitAll({ ...value, data }, inner, random));
}

/**
 * A number as its dtype holds it: integers of 32 bits wrap, those of 64 are never so large here. What is no number stays:
 * it is an element that nobody wrote.
 */
function held(dtype: DType, x: number): number {
  if (dtype !== "int32" || Number.isNaN(x)) return x;
  const [least, most] = boundsOf(dtype);
  return Number.isFinite(x) ? x | 0 : Math.min(Math.max(x, least), most);
}

/** The value of parts by number; undoes `splitAll`. */
export function join(dtype: DType, parts: readonly number[], [outer, ...inner]: Partials): number {
  if (!outer) return parts[0] ?? Number.NaN;
  const each = parts.length / outer.size;
  const { combine } = monoid(outer.monoid);
  const values = Array.from({ length: outer.size }, (_, i) =>
    join(dtype, parts.slice(i * each, (i + 1) * each), inner),
  );
  return held(dtype, values.reduce(combine));
}

/**
 * Parts of a value whose reduction it is, with mixed signs. Some are the identity, as those of an empty shard are, or of a
 * split that became partial by padding.
 */
function split(value: Value, name: string, parts: number, random: () => number): Float64Array[] {
  const { identity } = monoid(name);
  const all = Array.from({ length: parts }, () => new Float64Array(value.data.length));
  value.data.forEach((x, i) => {
    const holder = Math.floor(random() * parts);
    let sum = 0;
    all.forEach((part, k) => {
      const noise = isInteger(value.dtype) ? Math.round(random() * 9) : random() * 4;
      const nothing = identity(value.dtype);
      const other = { sum: noise - 2, max: Math.max(x - noise, nothing), min: Math.min(x + noise, nothing) }[name]!;
      part[i] = random() < 0.2 ? nothing : other;
      if (k !== holder) sum += part[i]!;
    });
    all[holder]![i] = name === "sum" ? held(value.dtype, x - sum) : x;
  });
  return all;
}
