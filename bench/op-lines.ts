/**
 * @file The ops whose speed is measured alone: the kernel calls of each, on buffers of given sizes, and what the peer is
 * asked for. bench/peers/ops.py has the same names.
 */
import { compile, graph, nn, optim, placement } from "sluice";
import type { Call, Operand } from "../src/ir/program.ts";

export interface OpLine {
  readonly name: string;
  /** What the peer builds: a kind and its sizes. */
  readonly kind: string;
  readonly sizes: readonly number[];
  /** Elements of each buffer; `ids` names those that hold whole numbers, with their bound. */
  readonly buffers: readonly number[];
  readonly ids?: Readonly<Record<number, number>>;
  /** Buffers of what is never negative. */
  readonly positive?: readonly number[];
  readonly calls: readonly Call[];
  /** What several ops are compiled to, of which no kernel of float64 has the name: buffers' right contents from those before. */
  readonly reference?: (before: readonly ArrayLike<number>[]) => ReadonlyMap<number, Float64Array>;
}

/** The same line with the kernels of float64; undefined where there are none. */
export function inDoubles(line: OpLine): OpLine | undefined {
  if (line.reference) return undefined;
  const calls = line.calls.map(({ kernel, args }): Call => {
    if (kernel === "gather") return { kernel, args: [8, ...args.slice(1)] };
    if (kernel !== "gemm") return { kernel: `${kernel}_f64`, args };
    const [ta, tb, M, N, K, a, lda, b, ldb, c, ldc] = args as [Operand, ...Operand[]];
    return { kernel: "gemm_batched_f64", args: [1, ta, tb!, M!, N!, K!, a!, lda!, 0, b!, ldb!, 0, c!, ldc!, 0] };
  });
  return { ...line, calls };
}

const at = (buffer: number) => ({ buffer });
const call = (kernel: string, ...args: Operand[]): Call => ({ kernel, args });

function matmul(ta: number, tb: number, M: number, N: number, K: number): OpLine {
  const product = call("gemm", ta, tb, M, N, K, at(0), ta ? M : K, at(1), tb ? K : N, at(2), N, null, N, null);
  const name = `matmul ${"NT"[ta]}${"NT"[tb]} ${M}×${K}·${K}×${N}`;
  return { name, kind: "matmul", sizes: [ta, tb, M, N, K], buffers: [M * K, K * N, M * N], calls: [product] };
}

function batched(n: number, M: number, N: number, K: number): OpLine {
  const calls = [call("gemm_batched", n, 0, 0, M, N, K, at(0), K, M * K, at(1), N, K * N, at(2), N, M * N)];
  const buffers = [n * M * K, n * K * N, n * M * N];
  return { name: `matmul ${n} × (${M}×${K}·${K}×${N})`, kind: "batched", sizes: [n, M, N, K], buffers, calls };
}

/** Images, channels, size of the image, channels out, window, stride, padding. */
function convolutions(): OpLine[] {
  return [
    [2, 64, 56, 64, 3, 1, 1],
    [2, 128, 28, 128, 3, 1, 1],
    [2, 256, 14, 256, 3, 1, 1],
    [2, 512, 7, 512, 3, 1, 1],
    [2, 64, 56, 128, 3, 2, 1],
    [2, 256, 14, 512, 3, 2, 1],
    [2, 64, 56, 256, 1, 1, 0],
    [2, 256, 14, 1024, 1, 1, 0],
    [2, 3, 224, 64, 7, 2, 3],
  ].flatMap((sizes): OpLine[] => {
    const [N, C, H, K, R, s, p] = sizes as [number, number, number, number, number, number, number];
    const O = Math.floor((H + 2 * p - R) / s) + 1;
    const [x, w, y] = [N * C * H * H, K * C * R * R, N * K * O * O];
    const geometry = [N, C, H, H, K, R, R, O, O, s, s, p, p];
    const name = `conv ${R}×${R} s${s} ${C}→${K} at ${H}²`;
    const of = (kernel: string, kind: string, what: string, buffers: number[]): OpLine => {
      const calls = [call(kernel, ...geometry, ...buffers.map((_, i) => at(i)))];
      return { name: `${name}${what}`, kind, sizes, buffers, calls };
    };
    return [
      of("conv2d", "conv", "", [x, w, y]),
      of("conv2d_grad_x", "conv_grad_x", ", image's gradient", [w, y, x]),
      of("conv2d_grad_w", "conv_grad_w", ", filters' gradient", [x, y, w]),
    ];
  });
}

