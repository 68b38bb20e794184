/**
 * @file A tensor on two ranks: cut up by a layout, and put together again. Parts of partial values are such that they
 * give the value back exactly in every dtype, so that what differs afterwards is the op's doing.
 */
import type { Layout } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import { extents, type Region, region } from "../../src/sbp/boxes.ts";
import { monoid } from "../../src/sbp/monoid.ts";
import type { Value } from "../graph/oracle.ts";

/** What one rank holds. */
export interface Shard extends Value {
  readonly region: Region;
}

/** Flat indices of a region in the whole tensor, in the shard's order. */
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

/** The monoid of the layout's partial axis; null where there is none. */
export const partial = (layout: Layout): string | null =>
  layout.map(([, sbp]) => (sbp.kind === "P" ? sbp.monoid : null)).find((name) => name !== null) ?? null;

/** Two numbers whose reduction is x, of several kinds by turns. */
function parts(x: number, name: string, i: number, dtype: Value["dtype"]): readonly [number, number] {
  const identity = monoid(name).identity(dtype);
  if (name !== "sum") {
    const further = x + (name === "max" ? -1 : 1) * (Number.isFinite(x) ? Math.ceil(Math.abs(x)) : 0);
    const other = [further, identity, x][i % 3]!;
    return i % 2 ? [x, other] : [other, x];
  }
  if (x === 0) return [[0, 0] as const, [1, -1] as const, [-2, 2] as const][i % 3]!;
  if (!Number.isFinite(x) || Math.abs(2 * x) > 2 ** 30) return i % 2 ? [x, 0] : [0, x];
  return (
    [
      [2 * x, -x],
      [-x, 2 * x],
      [x, 0],
      [0, x],
    ] as const
  )[i % 4]!;
}

/** Shards of this layout with nothing in them. */
export const empty = ({ shape, dtype }: Omit<Value, "data">, layout: Layout, mesh: PlacementData): Shard[] =>
  mesh.ranks.map((_, member) => {
    const held = region(layout, shape, mesh, member);
    const own = extents(held);
    return { shape: own, dtype, data: new Float64Array(own.reduce((a, b) => a * b, 1)).fill(Number.NaN), region: held };
  });

export function scatter(value: Value, layout: Layout, mesh: PlacementData): Shard[] {
  const { shape, dtype } = value;
  const name = partial(layout);
  return mesh.ranks.map((_, member) => {
    const held = region(layout, shape, mesh, member);
    const part = (at: number, i: number) => (name ? parts(value.data[at]!, name, i, dtype)[member]! : value.data[at]!);
    return { shape: extents(held), dtype, data: Float64Array.from(indices(held, shape), part), region: held };
  });
}

/**
 * Puts shards together; `differ` is told of an element that two ranks hold a copy of, but not the same.
 */
export function assemble(
  shards: readonly Shard[],
  shape: readonly number[],
  layout: Layout,
  differ: (at: number) => void,
) {
  const name = partial(layout);
  const combine = name === null ? null : monoid(name).combine;
  const length = shape.reduce((a, b) => a * b, 1);
  const [data, known] = [new Float64Array(length).fill(Number.NaN), new Uint8Array(length)];
  for (const shard of shards)
    indices(shard.region, shape).forEach((at, i) => {
      const x = shard.data[i]!;
      if (known[at] && combine) data[at] = combine(data[at]!, x);
      else if (known[at] && !Object.is(x + 0, data[at]! + 0)) differ(at);
      else data[at] = x;
      known[at] = 1;
    });
  return data;
}
