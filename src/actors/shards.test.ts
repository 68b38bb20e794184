import fc from "fast-check";
import { expect, test } from "vitest";
import type { DType, TypedArrays } from "../ir/dtype.ts";
import { type Layout, P, S } from "../ir/layout.ts";
import { allocate, gather, type Laid, scatter, shardMap } from "./shards.ts";

const mesh = (a: number, b: number) => ({
  device: "cpu",
  axes: [
    { name: "a", size: a },
    { name: "b", size: b },
  ],
  ranks: Array.from({ length: a * b }, (_, i) => i),
});

const sbp = fc.constantFrom("S(0)", "S(1)", "B", "P(sum)", "P(max)");
const anyLayout = fc.tuple(sbp, sbp, fc.boolean()).map(([a, b, turned]): Layout => {
  const of = { "S(0)": S(0), "S(1)": S(1), "P(sum)": P("sum"), "P(max)": P("max") } as const;
  const entries = [["a", a] as const, ["b", b] as const].flatMap(([axis, text]) =>
    text === "B" ? [] : [[axis, of[text]] as const],
  );
  return turned ? entries.reverse() : entries;
});
const anyCase = fc.record({
  shape: fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 20 })),
  sizes: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  layout: anyLayout,
  dtype: fc.constantFrom<DType>("float32", "int32"),
});

test("what is scattered is gathered again, under every layout", () => {
  fc.assert(
    fc.property(anyCase, ({ shape, sizes, layout, dtype }) => {
      const placement = mesh(...sizes);
      const map = shardMap({ shape, dtype, layout }, placement);
      const elements = shape.reduce((x, y) => x * y, 1);
      const whole = allocate(dtype, elements);
      for (let i = 0; i < elements; i++) whole[i] = i + 1;
      const store = new Map<number, TypedArrays[DType]>();
      const view = (rank: number, n: number) => {
        const known = store.get(rank) ?? allocate(dtype, n);
        expect(known.length).toBe(n);
        store.set(rank, known);
        return known;
      };
      scatter(map, whole, view);
      expect(gather(map, view)).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

test("partial values are combined in rank order, by their monoid, replicas counted once", () => {
  const placement = mesh(3, 2);
  const laid: Laid = { shape: [2], dtype: "float32", layout: [["a", P("sum")]] };
  const map = shardMap(laid, placement);
  const values = [
    [1e8, 1],
    [0, 0],
    [1, 2],
    [0, 0],
    [-1e8, 3],
    [0, 0],
  ];
  const view = (rank: number) => Float32Array.from(values[rank]!);
  // (1e8 + 1) − 1e8 in float32, in this order, is 0.
  expect([...gather(map, view)]).toEqual([0, 6]);
});

test("two monoids nest, the outermost axis last", () => {
  const placement = mesh(2, 2);
  const view = (rank: number) => Int32Array.of([1, 5, 2, 3][rank]!);
  const of = (layout: Layout) => gather(shardMap({ shape: [], dtype: "int32", layout }, placement), view)[0];
  expect(
    of([
      ["a", P("sum")],
      ["b", P("max")],
    ]),
  ).toBe(8); // max(1, 5) + max(2, 3)
  expect(
    of([
      ["b", P("max")],
      ["a", P("sum")],
    ]),
  ).toBe(8); // max(1 + 2, 5 + 3)
  expect(
    of([
      ["a", P("max")],
      ["b", P("sum")],
    ]),
  ).toBe(6); // max(1 + 5, 2 + 3)
});
