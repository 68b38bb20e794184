/** @file Every kernel against plain double arithmetic, at odd sizes and offsets. */
import { describe, expect, test } from "vitest";
import { Bench, draw, near, numbers } from "./harness.ts";

const odd = [0, 1, 2, 3, 5, 7, 15, 16, 17, 31, 33, 67];

describe("gemm", () => {
  const shapes = [
    [1, 1, 1],
    [3, 5, 7],
    [64, 256, 784],
    [33, 65, 129],
    [8, 10, 300],
    [130, 9, 513],
    [1, 70, 33],
    [70, 1, 33],
    [4, 4, 0],
    [0, 5, 3],
    [12, 530, 20],
    [24, 4100, 40],
    [130, 10, 300],
    [9, 17, 513],
  ] as const;
  for (const [ta, tb] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const)
    test.each(shapes)(`%i × %i × %i, transposed ${ta}${tb}`, (M, N, K) => {
      const random = numbers(M * 7 + N * 3 + K);
      const bench = new Bench(M % 5);
      const a = bench.f32(draw(random, M * K));
      const b = bench.f32(draw(random, K * N));
      const bias = bench.f32(draw(random, N));
      const c = bench.f32(M * N);
      bench.run("gemm", ta, tb, M, N, K, a, ta ? M : K, b, tb ? K : N, c, N, null, N, bias);
      const want = new Float64Array(M * N);
      for (let i = 0; i < M; i++)
        for (let j = 0; j < N; j++) {
          let s = bias[j]!;
          for (let p = 0; p < K; p++) s += a[ta ? p * M + i : i * K + p]! * b[tb ? j * K + p : p * N + j]!;
          want[i * N + j] = s;
        }
      near(c, want, 1e-5);
      if (M * N * K > 1e6) return;
      // Accumulating onto itself, and over a batch that shares one operand.
      const before = Float64Array.from(c);
      bench.run("gemm", ta, tb, M, N, K, a, ta ? M : K, b, tb ? K : N, c, N, c, N, null);
      near(
        c,
        before.map((x, i) => x + want[i]! - bias[i % N]!),
        1e-5,
      );
      const two = bench.f32(2 * M * N);
      bench.run("gemm_batched", 2, ta, tb, M, N, K, a, ta ? M : K, 0, b, tb ? K : N, 0, two, N, M * N);
      near(
        two.subarray(M * N),
        want.map((x, i) => x - bias[i % N]!),
        1e-5,
      );
    });

  test.each([
    [1, 256, 320],
    [64, 256, 130],
    [300, 256, 10],
  ])("sums have small errors, %i × %i · … × %i", (M, K, N) => {
    const random = numbers(M + K + N);
    const bench = new Bench();
    const [a, b, c] = [bench.f32(draw(random, M * K)), bench.f32(draw(random, K * N)), bench.f32(M * N)];
    bench.run("gemm", 0, 0, M, N, K, a, K, b, N, c, N, null, N, null);
    let [worst, most] = [0, 0];
    for (let i = 0; i < M; i++)
      for (let j = 0; j < N; j++) {
        let sum = 0;
        for (let p = 0; p < K; p++) sum += a[i * K + p]! * b[p * N + j]!;
        worst = Math.max(worst, Math.abs(c[i * N + j]! - sum));
        most = Math.max(most, Math.abs(sum));
      }
    expect(worst / most).toBeLessThan(4e-7); // one product after the other: 5e-7 and more
  });

  test.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const)("an element has the same bits in any shape around it, transposed %i%i", (ta, tb) => {
    const [M, N, K] = [40, 150, 300];
    const random = numbers(3);
    const bench = new Bench();
    const a = bench.f32(draw(random, M * K));
    const b = bench.f32(draw(random, K * N));
    const whole = bench.f32(M * N);
    bench.run("gemm", ta, tb, M, N, K, a, ta ? M : K, b, tb ? K : N, whole, N, null, N, null);
    for (const rows of [1, 2, 4, 5, 7, 8, 9, 12, 13, 24, 25, 40])
      for (const columns of [1, 5, 16, 17, 33, 70, 150]) {
        const row = (rows * 5 + columns) % (M - rows + 1);
        const column = (rows * 11 + columns) % (N - columns + 1);
        const part = bench.f32(rows * columns);
        const left = a.subarray(ta ? row : row * K);
        const right = b.subarray(tb ? column * K : column);
        const strides = [ta ? M : K, tb ? K : N] as const;
        bench.run(
          "gemm",
          ta,
          tb,
          rows,
          columns,
          K,
          left,
          strides[0],
          right,
          strides[1],
          part,
          columns,
          null,
          columns,
          null,
        );
        for (let i = 0; i < rows; i++)
          expect([...part.subarray(i * columns, (i + 1) * columns)], `${rows} × ${columns}, row ${i}`).toEqual([
            ...whole.subarray((row + i) * N + column, (row + i) * N + column + columns),
          ]);
      }
  });
});

