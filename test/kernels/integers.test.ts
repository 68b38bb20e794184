/** @file The integer kernels against BigInt: they wrap, their ends are exact, an empty maximum is the least number. */
import { describe, expect, test } from "vitest";
import { Bench, numbers } from "./harness.ts";

describe.each([
  { suffix: "i32", bits: 32 },
  { suffix: "i64", bits: 64 },
] as const)("$suffix", ({ suffix, bits }) => {
  const most = 2n ** BigInt(bits - 1) - 1n;
  const least = -most - 1n;
  const wrap = (x: bigint) => BigInt.asIntN(bits, x);
  const put = (bench: Bench, data: readonly bigint[]) =>
    suffix === "i32" ? bench.i32(data.map(Number)) : bench.i64(data);
  const empty = (bench: Bench, n: number) => put(bench, Array<bigint>(n).fill(77n));
  const read = (array: Int32Array | BigInt64Array) => Array.from<number | bigint, bigint>(array, BigInt);
  const name = (kernel: string) => `${kernel}_${suffix}`;
  const hard = [0n, 1n, -1n, 2n, -2n, 7n, -7n, 46341n, most, most - 1n, least, least + 1n, 3037000500n % most];

  test("binary wraps, divides towards zero, and by zero gives zero", () => {
    const bench = new Bench();
    const [a, b] = [hard.flatMap((x) => hard.map(() => x)), hard.flatMap(() => hard)];
    const ops = [
      (x: bigint, y: bigint) => x + y,
      (x: bigint, y: bigint) => x - y,
      (x: bigint, y: bigint) => x * y,
      (x: bigint, y: bigint) => (y ? x / y : 0n),
      (x: bigint, y: bigint) => (x > y ? x : y),
      (x: bigint, y: bigint) => (x < y ? x : y),
    ];
    const [p, q, y] = [put(bench, a), put(bench, b), empty(bench, a.length)];
    const row = [1, 1, 1, a.length, 0, 0, 0, 1, 0, 0, 0, 1];
    ops.forEach((f, op) => {
      bench.run(name("binary"), op, ...row, p, q, y);
      expect(read(y), `op ${op}`).toEqual(a.map((x, i) => wrap(f(x, b[i]!))));
    });
    bench.run(
      name("binary"),
      0,
      1,
      1,
      2,
      3,
      0,
      0,
      1,
      0,
      0,
      0,
      0,
      1,
      put(bench, [10n, 20n]),
      put(bench, [1n, 2n, 3n]),
      y,
    );
    expect(read(y).slice(0, 6)).toEqual([11n, 12n, 13n, 21n, 22n, 23n]);
    expect(() => bench.run(name("binary"), 6, ...row, p, q, y)).toThrow(/malformed/);
  });

  test("unary: six functions, the others are malformed", () => {
    const bench = new Bench();
    const [x, y] = [put(bench, hard), empty(bench, hard.length)];
    const abs = (v: bigint) => (v < 0n ? -v : v);
    const functions: Readonly<Record<number, (v: bigint) => bigint>> = {
      0: (v) => (v > 0n ? v : 0n),
      2: (v) => -v,
      5: (v) => v,
      6: abs,
      7: (v) => v * v,
      10: (v) => (v > 0n ? 1n : v < 0n ? -1n : 0n),
    };
    for (let op = 0; op <= 19; op++) {
      const f = functions[op];
      if (!f) expect(() => bench.run(name("unary"), op, hard.length, x, y), `op ${op}`).toThrow(/malformed/);
      else {
        bench.run(name("unary"), op, hard.length, x, y);
        expect(read(y), `op ${op}`).toEqual(hard.map((v) => wrap(f(v))));
      }
    }
  });

  test("affine and clamp take whole factors and bounds, infinite ones too", () => {
    const bench = new Bench();
    const [x, y] = [put(bench, hard), empty(bench, hard.length)];
    bench.run(name("affine"), hard.length, -3, 5, x, y);
    expect(read(y)).toEqual(hard.map((v) => wrap(v * -3n + 5n)));
    bench.run(name("clamp"), hard.length, -2, 7, x, y);
    expect(read(y)).toEqual(hard.map((v) => (v < -2n ? -2n : v > 7n ? 7n : v)));
    bench.run(name("clamp"), hard.length, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, x, y);
    expect(read(y)).toEqual(hard);
  });

  test.each([
    [2, 5, 3],
    [1, 7, 1],
    [2, 0, 2],
  ])("reduce %i × %i × %i", (outer, mid, inner) => {
    const bench = new Bench();
    const data = Array.from({ length: outer * mid * inner }, (_, i) => hard[(i * 5) % hard.length]!);
    const [x, y] = [put(bench, data), empty(bench, outer * inner)];
    const folds = [
      { start: 0n, f: (a: bigint, b: bigint) => a + b },
      { start: least, f: (a: bigint, b: bigint) => (a > b ? a : b) },
      { start: most, f: (a: bigint, b: bigint) => (a < b ? a : b) },
    ];
    folds.forEach(({ start, f }, monoid) => {
      bench.run(name("reduce"), monoid, outer, mid, inner, 1, x, y);
      const want = Array.from({ length: outer * inner }, (_, at) => {
        const first = Math.floor(at / inner) * mid * inner + (at % inner);
        const line = Array.from({ length: mid }, (__, m) => data[first + m * inner]!);
        return wrap(line.reduce(f, start));
      });
      expect(read(y), `monoid ${monoid}`).toEqual(want);
    });
    expect(() => bench.run(name("reduce"), 0, outer, mid, inner, 0.5, x, y)).toThrow(/malformed/); // no integer has halves
  });

  test("argmax, top k and running sums", () => {
    const bench = new Bench();
    const x = put(bench, [3n, most, least, most, most - 1n]);
    const [at, top, places] = [bench.i32(1), empty(bench, 4), bench.i32(4)];
    bench.run(name("argmax"), 1, 5, 1, x, at);
    expect([...at]).toEqual([1]);
    bench.run(name("top_k"), 1, 5, 1, 4, x, top, places);
    expect(read(top)).toEqual([most, most, most - 1n, 3n]);
    expect([...places]).toEqual([1, 3, 4, 0]);
    const sums = empty(bench, 5);
    bench.run(name("cumsum"), 1, 5, 1, 0, x, sums);
    expect(read(sums)).toEqual([3n, wrap(most + 3n), 2n, wrap(most + 2n), -1n]);
    bench.run(name("cumsum"), 1, 5, 1, 1, put(bench, [1n, 2n, 3n, 4n, 5n]), sums);
    expect(read(sums)).toEqual([15n, 14n, 12n, 9n, 5n]);
  });

  test("ids add up, those that are not there do not", () => {
    const bench = new Bench();
    const ids = bench.i32([1, 0, 1, -1, 3]);
    const sums = empty(bench, 4);
    bench.run(name("scatter_add"), 1, 2, 2, 5, 0, put(bench, [most, 1n, 3n, 4n, 1n, 2n, 9n, 9n, 9n, 9n]), ids, sums);
    expect(read(sums)).toEqual([3n, 4n, least, 3n]);
    const along = empty(bench, 2);
    bench.run(name("add_along"), 1, 2, 1, 5, 0, put(bench, [most, 2n, 1n, 9n, 9n]), ids, along);
    expect(read(along)).toEqual([2n, least]);
    const hot = empty(bench, 4);
    bench.run(name("one_hot"), 2, 2, 1, bench.i32([2, 5]), hot);
    expect(read(hot)).toEqual([0n, 1n, 0n, 0n]);
  });
});

