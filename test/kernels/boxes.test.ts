/** @file What moves data: copies, reductions, random fills; and that the bytes counted are those that crossed. */
import { describe, expect, test } from "vitest";
import { philox, seedKey } from "../../src/ir/philox.ts";
import { Bench, draw, near, numbers } from "./harness.ts";

/** Counters for two ranks whose regions meet at `border`. */
const counters = (bench: Bench, self: number, border: number) => bench.f64([2, self, 0, border, 2 ** 32, 0, 0, 0, 0]);
const counted = (traffic: Float64Array) => ({
  pulled: [...traffic.subarray(5, 7)],
  pushed: [...traffic.subarray(7, 9)],
});

test("copy_box copies a box, whatever its strides, and counts what it pulled", () => {
  const bench = new Bench(1);
  const theirs = bench.f32(Array.from({ length: 60 }, (_, i) => i)); // [3, 4, 5]
  const traffic = counters(bench, 1, theirs.byteOffset + 240);
  const mine = bench.f32(12); // rows 1..2 of dim 1, columns 2..3 of dim 2, as [3, 2, 2]
  bench.run("copy_box", 4, 1, 3, 2, 2, 0, 20, 5, 1, 0, 4, 2, 1, theirs, (5 + 2) * 4, mine, 0, traffic);
  expect([...mine]).toEqual([7, 8, 12, 13, 27, 28, 32, 33, 47, 48, 52, 53]);
  expect(counted(traffic)).toEqual({ pulled: [48, 0], pushed: [0, 0] });
  bench.run("copy_box", 4, 1, 1, 1, 12, 0, 0, 0, 1, 0, 0, 0, 1, mine, 0, theirs, 0, traffic);
  expect([...theirs.subarray(0, 2)]).toEqual([7, 8]);
  expect(counted(traffic)).toEqual({ pulled: [48, 0], pushed: [48, 0] });
  const bytes = bench.u8([1, 2, 3, 4, 5, 6]);
  const turned = bench.u8(6);
  bench.run("copy_box", 1, 1, 1, 3, 2, 0, 0, 1, 3, 0, 0, 2, 1, bytes, 0, turned, 0, null);
  expect([...turned]).toEqual([1, 4, 2, 5, 3, 6]);
});

test("reduce_box folds in the order of the members and counts what came from others", () => {
  const bench = new Bench();
  const [a, b] = [bench.f32([1, 2, 3, 4, 5, 6]), bench.f32([10, 20, 30, 40, 50, 60])];
  const traffic = counters(bench, 1, b.byteOffset);
  const out = bench.f32(4);
  bench.run("reduce_box", 0, 0, 1, 1, 2, 2, 0, 0, 3, 1, 0, 0, 2, 1, 4, 0, traffic, out, a, b);
  expect([...out]).toEqual([22, 33, 55, 66]);
  expect(counted(traffic)).toEqual({ pulled: [16, 0], pushed: [0, 0] });
  bench.run("reduce_box", 1, 0, 1, 1, 1, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, null, out, a, b);
  expect([...out]).toEqual([10, 20, 30, 40]);
  const [i, j, k] = [bench.i32([1, -2]), bench.i32([3, -4]), bench.i32(2)];
  bench.run("reduce_box", 2, 1, 1, 1, 1, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, null, k, i, j);
  expect([...k]).toEqual([1, -4]);
});

describe("all_reduce", () => {
  test.each([
    [2, 100],
    [3, 33],
    [4, 1],
  ])("of %i members over %i elements: each does its slice, all get all", (members, n) => {
    const bench = new Bench(1);
    const random = numbers(members);
    const sources = Array.from({ length: members }, () => bench.f32(draw(random, n)));
    const targets = sources.map(() => bench.f32(n));
    for (let m = 0; m < members; m++) {
      const [lo, hi] = [Math.floor((n * m) / members), Math.floor((n * (m + 1)) / members)];
      bench.run("all_reduce", 0, 0, lo, hi, null, members, ...sources, ...targets);
    }
    const want = Float64Array.from({ length: n }, (_, i) => sources.reduce((s, x) => s + x[i]!, 0));
    for (const target of targets) {
      near(target, want);
      expect([...target]).toEqual([...targets[0]!]);
    }
  });

  test.each([
    [2, 1000],
    [3, 333],
    [5, 70],
  ])("of %i members over %i elements, in place: the same bits", (members, n) => {
    const bench = new Bench(1);
    const random = numbers(members);
    const sources = Array.from({ length: members }, () => bench.f32(draw(random, n)));
    const targets = sources.map(() => bench.f32(n));
    bench.run("all_reduce", 0, 0, 0, n, null, members, ...sources, ...targets);
    for (let m = 0; m < members; m++) {
      const [lo, hi] = [Math.floor((n * m) / members), Math.floor((n * (m + 1)) / members)];
      bench.run("all_reduce", 0, 0, lo, hi, null, members, ...sources, ...sources);
    }
    for (const source of sources) expect(source).toEqual(targets[0]);
  });

  test("counts what it pulled and what it pushed", () => {
    const bench = new Bench();
    const [a, x] = [bench.f32(8), bench.f32(8)];
    const [b, y] = [bench.f32(8), bench.f32(8)];
    const traffic = counters(bench, 0, b.byteOffset);
    bench.run("all_reduce", 0, 0, 2, 5, traffic, 2, a, b, x, y);
    expect(counted(traffic)).toEqual({ pulled: [0, 12], pushed: [0, 12] });
  });
});