describe("maps", () => {
  const binary = [
    (a: number, b: number) => a + b,
    (a: number, b: number) => a - b,
    (a: number, b: number) => a * b,
    (a: number, b: number) => a / b,
    Math.max,
    Math.min,
  ];
  test.each([
    { n: [2, 3, 4, 17], sa: [204, 68, 17, 1], sb: [204, 68, 17, 1], what: "equal shapes" },
    { n: [1, 1, 5, 33], sa: [0, 0, 33, 1], sb: [0, 0, 0, 1], what: "a row" },
    { n: [1, 1, 5, 33], sa: [0, 0, 33, 1], sb: [0, 0, 1, 0], what: "a column" },
    { n: [1, 1, 3, 19], sa: [0, 0, 19, 1], sb: [0, 0, 0, 0], what: "one number" },
    { n: [1, 1, 3, 19], sa: [0, 0, 0, 0], sb: [0, 0, 19, 1], what: "one number on the left" },
    { n: [1, 1, 3, 0], sa: [0, 0, 0, 1], sb: [0, 0, 0, 1], what: "nothing" },
  ])("binary with $what", ({ n, sa, sb }) => {
    const random = numbers(11);
    const bench = new Bench(1);
    const reach = (s: readonly number[]) => 1 + n.reduce((sum, extent, d) => sum + Math.max(0, extent - 1) * s[d]!, 0);
    const a = bench.f32(draw(random, reach(sa)));
    const b = bench.f32(draw(random, reach(sb)).map((x) => x + 2));
    const count = n.reduce((p, q) => p * q, 1);
    const y = bench.f32(count);
    binary.forEach((f, op) => {
      bench.run("binary", op, ...n, ...sa, ...sb, a, b, y);
      const want = Float64Array.from({ length: count }, (_, flat) => {
        const at = n.map((extent, d) => Math.floor(flat / n.slice(d + 1).reduce((p, q) => p * q, 1)) % extent);
        const dot = (s: readonly number[]) => at.reduce((sum, i, d) => sum + i * s[d]!, 0);
        return f(a[dot(sa)]!, b[dot(sb)]!);
      });
      near(y, want);
    });
  });

  const unary = [(x: number) => Math.max(0, x), Math.exp, (x: number) => -x, Math.sqrt, Math.log, (x: number) => x];
  test.each(odd)("unary over %i", (n) => {
    const random = numbers(n);
    const bench = new Bench(3);
    const x = bench.f32(draw(random, n, 5));
    const positive = bench.f32(draw(random, n, 5).map((v) => Math.abs(v) + 1e-3));
    const y = bench.f32(n);
    unary.forEach((f, op) => {
      const from = f === Math.sqrt || f === Math.log ? positive : x;
      bench.run("unary", op, n, from, y);
      near(y, Float64Array.from(from, f), 1e-6);
    });
    bench.run("affine", n, 2.5, -1, x, y);
    near(
      y,
      Float64Array.from(x, (v) => v * 2.5 - 1),
    );
    const dy = bench.f32(draw(random, n));
    bench.run("relu_grad", n, x, dy, y);
    near(
      y,
      Float64Array.from(dy, (g, i) => (x[i]! > 0 ? g : 0)),
    );
    bench.run("fill", n, 1.5, y);
    expect([...y]).toEqual(Array(n).fill(1.5));
    const i = bench.i32(n);
    bench.run("fill_i32", n, -7, i);
    bench.run("increment", n, 3, i, i);
    expect([...i]).toEqual(Array(n).fill(-4));
  });

  test("infinities, NaN, zeros and the ends of the range", () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const values = [nan, inf, -inf, 0, -0, 88.7, 89, -87.5, -100, -104, -1000, 1e-40, 3.4e38];
    const bench = new Bench();
    const x = bench.f32(values);
    const y = bench.f32(values.length);
    bench.run("unary", 1, values.length, x, y);
    values.forEach((v, i) => {
      const want = Math.fround(Math.exp(Math.fround(v)));
      if (Number.isFinite(want))
        expect(Math.abs(y[i]! - want), `exp ${v}`).toBeLessThanOrEqual(Math.abs(want) * 3e-7 + 1.5e-45);
      else expect(y[i], `exp ${v}`).toBe(want);
    });
    bench.run("unary", 4, values.length, x, y);
    values.forEach((v, i) => {
      const want = Math.fround(Math.log(Math.fround(v)));
      if (Number.isFinite(want)) expect(Math.abs(y[i]! - want), `log ${v}`).toBeLessThanOrEqual(Math.abs(want) * 1e-6);
      else expect(y[i], `log ${v}`).toBe(want);
    });
    bench.run("unary", 0, values.length, x, y);
    expect(y[0]).toBeNaN();
    expect([y[1], y[2], y[3]]).toEqual([inf, 0, 0]);
    const one = bench.f32(values.map(() => 1));
    for (const [op, a, b] of [
      [4, x, one],
      [4, one, x],
      [5, x, one],
      [5, one, x],
    ] as const) {
      bench.run("binary", op, 1, 1, 1, values.length, 0, 0, 0, 1, 0, 0, 0, 1, a, b, y);
      expect(y[0], `max or min with NaN, op ${op}`).toBeNaN();
    }
  });

  test("casts and comparisons", () => {
    const bench = new Bench();
    const x = bench.f32([1.9, -1.9, 0, 1e10, -1e10, Number.NaN]);
    const i = bench.i32(6);
    bench.run("cast", 0, 1, 6, x, i);
    expect([...i]).toEqual([1, -1, 0, 2147483647, -2147483648, 0]);
    const b = bench.u8(6);
    bench.run("cast", 0, 2, 6, x, b);
    expect([...b]).toEqual([1, 1, 0, 1, 1, 1]);
    const y = bench.f32(6);
    bench.run("cast", 2, 0, 6, b, y);
    expect([...y]).toEqual([1, 1, 0, 1, 1, 1]);
    bench.run("cast", 1, 0, 6, i, y);
    expect([...y]).toEqual([1, -1, 0, 2147483648, -2147483648, 0]);
    const row = [1, 1, 1, 6, 0, 0, 0, 1, 0, 0, 0, 1];
    bench.run("compare", 0, 1, ...row, i, bench.i32([1, 2, 0, 3, -2147483648, 1]), b);
    expect([...b]).toEqual([1, 0, 1, 0, 1, 0]);
    const [low, high] = [bench.f32([1, 2, 2, Number.NaN, 1, -0]), bench.f32([2, 1, 2, 1, Number.NaN, 0])];
    const answers = [
      [0, 0, 1, 0, 0, 1],
      [1, 1, 0, 1, 1, 0],
      [1, 0, 0, 0, 0, 0],
      [1, 0, 1, 0, 0, 1],
      [0, 1, 0, 0, 0, 0],
      [0, 1, 1, 0, 0, 1],
    ];
    answers.forEach((want, op) => {
      bench.run("compare", op, 0, ...row, low, high, b);
      expect([...b], `comparison ${op}, NaN among them`).toEqual(want);
    });
    const [p, q] = [bench.u8([0, 0, 7, 7, 1, 0]), bench.u8([0, 1, 0, 1, 255, 0])]; // any byte but 0 is true
    bench.run("compare", 0, 2, ...row, p, q, b);
    expect([...b]).toEqual([1, 0, 0, 1, 1, 1]);
    bench.run("compare", 6, 2, ...row, p, q, b);
    expect([...b]).toEqual([0, 0, 0, 1, 1, 0]);
    bench.run("compare", 7, 2, ...row, p, q, b);
    expect([...b]).toEqual([0, 1, 1, 1, 1, 0]);
    bench.run("logical_not", 6, p, b);
    expect([...b]).toEqual([1, 1, 0, 0, 0, 1]);
  });
});

