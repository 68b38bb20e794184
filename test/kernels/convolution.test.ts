/** @file Convolution of float32, which goes by products of matrices, against that of float64, which goes by elements. */
import { describe, expect, test } from "vitest";
import { Bench, draw, near, numbers } from "./harness.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

interface Conv {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly K: number;
  readonly R: number;
  readonly S: number;
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}
const conv = (
  [N, C, H, W]: readonly [number, number, number, number],
  [K, R, S]: readonly [number, number, number],
  stride: readonly [number, number] = [1, 1],
  padding: readonly [number, number] = [0, 0],
): Conv => ({ N, C, H, W, K, R, S, stride, padding });
const outOf = ({ H, W, R, S, stride, padding }: Conv) =>
  [Math.floor((H + 2 * padding[0] - R) / stride[0]) + 1, Math.floor((W + 2 * padding[1] - S) / stride[1]) + 1] as const;
const sizes = (v: Conv) => [v.N, v.C, v.H, v.W, v.K, v.R, v.S, ...outOf(v), ...v.stride, ...v.padding];

/** Image, filters, and the gradient of the output. */
type Operands = readonly [x: Float32Array, w: Float32Array, dy: Float32Array];
function operands(v: Conv, seed: number): Operands {
  const random = numbers(seed);
  const [OH, OW] = outOf(v);
  return [
    draw(random, v.N * v.C * v.H * v.W),
    draw(random, v.K * v.C * v.R * v.S),
    draw(random, v.N * v.K * OH * OW),
  ] as const;
}

/** The output and the gradients of image and filters. */
function convolve(v: Conv, [x, w, dy]: Operands, kind: "f32" | "f64" = "f32", skew = 0) {
  const bench = new Bench(skew);
  const suffix = kind === "f32" ? "" : "_f64";
  const [X, W, DY] = [bench[kind](x), bench[kind](w), bench[kind](dy)];
  const outs = [bench[kind](dy.length), bench[kind](x.length), bench[kind](w.length)] as const;
  bench.run(`conv2d${suffix}`, ...sizes(v), X, W, outs[0]);
  bench.run(`conv2d_grad_x${suffix}`, ...sizes(v), W, DY, outs[1]);
  bench.run(`conv2d_grad_w${suffix}`, ...sizes(v), X, DY, outs[2]);
  return outs.map((out) => [...out]) as [number[], number[], number[]];
}
const names = ["output", "image's gradient", "filters' gradient"];

describe("output and gradients are those of doubles", () => {
  test.each([
    conv([3, 5, 9, 7], [7, 3, 3], [1, 1], [1, 1]),
    conv([2, 3, 11, 13], [13, 3, 3], [2, 2], [1, 1]),
    conv([5, 33, 5, 5], [20, 3, 3], [1, 1], [1, 1]), // tiles of several images
    conv([2, 70, 6, 6], [65, 1, 1]), // as it lies
    conv([2, 9, 7, 7], [6, 1, 1], [2, 2]), // three pixels of four reach nothing
    conv([1, 2, 12, 12], [4, 2, 2], [3, 3]), // strides that pass over pixels
    conv([2, 3, 16, 18], [40, 7, 7], [2, 2], [3, 3]),
    conv([1, 1, 40, 9], [3, 17, 17], [1, 1], [8, 8]), // more taps than a slice, most of them outside
    conv([1, 2, 1, 700], [3, 1, 5], [1, 1], [0, 2]), // a row longer than a block
    conv([1, 1, 60, 300], [2, 9, 1], [2, 1], [4, 0]), // more taps below each other than a line serves
    conv([2, 4, 9, 10], [5, 2, 3], [2, 3], [1, 2]), // everything of its own in each direction
    conv([40, 3, 4, 4], [9, 4, 4]), // one pixel an image
    conv([1, 200, 3, 3], [210, 3, 3], [1, 1], [1, 1]), // several slices, several blocks of filters
    conv([2, 70, 13, 11], [35, 3, 3], [1, 1], [1, 1]), // tiles of 2 × 2 pixels, and what is left at the borders
    conv([1, 16, 6, 75], [17, 3, 3], [1, 1], [0, 2]),
    conv([20, 17, 9, 9], [20, 3, 3]), // several blocks of tiles
    conv([2, 520, 8, 8], [16, 3, 3], [1, 1], [1, 1]), // more channels than are transformed at a time
    conv([1, 16, 8, 8], [200, 3, 3], [1, 1], [3, 3]), // tiles in the padding alone
    conv([3, 17, 15, 14], [20, 3, 3], [2, 2], [1, 1]), // the same of strides
    conv([2, 16, 12, 41], [70, 3, 3], [2, 2]),
    conv([2, 40, 13, 16], [16, 3, 3], [2, 2], [1, 3]),
    conv([40, 16, 8, 8], [16, 3, 3], [2, 2], [1, 1]),
    conv([1, 530, 8, 8], [520, 3, 3], [2, 2], [1, 1]),
    conv([2, 1, 8, 8], [600, 3, 3], [1, 1], [1, 1]), // more filters than a block of the filters' gradient
  ])("$N×$C×$H×$W, $K filters of $R×$S, stride $stride, padding $padding", (v) => {
    const data = operands(v, 5);
    const want = convolve(v, data, "f64");
    convolve(v, data).forEach((got, i) => {
      near(got, want[i]!, 3e-6);
    });
  });
});