test("fill_i64 saturates", () => {
  const bench = new Bench();
  const y = bench.i64(2);
  const max = 2n ** 63n - 1n;
  for (const [value, want] of [
    [2 ** 63, max],
    [-(2 ** 63), -max - 1n],
    [Number.POSITIVE_INFINITY, max],
    [-1.9, -1n],
    [Number.NaN, 0n],
    [2 ** 53, 2n ** 53n],
  ] as const) {
    bench.run("fill_i64", 2, value, y);
    expect([...y], String(value)).toEqual([want, want]);
  }
});

test.each([1, 2, 4, 8])("moves of items of %i bytes: gather, take_along, select", (item) => {
  const bench = new Bench();
  const random = numbers(item);
  const table = bench.u8(Array.from({ length: 6 * item }, () => Math.floor((random() + 1) * 128))); // [3, 2]
  const row = (k: number, width: number) =>
    k < 0 || k > 2 ? Array<number>(width * item).fill(0) : [...table.subarray(k * 2 * item, (k * 2 + width) * item)];
  const rows = bench.u8(8 * item);
  bench.run("gather", item, 1, 3, 2, 4, 0, table, bench.i32([2, -1, 0, 3]), rows);
  expect([...rows]).toEqual([2, -1, 0, 3].flatMap((k) => row(k, 2)));
  const taken = bench.u8(4 * item);
  bench.run("take_along", item, 1, 3, 2, 2, 0, table, bench.i32([2, 0, 9, 1]), taken);
  const element = (k: number, c: number) => [...table.subarray((k * 2 + c) * item, (k * 2 + c + 1) * item)];
  expect([...taken]).toEqual([...element(2, 0), ...element(0, 1), ...Array<number>(item).fill(0), ...element(1, 1)]);
  const chosen = bench.u8(2 * item);
  const strides = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
  bench.run("select", item, 1, 1, 1, 2, ...strides, bench.u8([0, 3]), table, table.subarray(2 * item), chosen);
  expect([...chosen]).toEqual([...element(1, 0), ...element(0, 1)]);
});

test("no other item size", () => {
  const bench = new Bench();
  const x = bench.u8(16);
  expect(() => bench.run("gather", 3, 1, 1, 1, 1, 0, x, bench.i32([0]), x)).toThrow(/malformed/);
  expect(() => bench.run("take_along", 16, 1, 1, 1, 1, 0, x, bench.i32([0]), x)).toThrow(/malformed/);
});