describe("rows", () => {
  test.each([
    [3, 7, 1],
    [1, 67, 1],
    [2, 5, 33],
    [1, 64, 10],
    [4, 1, 3],
    [2, 0, 5],
    [2, 0, 1],
    [0, 4, 4],
  ])("reduce %i × %i × %i", (outer, mid, inner) => {
    const bench = new Bench(2);
    const x = bench.f32(draw(numbers(outer + mid), outer * mid * inner));
    const y = bench.f32(outer * inner);
    const folds = [
      { start: 0, f: (a: number, b: number) => a + b, scale: 0.25 },
      { start: Number.NEGATIVE_INFINITY, f: Math.max, scale: 1 },
      { start: Number.POSITIVE_INFINITY, f: Math.min, scale: 1 },
    ];
    folds.forEach(({ start, f, scale }, monoid) => {
      bench.run("reduce", monoid, outer, mid, inner, 0.25, x, y);
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          let s = start;
          for (let m = 0; m < mid; m++) s = f(s, x[(o * mid + m) * inner + i]!);
          if (Number.isFinite(s)) expect(y[o * inner + i]).toBeCloseTo(s * scale, 4);
          else expect(y[o * inner + i]).toBe(s);
        }
    });
  });

  test.each([1, 2, 10, 33])("cross-entropy over %i classes, and its gradient", (C) => {
    const R = 9;
    const random = numbers(C);
    const bench = new Bench(1);
    const x = bench.f32(draw(random, R * C, 20));
    const label = bench.i32(Array.from({ length: R }, (_, r) => (r === 4 ? -1 : r === 5 ? C : (r * 7) % C)));
    const loss = bench.f32(R);
    const dloss = bench.f32(draw(random, R));
    const dx = bench.f32(R * C);
    bench.run("cross_entropy", R, C, x, label, loss);
    bench.run("cross_entropy_grad", R, C, x, label, dloss, dx);
    const wantLoss = new Float64Array(R);
    const wantGrad = new Float64Array(R * C);
    for (let r = 0; r < R; r++) {
      const t = label[r]!;
      if (t < 0 || t >= C) continue;
      const row = Array.from(x.subarray(r * C, r * C + C));
      const most = Math.max(...row);
      const total = row.reduce((s, v) => s + Math.exp(v - most), 0);
      wantLoss[r] = Math.log(total) - (row[t]! - most);
      row.forEach((v, c) => {
        wantGrad[r * C + c] = (Math.exp(v - most) / total - (c === t ? 1 : 0)) * dloss[r]!;
      });
    }
    near(loss, wantLoss, 1e-6);
    near(dx, wantGrad, 1e-6);
  });

  test("argmax takes the first of equals and lets NaN win", () => {
    const bench = new Bench();
    const x = bench.f32([1, 3, 3, 2, 5, Number.NaN, 9, 0]);
    const y = bench.i32(4);
    bench.run("argmax", 2, 4, 1, x, y);
    expect([...y.subarray(0, 2)]).toEqual([1, 1]);
    bench.run("argmax", 1, 2, 4, x, y);
    expect([...y]).toEqual([1, 1, 1, 0]);
  });
});