describe("philox", () => {
  // Random123's known answers hold for `philox` of src/ir (test/ir); the kernel gives the same bits.
  test.each([
    { seed: 0, stream: 0, base: 0 },
    { seed: 2 ** 40 + 12345, stream: 0xdeadbeef, base: 2 },
    { seed: 1, stream: 7, base: 2 ** 35 + 1 },
  ])("gives the bits of the generator: $seed, $stream, $base", ({ seed, stream, base }) => {
    const bench = new Bench();
    const y = bench.i32(9);
    bench.run("philox", 2, 0, 0, ...seedKey(seed), stream, 1, 1, 1, 9, 0, 0, 0, 1, base, y);
    const want = Array.from(y, (_, i) => {
      const block = Math.floor((base + i) / 4);
      return philox([block >>> 0, Math.floor(block / 2 ** 32), stream, 0], seedKey(seed))[(base + i) % 4];
    });
    expect(Array.from(y, (word) => word >>> 0)).toEqual(want);
  });

  test("an element's value depends on its place in the whole tensor alone", () => {
    const bench = new Bench();
    const [rows, columns] = [7, 9];
    for (const kind of [0, 1]) {
      const whole = bench.f32(rows * columns);
      bench.run("philox", kind, -1, 2, 42, 7, 99, 1, 1, rows, columns, 0, 0, columns, 1, 0, whole);
      const part = bench.f32(3 * 4);
      bench.run("philox", kind, -1, 2, 42, 7, 99, 1, 1, 3, 4, 0, 0, columns, 1, 2 * columns + 5, part);
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 4; j++) expect(part[i * 4 + j]).toBe(whole[(2 + i) * columns + 5 + j]);
    }
  });

  test("uniform and normal have their moments", () => {
    const n = 1 << 16;
    const bench = new Bench();
    const y = bench.f32(n);
    const moments = () => {
      const mean = y.reduce((s, x) => s + x, 0) / n;
      const variance = y.reduce((s, x) => s + (x - mean) ** 2, 0) / n;
      return {
        mean,
        deviation: Math.sqrt(variance),
        inside: y.filter((x) => Math.abs(x - mean) < Math.sqrt(variance)).length / n,
      };
    };
    bench.run("philox", 0, -1, 3, 1, 2, 3, 1, 1, 1, n, 0, 0, 0, 1, 0, y);
    expect(Math.min(...y)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...y)).toBeLessThan(3);
    expect(moments().mean).toBeCloseTo(1, 1);
    expect(moments().deviation).toBeCloseTo(4 / Math.sqrt(12), 1);
    bench.run("philox", 1, 5, 2, 1, 2, 3, 1, 1, 1, n, 0, 0, 0, 1, 0, y);
    expect(moments().mean).toBeCloseTo(5, 1);
    expect(moments().deviation).toBeCloseTo(2, 1);
    expect(moments().inside).toBeCloseTo(0.683, 1.5);
  });
});

test("a malformed call is named, not run", () => {
  const bench = new Bench();
  const y = bench.f32(2);
  expect(() =>
    bench.program([
      ["fill", 2, 1, y],
      ["unary", 77, 2, y, y],
    ]),
  ).toThrow(/call 1 \(unary\) of the program/);
  expect(() => bench.run("fill", 2, y)).toThrow(/kernel fill: [\s\S]*it takes 3 arguments, got 2/);
  expect(() => bench.run("fill", y, 1, y)).toThrow(/an address stands where a number is due/);
  expect(() => bench.run("conv9", 1)).toThrow(/no kernel conv9/);
});
