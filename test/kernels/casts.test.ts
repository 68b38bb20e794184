/** @file Casts between all element types, comparisons of those that need a kernel, and the floats of 16 bits throughout. */
import { describe, expect, test } from "vitest";
import { Bench } from "./harness.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const code = { F32: 0, I32: 1, BOOL: 2, F64: 3, I64: 4, F16: 5, BF16: 6 };
type Name = keyof typeof code;

/** Rounds to `bits` of mantissa, the least power of two being `least`; ties to even. Exact for any double. */
function rounded(x: number, bits: number, least: number, largest: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), least);
  const unit = 2 ** (Math.max(2 ** exponent > Math.abs(x) && exponent > least ? exponent - 1 : exponent, least) - bits);
  const scaled = Math.abs(x) / unit;
  const low = Math.floor(scaled);
  const up = scaled - low > 0.5 || (scaled - low === 0.5 && low % 2 === 1);
  const y = (low + (up ? 1 : 0)) * unit;
  return Math.sign(x) * (y > largest ? inf : y);
}
const half = (x: number) => rounded(x, 10, -14, 65504);
const brain = (x: number) => rounded(x, 7, -126, (2 - 2 ** -7) * 2 ** 127);

/** The value of a pattern, from its fields. */
const decode = (pattern: number, mantissa: number) => {
  const width = 15 - mantissa;
  const bias = 2 ** (width - 1) - 1;
  const sign = pattern >> 15 ? -1 : 1;
  const exponent = (pattern >> mantissa) & (2 ** width - 1);
  const fraction = pattern & (2 ** mantissa - 1);
  if (exponent === 2 ** width - 1) return fraction ? nan : sign * inf;
  return exponent
    ? sign * (1 + fraction / 2 ** mantissa) * 2 ** (exponent - bias)
    : sign * (fraction / 2 ** mantissa) * 2 ** (1 - bias);
};

describe.each([
  { name: "F16", mantissa: 10, round: half },
  { name: "BF16", mantissa: 7, round: brain },
] as const)("$name", ({ name, mantissa, round }) => {
  test("all 65,536 patterns to float32 and float64 and back", () => {
    const patterns = Array.from({ length: 65536 }, (_, i) => i);
    const bench = new Bench();
    const x = bench.u16(patterns);
    const [single, double, back] = [bench.f32(65536), bench.f64(65536), bench.u16(65536)];
    bench.run("cast", code[name], code.F32, 65536, x, single);
    bench.run("cast", code[name], code.F64, 65536, x, double);
    const want = patterns.map((pattern) => decode(pattern, mantissa));
    expect([...single]).toEqual(want);
    expect([...double]).toEqual(want);
    for (const [from, values] of [
      ["F32", single],
      ["F64", double],
    ] as const) {
      bench.run("cast", code[from], code[name], 65536, values, back);
      const lost = patterns.filter((i) => back[i] !== i && !Number.isNaN(want[i]));
      expect(lost, from).toEqual([]);
      expect(patterns.filter((i) => Number.isNaN(want[i]) && !Number.isNaN(decode(back[i]!, mantissa)))).toEqual([]);
    }
  });

  test("to the nearest, ties to even, at every midpoint and beside it", () => {
    const numbers = Array.from({ length: 32767 }, (_, i) => i).flatMap((i) => {
      const [low, high] = [decode(i, mantissa), decode(i + 1, mantissa)];
      if (!Number.isFinite(high)) return [];
      const middle = (low + high) / 2;
      const step = (high - low) * 2 ** -40; // float32 does not see it: rounded once, it still decides
      return [middle, middle + step, middle - step];
    });
    const bench = new Bench();
    const y = bench.u16(numbers.length);
    bench.run("cast", code.F64, code[name], numbers.length, bench.f64(numbers), y);
    numbers.forEach((v, i) => {
      if (decode(y[i]!, mantissa) !== round(v)) expect(decode(y[i]!, mantissa), String(v)).toBe(round(v));
    });
    const singles = numbers.map(Math.fround);
    bench.run("cast", code.F32, code[name], numbers.length, bench.f32(singles), y);
    singles.forEach((v, i) => {
      if (decode(y[i]!, mantissa) !== round(v)) expect(decode(y[i]!, mantissa), String(v)).toBe(round(v));
    });
  });
});

