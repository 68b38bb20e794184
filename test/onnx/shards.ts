/**
 * @file A tensor cut up by a layout for two ranks. Parts of partial values are such that they give the value back exactly
 * in every dtype, so that what differs afterwards is the op's doing.
 */
import type { Layout } from "../../src/ir/layout.ts";
import { monoid } from "../../src/sbp/monoid.ts";
import { deal, type Local } from "../../src/testing/shards.ts";
import type { Value } from "../../src/testing/value.ts";
import { mesh } from "./build.ts";

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

export function scatter(value: Value, layout: Layout): Local[] {
  const name = partial(layout);
  const pairs = name === null ? null : Array.from(value.data, (x, i) => parts(x, name, i, value.dtype));
  const all = pairs ? [0, 1].map((k) => Float64Array.from(pairs, (pair) => pair[k]!)) : [value.data];
  return deal(value, all, layout, mesh.data);
}