function attentions(): OpLine[] {
  const heads = 8;
  /** Heads one after the other, or the rows of all heads side by side, as a projection makes them. */
  const line = (T: number, d: number, together: boolean): OpLine[] => {
    const numbers = [1, heads, T, T, d, d, 1, 0, d ** -0.5];
    const strides = together ? [0, d, heads * d] : [0, T * d, d];
    const rows = (buffers: number[]) => buffers.flatMap((buffer): Operand[] => [at(buffer), ...strides]);
    const forward = call("attention", ...numbers, ...rows([0, 1, 2, 3]));
    const backward = call("attention_grad", ...numbers, ...rows([0, 1, 2, 4, 5, 6, 7]));
    const name = `attention causal T=${T} d=${d}${together ? ", heads side by side" : ""}`;
    const kind = `attention${together ? "_together" : ""}`;
    const buffers = (n: number) => Array<number>(n).fill(heads * T * d);
    const both = { name: `${name}, forward and backward`, kind: `${kind}_both`, calls: [forward, backward] };
    return [
      { name, kind, sizes: [heads, T, d], buffers: buffers(4), calls: [forward] },
      { ...both, sizes: [heads, T, d], buffers: buffers(8) },
    ];
  };
  const alone = [128, 256, 512, 1024].flatMap((T) => [32, 64].flatMap((d) => line(T, d, false)));
  return [...alone, ...line(128, 32, true), ...line(1024, 64, true)];
}

const [R, C] = [2048, 1024];
const n = R * C;
const eps = 1e-5;
const rows = [R, C];

function rowWise(): OpLine[] {
  const norm = (kind: string, centred: number): OpLine[] => [
    {
      name: `${kind} norm ${R}×${C}`,
      kind: `${kind}_norm`,
      sizes: rows,
      buffers: [n, C, C, n],
      calls: [call("layer_norm", centred, R, C, eps, at(0), at(1), centred ? at(2) : null, at(3))],
    },
    {
      name: `${kind} norm ${R}×${C}, all gradients`,
      kind: `${kind}_norm_grad`,
      sizes: rows,
      buffers: [n, C, n, n, C, C],
      calls: [
        call("layer_norm_grad", centred, R, C, eps, at(0), at(1), at(2), at(3)),
        call("layer_norm_grad_gain", centred, R, C, eps, at(0), at(2), at(4)),
        ...(centred ? [call("reduce", 0, 1, R, C, 1, at(2), at(5))] : []),
      ],
    },
  ];
  const entropy = (count: number, classes: number): OpLine => ({
    name: `cross-entropy ${count}×${classes}, forward and backward`,
    kind: "cross_entropy",
    sizes: [count, classes],
    buffers: [count * classes, count, count, count, count * classes],
    ids: { 1: classes },
    calls: [
      call("cross_entropy", count, classes, at(0), at(1), at(2)),
      call("cross_entropy_grad", count, classes, at(0), at(1), at(3), at(4)),
    ],
  });
  return [
    {
      name: `softmax ${R}×${C}`,
      kind: "softmax",
      sizes: rows,
      buffers: [n, n],
      calls: [call("softmax", 0, R, C, 1, at(0), at(1))],
    },
    entropy(2048, 128),
    entropy(256, 32000),
    ...norm("layer", 1),
    ...norm("rms", 0),
  ];
}

