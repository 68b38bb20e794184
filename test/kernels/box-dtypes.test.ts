/** @file Reductions between ranks of the other dtypes: folds in order, 16 bits rounded once, bytes counted by item size. */
import { describe, expect, test } from "vitest";
import { Bench } from "./harness.ts";

/** Patterns of 1, 2, 4 and of half the step after 1: 1 and it make a tie, which rounds back to 1. */
const half = { one: 0x3c00, two: 0x4000, four: 0x4400, tiny: 0x1000 };
const brain = { one: 0x3f80, two: 0x4000, four: 0x4080, tiny: 0x3b80 };
const big = 2n ** 62n;

interface Case {
  readonly name: string;
  readonly code: number;
  readonly item: number;
  readonly put: (bench: Bench, data: readonly number[]) => Float64Array | BigInt64Array | Uint16Array | Int32Array;
  readonly members: readonly (readonly number[])[];
  readonly want: readonly (readonly number[])[];
}

const sixteen = (name: string, code: number, { one, two, four, tiny }: typeof half): Case => ({
  name,
  code,
  item: 2,
  put: (bench, data) => bench.u16(data),
  members: [
    [one, two, one],
    [tiny, one, 0x8000 | one],
    [tiny, one, 0],
  ],
  want: [
    [one + 1, four, 0], // 1 + 2 · tiny is seen only when rounded once, at the end
    [one, two, one],
    [tiny, one, 0x8000 | one],
  ],
});

const cases: readonly Case[] = [
  {
    name: "float64",
    code: 3,
    item: 8,
    put: (bench, data) => bench.f64(data),
    members: [
      [1, 2, Number.NaN],
      [2 ** -50, -5, 1],
      [2 ** -51, 7, 2],
    ],
    want: [
      [1 + 2 ** -50 + 2 ** -51, 4, Number.NaN],
      [1, 7, Number.NaN],
      [2 ** -51, -5, Number.NaN],
    ],
  },
  {
    name: "int64",
    code: 4,
    item: 8,
    put: (bench, data) => bench.i64(data.map(BigInt)),
    members: [
      [Number(big), -1, 3],
      [Number(big), 2 ** 53, 4],
      [0, 1, -5],
    ],
    want: [
      [-(2 ** 63), 2 ** 53, 2],
      [Number(big), 2 ** 53, 4],
      [0, -1, -5],
    ],
  },
  sixteen("float16", 5, half),
  sixteen("bfloat16", 6, brain),
];

describe.each(cases)("$name", ({ code, item, put, members, want }) => {
  test("reduce_box", () => {
    const bench = new Bench();
    const sources = members.map((data) => put(bench, data));
    const traffic = bench.f64([2, 1, 0, sources[1]!.byteOffset, 2 ** 32, 0, 0, 0, 0]);
    const out = put(bench, [0, 0, 0]);
    const box = [1, 1, 1, 3, 0, 0, 0, 1, 0, 0, 0, 1];
    [0, 1, 2].forEach((monoid) => {
      bench.run("reduce_box", monoid, code, ...box, 0, 0, traffic, out, ...sources);
      expect(Array.from<number | bigint, number>(out, Number), `monoid ${monoid}`).toEqual(want[monoid]);
    });
    expect([...traffic.subarray(5)]).toEqual([3 * 3 * item, 0, 0, 0]); // the first member's part, three times
    // Every second element, to a place of its own: strides and offsets count in items.
    bench.run("reduce_box", 1, code, 1, 1, 1, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, item, null, out, sources[0]!);
    const first = Array.from<number | bigint, number>(sources[0]!, Number);
    expect(Array.from<number | bigint, number>(out.subarray(1), Number)).toEqual([first[0], first[2]]);
  });

  test("all_reduce", () => {
    const bench = new Bench();
    const sources = members.map((data) => put(bench, data));
    const targets = members.map(() => put(bench, [0, 0, 0]));
    const traffic = bench.f64([2, 1, 0, sources[1]!.byteOffset, 2 ** 32, 0, 0, 0, 0]);
    [0, 1, 2].forEach((monoid) => {
      bench.run("all_reduce", monoid, code, 0, 2, traffic, 3, ...sources, ...targets);
      bench.run("all_reduce", monoid, code, 2, 3, traffic, 3, ...sources, ...targets);
      for (const target of targets)
        expect(Array.from<number | bigint, number>(target, Number), `monoid ${monoid}`).toEqual(want[monoid]);
    });
    expect([...traffic.subarray(5)]).toEqual([3 * 3 * item, 0, 0, 0]);
  });
});

test("int32 wraps; bool has no sum", () => {
  const bench = new Bench();
  const [a, b] = [bench.i32([2147483647, 5]), bench.i32([1, 6])];
  const [x, y] = [bench.i32(2), bench.i32(2)];
  bench.run("all_reduce", 0, 1, 0, 2, null, 2, a, b, x, y);
  expect([...x]).toEqual([-2147483648, 11]);
  expect([...y]).toEqual([...x]);
  expect(() => bench.run("all_reduce", 0, 2, 0, 2, null, 2, a, b, x, y)).toThrow(/malformed/);
});
