/** @file Kernels with a fast way for neighbours: the bits are those of the way for elements that lie apart. */
import { expect, test } from "vitest";
import { Bench, draw, numbers } from "./harness.ts";

const lengths = [1, 2, 15, 16, 17, 31, 33, 64, 67, 300];

test.each(lengths)("softmax of a line of %i is that of a column among others, right, and NaN as a whole", (mid) => {
  const inner = 5;
  const bench = new Bench(mid % 7);
  const random = numbers(mid);
  const [lines, grads] = [draw(random, inner * mid, 9), draw(random, inner * mid)];
  const turned = (x: ArrayLike<number>) =>
    Float32Array.from({ length: inner * mid }, (_, i) => x[(i % inner) * mid + Math.floor(i / inner)]!);
  const [x, columns, dy, columnsDy] = [lines, turned(lines), grads, turned(grads)].map((data) => bench.f32(data));
  const [y, columnsY, dx, columnsDx] = [0, 1, 2, 3].map(() => bench.f32(inner * mid));
  for (const logs of [0, 1]) {
    bench.run("softmax", logs, inner, mid, 1, x!, y!);
    bench.run("softmax", logs, 1, mid, inner, columns!, columnsY!);
    expect([...columnsY!]).toEqual([...turned(y!)]);
    bench.run("softmax_grad", logs, inner, mid, 1, y!, dy!, dx!);
    bench.run("softmax_grad", logs, 1, mid, inner, columnsY!, columnsDy!, columnsDx!);
    expect([...columnsDx!]).toEqual([...turned(dx!)]);
    for (let r = 0; r < inner; r++) {
      const row = lines.subarray(r * mid, (r + 1) * mid);
      const sum = row.reduce((s, v) => s + Math.exp(v), 0);
      row.forEach((v, i) => {
        const want = logs ? v - Math.log(sum) : Math.exp(v) / sum;
        expect(Math.abs(y![r * mid + i]! - want)).toBeLessThan(3e-6 * Math.max(1, Math.abs(want)));
      });
    }
  }
  const broken = bench.f32(lines);
  broken[mid - 1] = Number.NaN;
  bench.run("softmax", 0, inner, mid, 1, broken, broken); // in place
  expect([...broken].map(Number.isNaN)).toEqual(Array.from(broken, (_, i) => i < mid));
});

test.each([1, 511, 512, 513, 544, 1024, 8191, 8192, 8193, 9000])(
  "the sum of a line of %i has the bits of a column's, and of one beside a product, and few numbers are added in a row",
  (mid) => {
    for (const inner of [5, 70, 200]) {
      const bench = new Bench(mid % 7);
      const data = draw(numbers(mid), inner * mid, 1);
      const turned = Float32Array.from(
        { length: inner * mid },
        (_, i) => data[(i % inner) * mid + Math.floor(i / inner)]!,
      );
      const [lines, columns] = [bench.f32(data), bench.f32(turned)];
      const [ofLines, ofColumns, beside] = [0, 1, 2].map(() => bench.f32(inner));
      bench.run("reduce", 0, inner, mid, 1, 1, lines, ofLines!);
      bench.run("reduce", 0, 1, mid, inner, 1, columns, ofColumns!);
      const rows = 40;
      const [a, product] = [bench.f32(draw(numbers(7), rows * mid, 1)), bench.f32(rows * inner)];
      bench.run("gemm_sums", rows, inner, mid, a, columns, product, beside!);
      expect([...ofColumns!]).toEqual([...ofLines!]);
      expect([...beside!]).toEqual([...ofLines!]);
      for (let r = 0; r < inner; r++) {
        const want = data.subarray(r * mid, (r + 1) * mid).reduce((s, v) => s + v, 0);
        expect(Math.abs(ofLines![r]! - want)).toBeLessThan(1.2e-7 * Math.sqrt(mid) * 4);
      }
    }
  },
);

test.each([
  ["", 0],
  ["", 1],
  ["", 2],
  ["_f64", 0],
  ["_f64", 1],
] as const)("philox%s of kind %i draws a run as it draws its elements apart", (suffix, kind) => {
  const bench = new Bench(1);
  const n = 300;
  const take = (count: number) => (suffix ? bench.f64(count) : bench.f32(count));
  const words = (x: Float32Array | Float64Array) => [...new Int32Array(x.buffer, x.byteOffset, x.byteLength / 4)];
  const first = 2 ** 34 - 131; // where the lower word of the counter is full
  const rest = [kind, -1, 2, 3, 5, 7] as const;
  const apart = take(n);
  bench.run(`philox${suffix}`, ...rest, 1, 1, n, 1, 0, 0, 1, 0, first, apart);
  const each = words(apart).length / n;
  for (const [start, count] of [
    [0, 300],
    [1, 64],
    [2, 9],
    [3, 66],
    [130, 40],
    [131, 169],
  ] as const) {
    const run = take(count);
    bench.run(`philox${suffix}`, ...rest, 1, 1, 1, count, 0, 0, 0, 1, first + start, run);
    expect(words(run)).toEqual(words(apart).slice(start * each, (start + count) * each));
  }
});