/** Batch norm is ops of its own, so the line is what they are compiled to: of scaled images, both ways. */
function batchNorm(): OpLine {
  const sizes = [32, 64, 28, 28] as const;
  const mesh = placement("cpu", { d: 1 });
  const [norm, scale] = [nn.batchNorm2d(64), nn.embedding(2, 64)];
  const inputs = { x: mesh.input(sizes, "float32"), g: mesh.input(sizes, "float32"), first: mesh.input([1], "int32") };
  const model = nn.define({ norm, scale }, () => () => undefined);
  const training = graph(mesh, { name: "batch norm", model, inputs }, ({ x, g, first }, on) => {
    const loss = norm(x.mul(scale(first).reshape([1, 64, 1, 1])))
      .mul(g)
      .sum();
    on.minimize(loss, optim.sgd({ lr: 1 })); // so what becomes of parameters shows the gradients
    return { loss };
  });
  const { buffers, tasks, inputs: fed, outputs, states } = compile(training).data;
  const bufferOf = new Map([...fed, ...outputs, ...states].map(({ name, buffer }) => [name, buffer]));
  const names = ["x", "g", "scale.weight", "norm.weight", "norm.bias", "loss"].map((name) => bufferOf.get(name)!);
  return {
    name: `batch norm of scaled images ${sizes.join("×")}, forward and backward`,
    kind: "batch_norm",
    sizes,
    buffers: buffers.map(({ bytes }) => bytes / 4),
    ids: Object.fromEntries(buffers.flatMap(({ dtype }, id) => (dtype === "int32" ? [[id, 2]] : []))),
    calls: tasks.flatMap(({ classes }) => classes[0]?.program ?? []),
    reference: (before) => batchNormInDoubles(sizes, names, before),
  };
}

/**
 * One step of SGD with a rate of 1 on Σ g·norm(x·scale), the scale being the second row of its table: the loss and the norm's
 * parameters. The scale's gradient is what is left of sums that cancel, for the norm undoes it, and says nothing of errors.
 */
function batchNormInDoubles(
  [N, C, H, W]: readonly [number, number, number, number],
  names: readonly number[],
  before: readonly ArrayLike<number>[],
): ReadonlyMap<number, Float64Array> {
  const held = (i: number) => before[names[i]!]!;
  const [x, g, scale, weight, bias] = [held(0), held(1), held(2), held(3), held(4)];
  const [weights, biases] = [Float64Array.from(weight), Float64Array.from(bias)];
  let loss = 0;
  for (let c = 0; c < C; c++) {
    const at = Array.from({ length: N * H * W }, (_, i) => (Math.floor(i / (H * W)) * C + c) * H * W + (i % (H * W)));
    const mean = (of: (i: number) => number) => at.reduce((sum, i) => sum + of(i), 0) / at.length;
    const s = scale[C + c]!;
    const centre = mean((i) => x[i]! * s);
    const deviation = Math.sqrt(mean((i) => (x[i]! * s - centre) ** 2) + eps);
    const h = (i: number) => (x[i]! * s - centre) / deviation;
    const [ofBias, ofWeight] = [mean((i) => g[i]!), mean((i) => g[i]! * h(i))];
    loss += (ofWeight * weight[c]! + ofBias * bias[c]!) * at.length;
    weights[c]! -= ofWeight * at.length;
    biases[c]! -= ofBias * at.length;
  }
  const found = [weights, biases, Float64Array.of(loss)];
  return new Map(found.map((each, i) => [names[i + 3]!, each]));
}

/** A bias and what follows it are one chain when they are compiled. */
function biasGelu(): OpLine {
  const mesh = placement("cpu", { d: 1 });
  const inputs = { x: mesh.input([R, C], "float32"), b: mesh.input([C], "float32") };
  const { buffers, tasks } = compile(
    graph(mesh, { name: "bias", inputs }, ({ x, b }) => ({ y: x.add(b).gelu() })),
  ).data;
  const rate = 2 * Math.sqrt(2 / Math.PI);
  return {
    name: `bias + gelu ${R}×${C}`,
    kind: "bias_gelu",
    sizes: rows,
    buffers: buffers.map(({ bytes }) => bytes / 4),
    calls: tasks.flatMap(({ classes }) => classes[0]?.program ?? []),
    reference([x, b]) {
      const y = Float64Array.from({ length: n }, (_, i) => x![i]! + b![i % C]!);
      return new Map([[2, y.map((v) => v / (1 + Math.exp(-rate * v * (1 + 0.044715 * v * v))))]]);
    },
  };
}