describe("an element has the same bits", () => {
  const v = conv([3, 5, 9, 11], [14, 3, 3], [1, 1], [1, 1]);
  const two = conv([3, 5, 9, 11], [14, 3, 3], [2, 2], [1, 1]);
  const tiled = conv([3, 20, 9, 11], [18, 3, 3], [1, 1], [1, 1]);
  const tiledTwo = conv([3, 20, 9, 11], [18, 3, 3], [2, 2], [1, 1]);
  const all = [v, two, tiled, tiledTwo].map((v) => ({ ...v, v }));

  test.each(all)("at every offset, $C channels, stride $stride", ({ v }) => {
    const data = operands(v, 7);
    const want = convolve(v, data);
    for (let skew = 1; skew < 32; skew++) expect(convolve(v, data, "f32", skew), `${skew} floats on`).toEqual(want);
  });

  test.each(all)("of an image alone, $C channels, stride $stride", ({ v }) => {
    const [x, w, dy] = operands(v, 8);
    const [y, dx] = convolve(v, [x, w, dy]);
    const part = <T>(all: ArrayLike<T>, n: number) =>
      Array.prototype.slice.call(all, (n * all.length) / v.N, ((n + 1) * all.length) / v.N) as T[];
    for (let n = 0; n < v.N; n++) {
      const own = convolve({ ...v, N: 1 }, [Float32Array.from(part(x, n)), w, Float32Array.from(part(dy, n))]);
      expect(own.slice(0, 2)).toEqual([part(y, n), part(dx, n)]);
    }
  });

  test.each(all)("whatever filters are beside it, $C channels, stride $stride", ({ v }) => {
    const [x, w, dy] = operands(v, 9);
    const [y, , dw] = convolve(v, [x, w, dy]);
    const taps = v.C * v.R * v.S;
    const pixels = y.length / v.N / v.K;
    for (let K = 1; K < v.K; K++) {
      const some = <T extends ArrayLike<number>>(all: T) =>
        Array.from(
          { length: v.N * K * pixels },
          (_, i) => all[Math.floor(i / K / pixels) * v.K * pixels + (i % (K * pixels))]!,
        );
      const own = convolve({ ...v, K }, [x, w.slice(0, K * taps), Float32Array.from(some(dy))]);
      expect(own[0], `${K} filters`).toEqual(some(y));
      expect(own[2], `${K} filters`).toEqual(dw.slice(0, K * taps));
    }
  });

  test("in rows of 1 to 67, where neighbours do not matter", () => {
    // One row of taps: pixel j of a row has the bits of pixel 0 of the row that starts there.
    const random = numbers(10);
    const [x, w] = [draw(random, 3 * 71), draw(random, 2 * 3 * 5)];
    const row = (from: number, width: number) => {
      const cut = Float32Array.from(
        { length: 3 * (width + 4) },
        (_, i) => x[Math.floor(i / (width + 4)) * 71 + from + (i % (width + 4))]!,
      );
      const v = conv([1, 3, 1, width + 4], [2, 1, 5]);
      return convolve(v, [cut, w, new Float32Array(2 * width)])[0];
    };
    const whole = row(0, 67);
    for (let width = 1; width <= 67; width++)
      for (const from of new Set([0, (67 - width) >> 1, 67 - width]))
        expect(row(from, width), `${width} from ${from} on`).toEqual([
          ...whole.slice(from, from + width),
          ...whole.slice(67 + from, 67 + from + width),
        ]);
  });
});

