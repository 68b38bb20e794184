/** @file Pooling of float32, many windows at a time, against that of float64, which goes window by window. */
import { describe, expect, test } from "vitest";
import { Bench, draw, near, numbers } from "./harness.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const [most, mean] = [0, 1];

interface Pool {
  readonly planes: number;
  readonly size: readonly [number, number];
  readonly window: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}
const outOf = ({ size, window, stride, padding }: Pool) =>
  [0, 1].map((d) => Math.floor((size[d]! + 2 * padding[d]! - window[d]!) / stride[d]!) + 1) as [number, number];
const sizes = (p: Pool) => [p.planes, ...p.size, ...outOf(p), ...p.window, ...p.stride, ...p.padding];

/** The pooled planes and the gradient of the planes. */
function pool(kind: number, p: Pool, [x, dy]: readonly Float32Array[], type: "f32" | "f64" = "f32", skew = 0) {
  const bench = new Bench(skew);
  const suffix = type === "f32" ? "" : "_f64";
  const [X, DY, y, dx] = [bench[type](x!), bench[type](dy!), bench[type](dy!.length), bench[type](x!.length)];
  bench.run(`pool2d${suffix}`, kind, ...sizes(p), X, y);
  bench.run(`pool2d_grad${suffix}`, kind, ...sizes(p), kind === most ? X : null, DY, dx);
  return [[...y], [...dx]] as const;
}
function operands(p: Pool, seed: number) {
  const random = numbers(seed);
  const [OH, OW] = outOf(p);
  const x = draw(random, p.planes * p.size[0] * p.size[1], 4).map(Math.trunc); // many are equal: the first of them counts
  return [x, draw(random, p.planes * OH * OW)] as const;
}

const pools: Pool[] = [
  { planes: 3, size: [28, 28], window: [2, 2], stride: [2, 2], padding: [0, 0] },
  { planes: 3, size: [9, 15], window: [2, 2], stride: [2, 2], padding: [0, 0] },
  { planes: 2, size: [29, 71], window: [3, 3], stride: [2, 2], padding: [1, 1] },
  { planes: 2, size: [17, 40], window: [3, 3], stride: [1, 1], padding: [1, 1] },
  { planes: 2, size: [12, 50], window: [2, 3], stride: [3, 3], padding: [1, 0] },
  { planes: 4, size: [7, 7], window: [7, 7], stride: [1, 1], padding: [0, 0] },
  { planes: 2, size: [20, 41], window: [5, 4], stride: [3, 2], padding: [2, 2] },
];

describe.each(pools)("windows of $window over $size, stride $stride, padding $padding", (p) => {
  const [x, dy] = operands(p, 3);

  test("are pooled as doubles are", () => {
    for (const kind of [most, mean])
      pool(kind, p, [x, dy]).forEach((got, i) => {
        near(got, pool(kind, p, [x, dy], "f64")[i]!);
      });
  });

  test("NaN is the largest; a window of nothing but -∞ gives its gradient to the first", () => {
    const odd = x.map((value, i) => (i % 37 === 5 ? nan : i % 11 === 2 ? inf : i % 3 ? -inf : value));
    const [y, dx] = pool(most, p, [odd, dy]);
    const [Y, DX] = pool(most, p, [odd, dy], "f64");
    expect(y).toEqual(Y);
    near(dx, DX);
    expect(y.some(Number.isNaN)).toBe(true);
  });

  test("give the same bits at every offset", () => {
    for (const kind of [most, mean]) {
      const want = pool(kind, p, [x, dy]);
      for (let skew = 1; skew < 32; skew += 5) expect(pool(kind, p, [x, dy], "f32", skew)).toEqual(want);
    }
  });
});

test("a window has the same bits at any place in rows of 1 to 67", () => {
  const random = numbers(4);
  const wide = draw(random, 2 * 136);
  for (const stride of [1, 2, 3])
    for (const kind of [most, mean]) {
      const row = (from: number, n: number) => {
        const width = (n - 1) * stride + 2;
        const x = Float32Array.from(
          { length: 2 * width },
          (_, i) => wide[Math.floor(i / width) * 136 + from + (i % width)]!,
        );
        const p: Pool = { planes: 1, size: [2, width], window: [2, 2], stride: [1, stride], padding: [0, 0] };
        return pool(kind, p, [x, new Float32Array(n)])[0];
      };
      const count = stride === 3 ? 45 : 67;
      const whole = row(0, count);
      for (let n = 1; n <= count; n++)
        for (const from of [0, count - n]) expect(row(from * stride, n)).toEqual(whole.slice(from, from + n));
    }
});
