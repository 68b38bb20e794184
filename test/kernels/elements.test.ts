/** @file Kernels of elements and ids where it matters: the ends of the range, NaN, equals, ids that are not there. */
import { expect, test } from "vitest";
import { Bench, draw, near, numbers } from "./harness.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const values = [nan, inf, -inf, 0, -0, 1e-20, -1e-6, 0.1, 0.624, 0.626, -3, 20, 88, -88, 100, -100, 3e38];

test.each([
  ["log", 4, Math.log, 1.2e-7],
  ["tanh", 8, Math.tanh, 2e-7],
  ["sigmoid", 9, (x: number) => 1 / (1 + Math.exp(-x)), 4e-7],
  ["abs", 6, Math.abs, 0],
  ["sign", 10, Math.sign, 0],
  ["reciprocal", 11, (x: number) => 1 / x, 1e-7],
] as const)("%s over the whole range", (name, op, f, relative) => {
  const bench = new Bench(1);
  const x = bench.f32([...values, ...draw(numbers(3), 200, 8)]);
  const y = bench.f32(x.length);
  bench.run("unary", op, x.length, x, y);
  x.forEach((v, i) => {
    const want = Math.fround(f(v));
    const least = 1.2e-38; // below it floats lose digits, or all
    if (Number.isFinite(want))
      expect(Math.abs(y[i]! - want), `${name}(${v}) is ${y[i]}`).toBeLessThanOrEqual(Math.abs(want) * relative + least);
    else expect(y[i], `${name}(${v})`).toBe(want);
  });
});

test("powers, whole and others", () => {
  const bench = new Bench();
  const x = bench.f32(values);
  const y = bench.f32(values.length);
  for (const exponent of [0, 1, 2, 3, -1, -2, 7, 0.5, -0.5, 2.5, 1 / 3, 1e7, -1e7]) {
    bench.run("power", values.length, exponent, x, y);
    x.forEach((v, i) => {
      const whole = Number.isInteger(exponent) && Math.abs(exponent) < 1e6;
      const want = Math.fround(v < 0 && !whole ? nan : v ** exponent);
      if (Number.isFinite(want))
        expect(Math.abs(y[i]! - want), `${v} ** ${exponent} is ${y[i]}`).toBeLessThanOrEqual(
          Math.abs(want) * 2e-7 + 1e-44,
        );
      else expect(y[i], `${v} ** ${exponent}`).toBe(want);
    });
  }
});

test("gelu and its slope", () => {
  const bench = new Bench(2);
  const x = bench.f32([0, -0, 30, -30, 100, -100, ...draw(numbers(5), 100, 6)]);
  const [y, slope, one] = [bench.f32(x.length), bench.f32(x.length), bench.f32(x.map(() => 1))];
  bench.run("unary", 12, x.length, x, y);
  bench.run("gelu_grad", x.length, x, one, slope);
  const gelu = (v: number) => (v / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
  near(y, Float64Array.from(x, gelu), 1e-6);
  near(
    slope,
    Float64Array.from(x, (v) => (gelu(v + 1e-5) - gelu(v - 1e-5)) / 2e-5),
    2e-6,
  );
});

test("clamp keeps NaN, its gradient passes on the bounds", () => {
  const bench = new Bench();
  const x = bench.f32([nan, inf, -inf, -1, 0.5, 1, 2]);
  const y = bench.f32(7);
  bench.run("clamp", 7, -1, 1, x, y);
  expect([...y]).toEqual([nan, 1, -1, -1, 0.5, 1, 1]);
  bench.run("clamp_grad", 7, -1, 1, x, bench.f32([1, 2, 3, 4, 5, 6, 7]), y);
  expect([...y]).toEqual([0, 0, 0, 4, 5, 6, 0]);
});

test("ids that are not there read zeros and are not added, the ends of int32 too", () => {
  const bench = new Bench(1);
  const ids = bench.i32([5, 4, 7, -1, 2147483647, -2147483648, 5]);
  const table = bench.f32([1, 2, 3, 4]); // rows 4 and 5
  const rows = bench.f32(14);
  bench.run("gather", 4, 1, 2, 2, 7, 4, table, ids, rows);
  expect([...rows]).toEqual([3, 4, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4]);
  const sums = bench.f32(4);
  bench.run("scatter_add", 1, 2, 2, 7, 4, bench.f32(Array.from({ length: 14 }, (_, i) => i)), ids, sums);
  expect([...sums]).toEqual([2, 3, 12, 14]);
  const hot = bench.f32(14);
  bench.run("one_hot", 7, 2, 4, ids, hot);
  expect([...hot]).toEqual([0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  const taken = bench.f32(7);
  bench.run("take_along", 4, 1, 4, 1, 7, 4, table, ids, taken);
  expect([...taken]).toEqual([2, 1, 4, 0, 0, 0, 2]);
  bench.run("add_along", 1, 4, 1, 7, 4, bench.f32([1, 2, 3, 4, 5, 6, 7]), ids, table);
  expect([...table]).toEqual([2, 8, 0, 3]);
  bench.run("gather", 4, 3, 0, 2, 2, 0, bench.f32(0), bench.i32([0, 1]), bench.f32(12)); // no rows at all
});

test("top k: NaN first, then falling, the first of equals first", () => {
  const bench = new Bench();
  const x = bench.f32([1, nan, 3, 3, -inf, nan, 3, inf]);
  const [top, at] = [bench.f32(8), bench.i32(8)];
  bench.run("top_k", 1, 8, 1, 8, x, top, at);
  expect([...top]).toEqual([nan, nan, inf, 3, 3, 3, 1, -inf]);
  expect([...at]).toEqual([1, 5, 7, 2, 3, 6, 0, 4]);
});