describe("numbers that are not finite spoil what they reach, and nothing else", () => {
  const v = conv([2, 4, 7, 7], [6, 3, 3], [1, 1], [1, 1]);
  const kindOf = (x: number) => (Number.isFinite(x) ? "finite" : String(x));
  const cases = [0, 1, 2].flatMap((operand) =>
    [nan, inf, -inf].flatMap((value) =>
      [
        { ...v, where: "in a corner", at: 0 },
        { ...v, where: "inside", at: 30 },
        { ...v, stride: [2, 2] as const, where: "under strides", at: 4 },
        { ...v, C: 16, K: 18, where: "of a tile", at: 31 },
        { ...v, H: 9, W: 12, C: 16, K: 18, stride: [2, 2] as const, where: "of a tile under strides", at: 15 },
      ].map((v) => ({
        v,
        operand,
        value,
        what: `${value} ${v.where} of the ${["image", "filters", "output's gradient"][operand]}`,
      })),
    ),
  );
  test.each(cases)("$what", ({ v, operand, value }) => {
    const data = operands(v, 11);
    data[operand as 0]![v.at] = value;
    const want = convolve(v, data, "f64");
    convolve(v, data).forEach((got, i) => {
      expect(got.map(kindOf), names[i]!).toEqual(want[i]!.map(kindOf));
      near(
        got.map((x) => (Number.isFinite(x) ? x : 0)),
        want[i]!.map((x) => (Number.isFinite(x) ? x : 0)),
      );
    });
  });

  test.each([v, { ...v, C: 16, K: 18 }])(
    "what an infinite filter of $C channels does not reach has the bits it has without",
    (v) => {
      const [x, w, dy] = operands(v, 12);
      const clean = convolve(v, [x, w, dy]);
      const spoilt = w.slice();
      spoilt[5] = inf;
      const got = convolve(v, [x, spoilt, dy]);
      const [filter, channel] = [49, 49];
      expect(got[0].filter((_, i) => Math.floor(i / filter) % v.K)).toEqual(
        clean[0].filter((_, i) => Math.floor(i / filter) % v.K),
      );
      expect(got[1].filter((_, i) => Math.floor(i / channel) % v.C)).toEqual(
        clean[1].filter((_, i) => Math.floor(i / channel) % v.C),
      );
    },
  );

  test("sums that are finite only one by one are", () => {
    const [x, w] = operands({ ...v, C: 16 }, 14);
    const huge = x.map((value, i) => (i % 49 === 24 ? 1 : value) * 2 ** 126);
    const [y] = convolve({ ...v, C: 16 }, [huge, w.map((value) => value / 64), new Float32Array(2 * 6 * 49)]);
    const want = convolve(
      { ...v, C: 16 },
      [huge, w.map((value) => value / 64), new Float32Array(2 * 6 * 49)],
      "f64",
    )[0];
    expect(want.every((value) => Math.abs(value) < 3e38)).toBe(true);
    near(
      y.map((value) => value / 2 ** 126),
      want.map((value) => value / 2 ** 126),
    );
  });

  test.each([64, 256])("errors of sums over %i channels are small", (C) => {
    const large = conv([1, C, 12, 12], [16, 3, 3], [1, 1], [1, 1]);
    const data = operands(large, 15);
    const [y, dx] = convolve(large, data);
    const want = convolve(large, data, "f64");
    for (const [i, got] of [y, dx].entries()) {
      const most = Math.max(...want[i]!.map(Math.abs));
      expect(Math.max(...got.map((value, at) => Math.abs(value - want[i]![at]!))) / most).toBeLessThan(3e-7);
    }
  });

  test.each([v, { ...v, C: 16, K: 18 }])("denormal numbers count, $C channels", (v) => {
    const data = operands(v, 13);
    const least = 2 ** -149;
    const tiny = data[0].map((_, i) => ((i % 9) - 4) * least);
    const large = (array: Float32Array) => array.map((_, i) => ((i % 5) - 2) * 2 ** 100);
    const [y, , dw] = convolve(v, [tiny, large(data[1]), large(data[2])]);
    const want = convolve(v, [tiny, large(data[1]), large(data[2])], "f64");
    expect(y).toEqual(want[0]);
    expect(dw).toEqual(want[2]);
    expect(y.some((value) => value !== 0)).toBe(true);
  });
});