function elementWise(): OpLine[] {
  const add = call("binary", 0, 1, 1, 1, n, 0, 0, 0, 1, 0, 0, 0, 1, at(0), at(1), at(2));
  const reduction = (name: string, kind: string, code: number, outer: number, mid: number, inner: number): OpLine => ({
    name: `${name} ${R}×${C}`,
    kind,
    sizes: rows,
    buffers: [n, outer * inner],
    calls: [call("reduce", code, outer, mid, inner, 1, at(0), at(1))],
  });
  return [
    { name: `add ${R}×${C}`, kind: "add", sizes: rows, buffers: [n, n, n], calls: [add] },
    { name: `relu ${R}×${C}`, kind: "relu", sizes: rows, buffers: [n, n], calls: [call("unary", 0, n, at(0), at(1))] },
    { name: `gelu ${R}×${C}`, kind: "gelu", sizes: rows, buffers: [n, n], calls: [call("unary", 12, n, at(0), at(1))] },
    biasGelu(),
    {
      name: `gelu's gradient, and that of a bias ${R}×${C}`,
      kind: "gelu_grad_bias",
      sizes: rows,
      buffers: [n, n, n, C],
      calls: [call("gelu_grad", n, at(0), at(1), at(2)), call("reduce", 0, 1, R, C, 1, at(2), at(3))],
    },
    {
      name: `residual + layer norm ${R}×${C}`,
      kind: "residual_norm",
      sizes: rows,
      buffers: [n, n, n, C, C, n],
      calls: [add, call("layer_norm", 1, R, C, eps, at(2), at(3), at(4), at(5))],
    },
    reduction("sum of rows", "sum_rows", 0, R, C, 1),
    reduction("sum over rows", "sum_columns", 0, 1, R, C),
    reduction("sum of all", "sum_all", 0, 1, n, 1),
    reduction("largest of rows", "max_rows", 1, R, C, 1),
  ];
}

function others(): OpLine[] {
  const [table, width] = [1000, 256];
  const weights = 10_000_000;
  const moved = { sizes: [table, width, R], ids: { 1: table } };
  return [
    {
      name: `gather ${R} rows of ${width}`,
      kind: "gather",
      ...moved,
      buffers: [table * width, R, R * width],
      calls: [call("gather", 4, 1, table, width, R, 0, at(0), at(1), at(2))],
    },
    {
      name: `scatter-add ${R} rows of ${width}`,
      kind: "scatter_add",
      ...moved,
      buffers: [R * width, R, table * width],
      calls: [call("scatter_add", 1, table, width, R, 0, at(0), at(1), at(2))],
    },
    {
      name: "AdamW 10 M",
      kind: "adamw",
      sizes: [weights],
      buffers: [weights, weights, weights, weights, 1, 1],
      ids: { 5: 3 },
      positive: [2, 4],
      calls: [call("adamw", weights, ...[0, 1, 2, 3, 4, 5].map(at), 0.9, 0.999, 1e-8, 0.01)],
    },
  ];
}

export const opLines: readonly OpLine[] = [
  matmul(0, 0, 256, 256, 256),
  matmul(0, 0, 512, 512, 512),
  matmul(0, 0, 1024, 1024, 1024),
  matmul(0, 0, 2048, 1024, 256),
  matmul(0, 1, 2048, 256, 1024),
  matmul(1, 0, 256, 1024, 2048),
  matmul(0, 0, 16, 4096, 4096),
  matmul(0, 0, 1, 1024, 1024),
  matmul(0, 0, 127, 131, 129),
  batched(64, 128, 128, 32),
  ...convolutions(),
  ...attentions(),
  ...rowWise(),
  batchNorm(),
  ...elementWise(),
  ...others(),
];
