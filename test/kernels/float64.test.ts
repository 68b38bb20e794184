/** @file Every float64 kernel against the reference of the same name in test/graph, to 1e-14; functions against known digits. */
import { describe, expect, test } from "vitest";
import type { Operand } from "../../src/ir/program.ts";
import { type Buffer, execute } from "../graph/kernels.ts";
import { Bench, numbers } from "./harness.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const random = numbers(64);
/** Doubles in [−1, 1) with more digits than float32 has. */
const some = (n: number) => Float64Array.from({ length: n }, () => random() + random() * 2 ** -31);
const positive = (n: number) => some(n).map(Math.abs);
const zeros = (n: number) => new Float64Array(n).fill(nan);
const ids = (...data: number[]) => Int32Array.from(data);

type Arg = number | null | Float64Array | Int32Array;

/** Runs the kernel and its reference on copies of the arrays: all of them must be alike afterwards. */
function agree(kernel: string, args: readonly Arg[], tolerance = 1e-14): void {
  const bench = new Bench();
  const views = args.map((arg) =>
    arg instanceof Float64Array ? bench.f64(arg) : arg instanceof Int32Array ? bench.i32(arg) : arg,
  );
  bench.run(kernel, ...views);
  const buffers: Buffer[] = [];
  const operands = args.map((arg): Operand => {
    if (arg === null || typeof arg === "number") return arg;
    return { buffer: buffers.push({ dtype: "float32", data: Float64Array.from(arg) }) - 1 };
  });
  execute([{ kernel, args: operands }], buffers);
  let at = 0;
  for (const view of views) {
    if (view === null || typeof view === "number") continue;
    const want = buffers[at++]!.data;
    view.forEach((x, i) => {
      if (Object.is(x, want[i]) || x === want[i]) return;
      expect(Math.abs(x - want[i]!), `${kernel}, array ${at}[${i}]: ${x} for ${want[i]}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(want[i]!)),
      );
    });
  }
}

const line = (n: number) => [1, 1, 1, n, 0, 0, 0, 1, 0, 0, 0, 1];
const conv = [2, 3, 6, 5, 4, 3, 2, 3, 5, 2, 1, 1, 0];
const pool = [3, 6, 5, 3, 3, 2, 3, 2, 2, 0, 1];
const heads = [1, 2, 4, 5, 3, 2, 1, 1, 0.3];
/** Of rows of `width` in two heads, one after the other. */
const rowsOf = (x: Float64Array, width: number) => [x, 0, x.length / 2, width] as const;

const cases: readonly (readonly [kernel: string, args: readonly Arg[], tolerance?: number])[] = [
  ...[0, 1].flatMap((ta) =>
    [0, 1].map((tb) => {
      const args = [2, ta, tb, 3, 4, 5, some(30), ta ? 3 : 5, 15, some(40), tb ? 5 : 4, 20, zeros(24), 4, 12];
      return ["gemm_batched_f64", args] as const;
    }),
  ),
  ["gemm_batched_f64", [1, 0, 0, 2, 2, 0, some(1), 1, 0, some(2), 2, 0, zeros(4), 2, 4]],
  ...[0, 1, 2, 3, 4, 5].flatMap(
    (op) =>
      [
        ["binary_f64", [op, ...line(9), some(9), positive(9).map((x) => x + 0.1), zeros(9)]],
        ["binary_f64", [op, 1, 1, 2, 3, 0, 0, 1, 0, 0, 0, 0, 1, some(2), positive(3).map((x) => x + 0.1), zeros(6)]],
      ] as const,
  ),
  ["affine_f64", [7, 1 / 3, 0.1, some(7), zeros(7)]],
  ["relu_grad_f64", [5, some(5), some(5), zeros(5)]],
  ...[0, 1, 2].map((monoid) => ["reduce_f64", [monoid, 2, 5, 3, monoid ? 1 : 1 / 3, some(30), zeros(6)]] as const),
  ["reduce_f64", [0, 2, 0, 3, 1, some(0), zeros(6)]],
  ["reduce_f64", [1, 1, 0, 2, 1, some(0), zeros(2)]],
  ["reduce_f64", [2, 1, 0, 2, 1, some(0), zeros(2)]],
  ["cross_entropy_f64", [4, 5, some(20), ids(2, 0, -1, 5), zeros(4)]],
  ["cross_entropy_grad_f64", [4, 5, some(20), ids(2, 0, -1, 5), some(4), zeros(20)]],
  ["argmax_f64", [2, 5, 3, some(30), ids(0, 0, 0, 0, 0, 0)]],
  ["fill_f64", [3, 0.1, zeros(3)]],
  ["adamw_f64", [5, some(5), some(5), positive(5), some(5), some(1), ids(3), 0.9, 0.999, 1e-8, 0.1]],
  ["sgd_f64", [5, some(5), some(5), some(5), some(1), 0.9, 0.1, 0.2, 1]],
  ["sgd_f64", [5, some(5), some(5), some(5), some(1), 0.9, 0.1, 0, 0]],
  ["sgd_f64", [5, some(5), null, some(5), some(1), 0, 0, 0, 0]],
  ["lamb_f64", [5, some(5), some(5), positive(5), some(5), ids(3), 0.9, 0.999, 1e-8, 0.1, zeros(5)]],
  ["trusted_rate_f64", [positive(1), positive(1), some(1), zeros(1)]],
  ["trusted_rate_f64", [Float64Array.of(0), positive(1), some(1), zeros(1)]],
  ...[0, 1].flatMap(
    (logs) =>
      [
        ["softmax_f64", [logs, 2, 5, 3, some(30), zeros(30)]],
        ["softmax_grad_f64", [logs, 2, 5, 3, some(30), some(30), zeros(30)]],
        ["layer_norm_f64", [logs, 3, 5, 1e-5, some(15), some(5), logs ? some(5) : null, zeros(15)]],
        ["layer_norm_grad_f64", [logs, 3, 5, 1e-5, some(15), some(5), some(15), zeros(15)]],
        ["layer_norm_grad_gain_f64", [logs, 3, 5, 1e-5, some(15), some(15), zeros(5)]],
        ["pool2d_f64", [logs, ...pool, some(90), zeros(27)]],
        ["pool2d_grad_f64", [logs, ...pool, some(90), some(27), zeros(90)]],
        ["cumsum_f64", [2, 5, 3, logs, some(30), zeros(30)]],
      ] as const,
  ),
  ["blend_f64", [5, 0.1, some(5), some(5)]],
  ["conv2d_f64", [...conv, some(180), some(72), zeros(120)]],
  ["conv2d_grad_x_f64", [...conv, some(72), some(120), zeros(180)]],
  ["conv2d_grad_w_f64", [...conv, some(180), some(120), zeros(72)]],
  [
    "attention_f64",
    [...heads, ...rowsOf(some(24), 3), ...rowsOf(some(30), 3), ...rowsOf(some(20), 2), ...rowsOf(zeros(16), 2)],
  ],
  [
    "attention_grad_f64",
    [
      ...heads,
      ...[some(24), some(30)].flatMap((x) => rowsOf(x, 3)),
      ...[some(20), some(16)].flatMap((x) => rowsOf(x, 2)),
      ...[zeros(24), zeros(30)].flatMap((x) => rowsOf(x, 3)),
      ...rowsOf(zeros(20), 2),
    ],
  ],
  ["gelu_grad_f64", [9, some(9).map((x) => x * 5), some(9), zeros(9)]],
  ...[0, 1, 2, 3, -1, -2, 7, 0.5, -2.5, 1 / 3].map((n) => ["power_f64", [6, n, positive(6), zeros(6)]] as const),
  ["power_f64", [6, 5, some(6), zeros(6)]],
  ["clamp_f64", [7, -0.5, 0.1, some(7), zeros(7)]],
  ["clamp_grad_f64", [7, -0.5, 0.1, some(7), some(7), zeros(7)]],
  ["scatter_add_f64", [2, 3, 2, 4, 1, some(16), ids(2, 1, 9, 2), zeros(12)]],
  ["add_along_f64", [1, 3, 2, 2, 1, some(4), ids(2, 1, 9, 3), zeros(6)]],
  ["one_hot_f64", [3, 4, 1, ids(1, 4, 0), zeros(12)]],
  ["top_k_f64", [2, 5, 3, 2, some(30), zeros(12), new Int32Array(12)]],
  // A draw is made of 2⁻³² steps, and the reference's sine of a whole turn has an error of its own.
  ...[0, 1].map((kind) => {
    const args = [kind, -0.3, 0.7, 42, 7, 99, 1, 1, 3, 5, 0, 0, 5, 1, 0, 0, 5, 1, 2 ** 35 + 1, ids(4), null, zeros(15)];
    return ["random_f64", args] as const;
  }),
  ["random_f64", [3, 0.3, 1 / 0.7, 42, 7, 99, 1, 1, 1, 40, 0, 0, 0, 1, 0, 0, 0, 1, 3, ids(4), some(40), zeros(40)]],
];

test.each(cases.map(([kernel, args, tolerance], i) => [`${kernel} ${i}`, kernel, args, tolerance] as const))(
  "%s",
  (_, kernel, args, tolerance) => agree(kernel, args, tolerance),
);

test("a dropout mask is the same in both dtypes, and philox is random at step 0", () => {
  const bench = new Bench();
  const n = 4096;
  const rest = [42, 7, 99, 1, 1, 1, n, 0, 0, 0, 1];
  const [a, b] = [bench.f32(n), bench.f64(n)];
  const step = bench.i32([0]);
  bench.run("random", 3, 0.9, 10, ...rest, 0, 0, 0, 1, 0, step, bench.f32(new Float32Array(n).fill(1)), a);
  bench.run("random_f64", 3, 0.9, 10, ...rest, 0, 0, 0, 1, 0, step, bench.f64(new Float64Array(n).fill(1)), b);
  expect([...b]).toEqual([...a]);
  for (const kind of [0, 1]) {
    const c = bench.f64(n);
    bench.run("random_f64", kind, -1, 2, ...rest, 0, 0, 0, 1, 0, step, null, b);
    bench.run("philox_f64", kind, -1, 2, ...rest, 0, c);
    expect([...c]).toEqual([...b]);
  }
  expect(() => bench.run("philox_f64", 2, 0, 0, ...rest, 0, b)).toThrow(/malformed/); // bits are words of 32
});

describe("functions", () => {
  const apply = (op: number, xs: readonly number[]) => {
    const bench = new Bench();
    const [x, y] = [bench.f64(xs), bench.f64(xs.length)];
    bench.run("unary_f64", op, xs.length, x, y);
    const [single, out] = [bench.f32(xs), bench.f32(xs.length)];
    bench.run("unary", op, xs.length, single, out);
    return { y: [...y], single, out };
  };
  const hard = [nan, inf, -inf, 0, -0, 1e-310, -1e-310, 5e-324, 1, -1, 709.7, 709.8, -708.5, -745, -746, 1e308, 1e-20];
  const wide = [...some(300), ...some(300).map((x) => x * 30), ...some(100).map((x) => x * 700), ...hard];
  // V8's own functions are fdlibm's too, within 1 ulp; 2 ulp of ours and 1 of theirs make 7e-16.
  test.each([
    ["relu", 0, (x: number) => Math.max(x, 0), 0],
    ["exp", 1, Math.exp, 7e-16],
    ["neg", 2, (x: number) => -x, 0],
    ["sqrt", 3, Math.sqrt, 0],
    ["log", 4, Math.log, 7e-16],
    ["copy", 5, (x: number) => x, 0],
    ["abs", 6, Math.abs, 0],
    ["square", 7, (x: number) => x * x, 0],
    ["tanh", 8, Math.tanh, 1e-15],
    ["sigmoid", 9, (x: number) => 1 / (1 + Math.exp(-x)), 1e-15],
    ["sign", 10, Math.sign, 0],
    ["reciprocal", 11, (x: number) => 1 / x, 0],
    ["floor", 13, Math.floor, 0],
    ["ceil", 14, Math.ceil, 0],
    ["sin", 16, Math.sin, 1e-15],
    ["cos", 17, Math.cos, 1e-15],
  ] as const)("%s", (name, op, f, relative) => {
    apply(op, wide).y.forEach((y, i) => {
      const want = f(wide[i]!);
      if (!Number.isFinite(want) || want === 0 || relative === 0) expect(y, `${name}(${wide[i]})`).toBe(want);
      else
        expect(Math.abs(y - want), `${name}(${wide[i]}) is ${y}, not ${want}`).toBeLessThanOrEqual(
          Math.abs(want) * relative + 5e-324,
        );
    });
  });

  test("gelu to 1e-15", () => {
    const xs = [...some(200).map((x) => x * 6), 0, 40, -40];
    const gelu = (v: number) => (v / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
    apply(12, xs).y.forEach((y, i) => {
      expect(Math.abs(y - gelu(xs[i]!)), `gelu(${xs[i]})`).toBeLessThanOrEqual(3e-15);
    });
  });

  test("halves go to the even number, and floor, ceil and round are the same in float32", () => {
    const xs = [0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, -2.6, 1e15 + 0.5, nan, inf, -0];
    expect(apply(15, xs).y).toEqual([0, 2, 2, -0, -2, 2, -3, 1e15, nan, inf, -0]);
    for (const op of [13, 14, 15]) {
      const { single, out } = apply(op, xs);
      expect([...out], `op ${op}`).toEqual(apply(op, [...single]).y);
    }
  });

  // To 17 digits, by mpmath.
  const known = {
    erf: [
      [1e-300, 1.1283791670955126e-300],
      [0.3, 0.3286267594591274],
      [0.8437, 0.7671979750524579],
      [0.85, 0.7706680576083526],
      [1.2, 0.9103139782296353],
      [1.3, 0.9340079449406524],
      [2.5, 0.999593047982555],
      [2.9, 0.9999589021219005],
      [4.5, 0.9999999998033839],
      [-5.9, -0.9999999999999999],
      [7, 1],
      [-inf, -1],
      [nan, nan],
    ],
    sin: [
      [Math.PI, 1.2246467991473532e-16],
      [100, -0.5063656411097588],
      [-1e6, 0.34999350217129294],
      [1e22, -0.8522008497671888],
      [1.7976931348623157e308, 0.004961954789184062],
      [inf, nan],
    ],
    cos: [
      [Math.PI / 2, 6.123233995736766e-17],
      [100, 0.8623188722876839],
      [-1e6, 0.9367521275331447],
      [1e22, 0.523214785395139],
      [1.7976931348623157e308, -0.9999876894265599],
      [5.319372648326541e255, -4.687165924254628e-19], // the double nearest to an odd multiple of π/2
      [-inf, nan],
    ],
  } as const;
  test.each([
    ["sin", 16],
    ["cos", 17],
    ["erf", 18],
  ] as const)("%s has the known digits, in float32 as well", (name, op) => {
    const { y, single, out } = apply(
      op,
      known[name].map(([x]) => x),
    );
    known[name].forEach(([x, want], i) => {
      if (Number.isNaN(want)) expect(y[i], `${name}(${x})`).toBeNaN();
      else expect(Math.abs(y[i]! / want - 1), `${name}(${x}) is ${y[i]}`).toBeLessThanOrEqual(1e-15);
    });
    apply(op, [...single]).y.forEach((v, i) => {
      expect(out[i], `${name}(${single[i]})`).toBe(Math.fround(v));
    });
  });

  test("powers have the known digits at the ends of the range; zeros, infinities and signs", () => {
    const bench = new Bench();
    for (const [x, n, want] of [
      [1.5, 2.5, 2.7556759606310752],
      [0.7, 999, 1.7903666285223413e-155],
      [3, 1 / 3, 1.4422495703074083],
      [1e-310, 0.25, 3.162277660168377e-78],
      [10, 300.5, 3.162277660168379e300],
      [0.999, -70000.25, 2.605750376458301e30],
      [-2, 9, -512],
      [-2, 0.5, nan],
      [nan, 0, 1],
      [-0, 7, -0],
      [-0, -7, -inf],
      [0, -0.5, inf],
      [-inf, 5, -inf],
      [inf, -1.5, 0],
      [2, 1e7, inf],
      [2, -1e7, 0],
    ] as const) {
      const y = bench.f64(1);
      bench.run("power_f64", 1, n, bench.f64([x]), y);
      if (!Number.isFinite(want) || want === 0) expect(y[0], `${x} ** ${n}`).toBe(want);
      else expect(Math.abs(y[0]! / want - 1), `${x} ** ${n} is ${y[0]}`).toBeLessThanOrEqual(3e-15);
    }
  });
});

test("NaN, infinities and labels that are not there, as in float32", () => {
  const bench = new Bench();
  const y = bench.f64(2);
  const one = bench.f64([1, 1]);
  for (const [op, a, b] of [
    [4, bench.f64([nan, 1]), one],
    [4, one, bench.f64([nan, 1])],
    [5, bench.f64([nan, 1]), one],
    [5, one, bench.f64([nan, 1])],
  ] as const) {
    bench.run("binary_f64", op, ...line(2), a, b, y);
    expect([...y]).toEqual([nan, 1]);
  }
  bench.run("reduce_f64", 1, 1, 3, 1, 1, bench.f64([1, nan, 2]), y);
  expect(y[0]).toBeNaN();
  const at = bench.i32(1);
  bench.run("argmax_f64", 1, 4, 1, bench.f64([1, nan, inf, nan]), at);
  expect([...at]).toEqual([1]);
  const [top, places] = [bench.f64(3), bench.i32(3)];
  bench.run("top_k_f64", 1, 5, 1, 3, bench.f64([1, nan, 3, inf, nan]), top, places);
  expect([...top]).toEqual([nan, nan, inf]);
  expect([...places]).toEqual([1, 4, 3]);
  const clamped = bench.f64(4);
  bench.run("clamp_f64", 4, -1, 1, bench.f64([nan, inf, -inf, 0.5]), clamped);
  expect([...clamped]).toEqual([nan, 1, -1, 0.5]);
  for (const row of [
    [1, nan, 2],
    [nan, 1, 2],
    [1, inf, 2],
    [-inf, -inf, -inf],
  ]) {
    const [loss, dx] = [bench.f64(1), bench.f64(3)];
    bench.run("cross_entropy_f64", 1, 3, bench.f64(row), bench.i32([0]), loss);
    bench.run("cross_entropy_grad_f64", 1, 3, bench.f64(row), bench.i32([0]), bench.f64([1]), dx);
    expect(loss[0], String(row)).toBeNaN();
    expect(dx[0], String(row)).toBeNaN();
  }
});
