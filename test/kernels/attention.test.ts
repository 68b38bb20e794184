/** @file Attention of float32, which goes by blocks, against that of float64, which goes query by query. */
import { describe, expect, test } from "vitest";
import { Bench, draw, near, numbers } from "./harness.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

interface Heads {
  readonly B: number;
  readonly T: number;
  readonly U: number;
  readonly d: number;
  readonly e: number;
  readonly causal: boolean;
  readonly first: number;
}
const heads = (B: number, T: number, U: number, d: number, e: number, causal: boolean, first = U - T): Heads => ({
  B,
  T,
  U,
  d,
  e,
  causal,
  first,
});
const scale = 0.4;
const sizes = ({ B, T, U, d, e, causal, first }: Heads) => [1, B, T, U, d, e, Number(causal), first, scale];

/** An operand with its strides: heads one after the other, each with so many rows of a width, or their rows side by side. */
function strided(x: Bits, heads: number, width: number, together: boolean) {
  const rows = heads * width === 0 ? 0 : x.length / heads / width;
  return [x, 0, ...(together ? [width, heads * width] : [rows * width, width])];
}
type Bits = Float32Array | Float64Array;

/** Where element i of heads that lie one after the other is. */
function placeOf(i: number, length: number, heads: number, width: number, together: boolean): number {
  if (!together) return i;
  const rows = length / heads / width;
  const [row, column] = [Math.floor(i / width), i % width];
  return ((row % rows) * heads + Math.floor(row / rows)) * width + column;
}
function turned<T extends Bits>(x: T, heads: number, width: number, together: boolean): T {
  const y = x.slice() as T;
  for (let i = 0; i < x.length; i++) y[placeOf(i, x.length, heads, width, together)] = x[i]!;
  return y;
}