describe("hard values from every type to every other", () => {
  const floats = [
    0,
    -0,
    1.5,
    -1.5,
    0.1,
    nan,
    inf,
    -inf,
    65504,
    65519.99,
    65520,
    -65520,
    6e-8,
    2.9e-8,
    2 ** 31,
    -(2 ** 31),
    2 ** 31 - 1,
    2 ** 63,
    -(2 ** 63),
    1e300,
    3.5e38,
    1e-45,
    3.3895313892515355e38,
    3.4e38,
  ];
  const whole64 = [0n, 1n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 16777217n];
  const odd = [
    (1n << 60n) + (1n << 36n) + 1n,
    (1n << 60n) + (1n << 36n),
    (1n << 62n) + (1n << 54n) + 1n,
    -(1n << 62n) - (1n << 54n) - 1n,
  ];
  const write = (bench: Bench, name: Name, values: readonly number[], wide: readonly bigint[]) => {
    switch (name) {
      case "F32":
        return bench.f32(values);
      case "F64":
        return bench.f64(values);
      case "F16":
        return bench.u16(values.map((_, i) => (i * 2731) & 65535));
      case "BF16":
        return bench.u16(values.map((_, i) => (i * 2731) & 65535));
      case "I32":
        return bench.i32([0, 1, -1, 7, 2 ** 31 - 1, -(2 ** 31), 16777217, -16777219, 65520]);
      case "BOOL":
        return bench.u8([0, 1, 2, 255]);
      default:
        return bench.i64(wide);
    }
  };
  const room = (bench: Bench, name: Name, n: number) =>
    ({
      F32: () => bench.f32(n),
      F64: () => bench.f64(n),
      F16: () => bench.u16(n),
      BF16: () => bench.u16(n),
      I32: () => bench.i32(n),
      BOOL: () => bench.u8(n),
      I64: () => bench.i64(n),
    })[name]();
  /** What the elements mean: numbers, or for integers of 64 bits BigInts. */
  const meaning = (name: Name, x: number | bigint): number | bigint => {
    if (name === "F16") return decode(Number(x), 10);
    if (name === "BF16") return decode(Number(x), 7);
    return name === "BOOL" ? Number(x !== 0) : x;
  };
  const saturate = (x: number, bits: number) => {
    const most = 2n ** BigInt(bits - 1);
    if (Number.isNaN(x)) return 0n;
    if (x >= Number(most)) return most - 1n;
    return x <= -Number(most) ? -most : BigInt(Math.trunc(x));
  };
  /** The nearest of a float type to a whole number: all its digits count. */
  const fromWhole = (x: bigint, bits: number): number => {
    const size = (x < 0n ? -x : x).toString(2).length;
    const shift = BigInt(Math.max(0, size - bits - 1));
    if (!shift) return Number(x);
    const [magnitude, sign] = x < 0n ? [-x, -1] : [x, 1];
    const [low, rest, mid] = [magnitude >> shift, magnitude & ((1n << shift) - 1n), 1n << (shift - 1n)];
    const up = rest > mid || (rest === mid && low % 2n === 1n);
    return sign * Number((low + (up ? 1n : 0n)) << shift);
  };
  const to = (name: Name, x: number | bigint): number | bigint => {
    if (name === "BOOL") return Number(typeof x === "bigint" ? x !== 0n : x !== 0);
    if (name === "I32") return Number(typeof x === "bigint" ? BigInt.asIntN(32, x) : saturate(x, 32));
    if (name === "I64") return typeof x === "bigint" ? x : saturate(x, 64);
    if (name === "F64") return Number(x);
    const bits = { F32: 23, F16: 10, BF16: 7 }[name];
    const v = typeof x === "bigint" ? fromWhole(x, bits) : x;
    return name === "F32" ? Math.fround(v) : name === "F16" ? half(v) : brain(v);
  };
  const names = Object.keys(code) as Name[];
  test.each(names.flatMap((from) => names.map((into) => [from, into] as const)))("%s to %s", (from, into) => {
    const bench = new Bench();
    const x = write(bench, from, floats, [...whole64, ...odd]);
    const y = room(bench, into, x.length);
    bench.run("cast", code[from], code[into], x.length, x, y);
    const whole = from === "I32" || from === "BOOL";
    Array.from<number | bigint>(x).forEach((raw, i) => {
      const value = meaning(from, raw);
      const want = to(into, whole ? BigInt(value) : value);
      expect(meaning(into, y[i]!), `${value} (${from} to ${into})`).toBe(want);
    });
  });
  test("no other codes", () => {
    const bench = new Bench();
    const x = bench.f64(1);
    expect(() => bench.run("cast", 7, 0, 1, x, x)).toThrow(/malformed/);
    expect(() => bench.run("cast", 0, -1, 1, x, x)).toThrow(/malformed/);
  });
});

test("comparisons of float64 and int64 see all digits, and NaN", () => {
  const bench = new Bench();
  const y = bench.u8(4);
  const row = [1, 1, 1, 4, 0, 0, 0, 1, 0, 0, 0, 1];
  const [a, b] = [bench.f64([1 + 2 ** -50, nan, 1, -0]), bench.f64([1, 1, nan, 0])];
  const big = 2n ** 53n;
  const [p, q] = [bench.i64([big + 1n, 1n, -big, 5n]), bench.i64([big, 2n, -big - 1n, 5n])];
  const answers = [
    { op: 0, floats: [0, 0, 0, 1], integers: [0, 0, 0, 1] },
    { op: 1, floats: [1, 1, 1, 0], integers: [1, 1, 1, 0] },
    { op: 2, floats: [0, 0, 0, 0], integers: [0, 1, 0, 0] },
    { op: 3, floats: [0, 0, 0, 1], integers: [0, 1, 0, 1] },
    { op: 4, floats: [1, 0, 0, 0], integers: [1, 0, 1, 0] },
    { op: 5, floats: [1, 0, 0, 1], integers: [1, 0, 1, 1] },
  ];
  for (const { op, floats, integers } of answers) {
    bench.run("compare", op, code.F64, ...row, a, b, y);
    expect([...y], `float64, ${op}`).toEqual(floats);
    bench.run("compare", op, code.I64, ...row, p, q, y);
    expect([...y], `int64, ${op}`).toEqual(integers);
  }
  expect(() => bench.run("compare", 0, code.F16, ...row, a, b, y)).toThrow(/malformed/);
});
