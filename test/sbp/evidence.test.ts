/** @file What the public tables leave out, said by name: dtypes, degenerate dims, splits by hand, orders, one answer. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DType, itemSize } from "../../src/ir/dtype.ts";
import { B, P, S, type Sbp } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import { planBoxing } from "../../src/sbp/boxing.ts";
import { monoid } from "../../src/sbp/monoid.ts";
import { execute, scatter } from "./support/arrays.ts";
import { anyPair, generator, layoutOn, mesh, product, tuples, zigzag } from "./support/meshes.ts";
import { bytes, check, models } from "./support/plans.ts";

const side = (placement: PlacementData, sbps: readonly Sbp[], order?: readonly number[]) => ({
  placement,
  layout: layoutOn(placement, sbps, order),
});
const square = mesh([2, 2]);
const cube = mesh([2, 2, 2]);
const others = mesh([3], [1, 2, 5]);

test("every dtype: each pair of layouts that it has, by the same elements", () => {
  const moved = new Map<string, number>();
  for (const dtype of Object.keys(itemSize) as DType[]) {
    const sbps = [S(0), S(1), B, ...["sum", "max", "min"].filter((m) => monoid(m).dtypes.includes(dtype)).map(P)];
    for (const [a, b] of tuples(sbps, 2))
      for (const target of [mesh([2]), others]) {
        const plan = planBoxing(
          { shape: [6, 5], dtype, from: side(mesh([2]), [a!]), to: side(target, [b!]) },
          bytes, // the cheapest by time may be another for another size of elements
        );
        const key = `${JSON.stringify([a, b])} ${target.ranks.length}`;
        const elements = plan.bytes / itemSize[dtype];
        expect(elements, `${dtype} ${plan.text}`).toBe(moved.get(key) ?? elements);
        moved.set(key, elements);
      }
  }
  expect(moved.size).toBe(36 * 2);
});

test.each([[[]], [[1]], [[0]], [[1, 1]], [[0, 5]], [[1, 7]], [[7, 1, 0]]])("empty and size-1 dims: %j", (shape) => {
  const sbps = [...shape.map((_, dim) => S(dim)), B, P(), P("max")];
  for (const from of tuples(sbps, 2))
    for (const to of sbps) {
      check({ shape, from: side(square, from), to: side(others, [to]) });
      check({ shape, from: side(others, [to]), to: side(square, from) });
      check({ shape, from: side(square, from), to: side(square, [to, B]) });
    }
});

test("zigzag and sizes by hand at either end, to the same, overlapping and other ranks", () => {
  const byHand = [
    [S(0, zigzag(2)), S(1)],
    [S(0, zigzag(2)), S(0)],
    [S(0, { sizes: [2, 9] }), B],
    [S(0, { sizes: [0, 11] }), P()],
    [P("max"), S(0, zigzag(2))],
  ];
  const away = mesh([2, 2], [2, 3, 8, 9]);
  for (const mine of byHand)
    for (const [on, its] of [
      [square, [S(0), S(1)]],
      [square, [S(0, { sizes: [7, 4] }), B]],
      [away, [B, S(0)]],
      [away, [S(0, zigzag(2)), P()]],
      [away, [P("min"), P("min")]],
      [others, [S(0, zigzag(3))]],
      [others, [S(0, { sizes: [1, 0, 10] })]],
    ] as const) {
      check({ shape: [11, 3], from: side(square, mine), to: side(on, its) });
      check({ shape: [11, 3], from: side(on, its), to: side(square, mine) });
    }
});

test("one dim split by two or three axes of three, in any order, from and to a partial value and other ranks", () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const away = mesh([2, 2, 2], [7, 5, 3, 1, 10, 8, 6, 4]);
  for (const order of orders)
    for (const third of [S(0), S(1), P(), B]) {
      const split = side(cube, [S(0), third, S(0)], order);
      for (const target of [
        side(away, [S(0), S(0), S(0)], order.toReversed()),
        side(cube, [S(0), S(0), P("max")], order),
      ]) {
        check({ shape: [13, 3], from: split, to: target });
        check({ shape: [13, 3], from: target, to: split });
      }
    }
});

test("a counter that forgets a rank does not agree with a transfer either", () => {
  const target = side(others, [B]);
  const from = side(square, [S(0), S(1)]);
  const plan = planBoxing({ shape: [8, 8], dtype: "float32", from, to: target }, bytes);
  const [step] = plan.steps;
  expect(step!.kind).toBe("p2p");
  const tensor = scatter(new Array(product([8, 8])).fill(1), [8, 8], square, from.layout, generator(1));
  expect(execute(step!, tensor).received).toEqual(step!.received);
  for (const blind of others.ranks.keys())
    expect(execute(step!, tensor, { blind }).received).not.toEqual(step!.received);
});

test("one answer and one line of text, whatever was planned before", () => {
  const requests = fc.sample(anyPair, { numRuns: 150, seed: 12 });
  for (const model of models) {
    const texts = (order: typeof requests) => {
      const fresh = { ...model };
      return order.map((pair) => planBoxing({ ...pair, dtype: "float32" }, fresh).text);
    };
    const forwards = texts(requests);
    expect(texts(requests.toReversed()).toReversed()).toEqual(forwards);
    for (const text of forwards) expect(text).toMatch(/^[^\n]+$/);
  }
});