/** Queries, keys, values and the gradient of the output. */
function operands({ B, T, U, d, e }: Heads, seed: number) {
  const random = numbers(seed);
  return [B * T * d, B * U * d, B * U * e, B * T * e].map((n) => draw(random, n, 2)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
}

/** Output and gradients of q, k and v. `together`: in memory the rows of all heads lie side by side. */
function attend(
  h: Heads,
  [q, k, v, g]: ReturnType<typeof operands>,
  kind: "f32" | "f64" = "f32",
  skew = 0,
  together = false,
) {
  const bench = new Bench(skew);
  const suffix = kind === "f32" ? "" : "_f64";
  const { B, d, e } = h;
  const ins = (
    [
      [q, d],
      [k, d],
      [v, e],
      [g, e],
    ] as const
  ).map(([x, width]) => [bench[kind](turned(x, B, width, together)), width] as const);
  const outs = [h.B * h.T * e, q.length, k.length, v.length].map((n, i) => [bench[kind](n), [e, d, d, e][i]!] as const);
  const rows = (all: readonly (readonly [Bits, number])[]) =>
    all.flatMap(([x, width]) => strided(x, B, width, together)) as (number | Bits)[];
  bench.run(`attention${suffix}`, ...sizes(h), ...rows([...ins.slice(0, 3), outs[0]!]));
  bench.run(`attention_grad${suffix}`, ...sizes(h), ...rows([...ins, ...outs.slice(1)]));
  return outs.map(([x, width]) => x.slice().map((_, i) => x[placeOf(i, x.length, B, width, together)]!));
}

describe("the gradients and the output are those of doubles", () => {
  test.each([
    heads(3, 33, 33, 32, 32, true),
    heads(2, 67, 131, 13, 17, true),
    heads(2, 31, 45, 5, 3, false),
    heads(1, 150, 150, 64, 64, true),
    heads(1, 40, 20, 33, 31, true), // half of the queries see no key
    heads(1, 1, 300, 16, 50, false),
    heads(2, 9, 9, 1, 1, true),
    heads(1, 35, 1300, 7, 5, true), // more keys than are kept between the passes
    heads(1, 5, 7, 300, 4, true), // wider than goes by blocks
    heads(2, 40, 3, 0, 2, true),
  ])("%o", (h) => {
    const ins = operands(h, h.T + h.d);
    const want = attend(h, ins, "f64");
    for (const skew of [0, 1, 7]) for (const [i, x] of attend(h, ins, "f32", skew).entries()) near(x, want[i]!, 3e-6);
  });
});

test.each([
  heads(3, 37, 37, 11, 9, true),
  heads(2, 67, 131, 13, 17, true),
  heads(4, 128, 128, 32, 32, true),
  heads(2, 5, 7, 300, 4, true),
])("the bits are the same when the rows of all heads lie side by side: %o", (h) => {
  const ins = operands(h, h.T);
  expect(attend(h, ins, "f32", 3, true)).toEqual(attend(h, ins));
  expect(attend(h, ins, "f64", 0, true)).toEqual(attend(h, ins, "f64"));
});

test("a query has the same bits whatever queries stand beside it", () => {
  const whole = heads(1, 90, 140, 20, 24, true);
  const [q, k, v, g] = operands(whole, 5);
  const [o, dq] = attend(whole, [q, k, v, g]);
  for (const [from, to] of [
    [0, 1],
    [1, 40],
    [31, 33],
    [50, 90],
  ] as const) {
    const some = heads(1, to - from, 140, 20, 24, true, whole.first + from);
    const part = attend(some, [q.slice(from * 20, to * 20), k, v, g.slice(from * 24, to * 24)]);
    expect(part[0]).toEqual(o!.slice(from * 24, to * 24));
    expect(part[1]).toEqual(dq!.slice(from * 20, to * 20));
  }
});

test("a head has the same bits alone and among others", () => {
  const three = heads(3, 37, 37, 11, 9, true);
  const ins = operands(three, 6);
  const all = attend(three, ins);
  for (const b of [0, 1, 2]) {
    const of = <T extends Float32Array | Float64Array>(x: T) => x.slice((b * x.length) / 3, ((b + 1) * x.length) / 3);
    const alone = attend(heads(1, 37, 37, 11, 9, true), ins.map(of) as ReturnType<typeof operands>);
    expect(alone).toEqual(all.map(of));
  }
});

describe("what is not finite", () => {
  const h = heads(1, 40, 40, 8, 8, true);
  test.each([nan, inf, -inf])("%d in a value reaches the queries that see it, and no other", (odd) => {
    const [q, k, v, g] = operands(h, 7);
    const [want] = attend(h, [q, k, v, g], "f64");
    v[20 * 8 + 3] = odd;
    const [o] = attend(h, [q, k, v, g]);
    near(o!.slice(0, 20 * 8), want!.slice(0, 20 * 8), 1e-6);
    for (let i = 20; i < 40; i++) expect(o![i * 8 + 3]).toEqual(odd);
  });
  test.each([nan, inf])("%d in a query is NaN in its row, and in the gradients of the keys it sees", (odd) => {
    const [q, k, v, g] = operands(h, 8);
    q[10 * 8] = odd;
    const [o, dq, dk, dv] = attend(h, [q, k, v, g]);
    for (let i = 0; i < 40; i++) {
      expect([i, Number.isNaN(o![i * 8])]).toEqual([i, i === 10]);
      expect([i, Number.isNaN(dq![i * 8 + 1])]).toEqual([i, i === 10]);
      expect([i, Number.isNaN(dk![i * 8 + 1])]).toEqual([i, i <= 10]);
      expect([i, Number.isNaN(dv![i * 8 + 1])]).toEqual([i, i <= 10]);
    }
  });
  test("a score that overflows to −∞ weighs nothing, one of +∞ gives NaN", () => {
    const two = heads(1, 1, 2, 1, 1, false);
    const at = (key: number) =>
      attend(two, [[1e30], [key, 0], [5, 7], [1]].map((x) => new Float32Array(x)) as ReturnType<typeof operands>)[0];
    expect(at(-1e30)).toEqual(new Float32Array([7]));
    expect(at(1e30)).toEqual(new Float32Array([nan]));
  });
});