describe("optimizers", () => {
  test.each(odd)("adamW and sgd over %i", (n) => {
    const random = numbers(n + 1);
    const bench = new Bench(2);
    const start = draw(random, n);
    const [p, m, v, g] = [start, draw(random, n), draw(random, n).map((x) => x * x), draw(random, n)].map((x) =>
      bench.f32(x),
    );
    const [m0, v0] = [Float64Array.from(m!), Float64Array.from(v!)];
    const lr = bench.f32([0.01]);
    bench.run("adamw", n, p!, m!, v!, g!, lr, bench.i32([3]), 0.9, 0.999, 1e-8, 0.1);
    const b1 = 0.9;
    const b2 = 0.999;
    const want = Float64Array.from(start, (x, i) => {
      const mean = b1 * m0[i]! + (1 - b1) * g![i]!;
      const square = b2 * v0[i]! + (1 - b2) * g![i]! ** 2;
      return x * (1 - 0.001) - (0.01 / (1 - b1 ** 3)) * (mean / (Math.sqrt(square / (1 - b2 ** 3)) + 1e-8));
    });
    near(p!, want, 2e-6);
    const q = bench.f32(start);
    const buffer = bench.f32(m0);
    bench.run("sgd", n, q, buffer, g!, lr, 0.9, 0.1, 0, 1);
    near(
      q,
      Float64Array.from(start, (x, i) => {
        const d = g![i]! + 0.1 * x;
        return x - 0.01 * (d + 0.9 * (0.9 * m0[i]! + d));
      }),
    );
    bench.run("sgd", n, q, null, g!, lr, 0, 0, 0, 0);
  });

  test("the first step of Adam corrects β as it is given, not as float32 has it", () => {
    const bench = new Bench();
    const [p, m, v] = [bench.f32([0]), bench.f32([0]), bench.f32([0])];
    bench.run("adamw", 1, p, m, v, bench.f32([0.5]), bench.f32([1]), bench.i32([1]), 0.9, 0.999, 0, 0);
    expect(v[0]).toBe(Math.fround(0.25 * Math.fround(0.001)));
    expect(Math.abs(p[0]! + 1)).toBeLessThan(3e-7); // m̂ / √v̂ = 1
  });
});

test("an element has the same bits at every offset and in every length", () => {
  const source = draw(numbers(5), 128, 4);
  const reference = new Map<string, number[]>();
  for (let skew = 0; skew < 32; skew++)
    for (let n = 1; n <= 67; n += skew === 0 ? 1 : 13) {
      const bench = new Bench(skew);
      const x = bench.f32(source.subarray(0, n));
      const y = bench.f32(n);
      const check = (what: string) =>
        y.forEach((value, i) => {
          const known = reference.get(what) ?? [];
          known[i] ??= value;
          reference.set(what, known);
          expect(value, `${what} at ${i} of ${n}, offset ${skew}`).toBe(known[i]);
        });
      bench.run("unary", 1, n, x, y);
      check("exp");
      bench.run("binary", 3, 1, 1, 1, n, 0, 0, 0, 1, 0, 0, 0, 1, x, x, y);
      check("div");
      bench.run("affine", n, 1.1, 0.3, x, y);
      check("affine");
      const m = bench.f32(x);
      const v = bench.f32(x.map((value) => value * value));
      y.set(x);
      bench.run("adamw", n, y, m, v, x, bench.f32([0.1]), bench.i32([2]), 0.9, 0.999, 1e-8, 0.01);
      check("adamw");
    }
});
