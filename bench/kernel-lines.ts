/** @file The calls that `bench/kernels.ts` measures: attention, convolution, and what is limited by memory. */

/** How many floats an operand has, or whole numbers: all from 0 to less than `below`. */
export type Data = number | { readonly whole: number; readonly below: number };

/** A call: its arguments in order, numbers as they are, operands by what they hold. */
export interface Line {
  readonly name: string;
  readonly kernel: string;
  readonly args: readonly (number | { readonly data: Data })[];
  /** Floating-point operations, or else bytes read and written, of a call. */
  readonly flops?: number;
  readonly bytes?: number;
}
const operands = (...all: readonly Data[]) => all.map((data) => ({ data }));

/** Causal, so about half of the scores count. */
function attentions(): Line[] {
  return [128, 256, 512, 1024].flatMap((T) =>
    [32, 64].flatMap((d): Line[] => {
      const heads = 8;
      const [sizes, rows] = [[heads, T, T, d, d, 1, 0, d ** -0.5], heads * T * d];
      const product = heads * T * (T + 1) * d;
      return [
        {
          name: `attention T=${T} d=${d}`,
          kernel: "attention",
          args: [...sizes, ...operands(rows, rows, rows, rows)],
          flops: 2 * product,
        },
        {
          name: `attention T=${T} d=${d} backward`,
          kernel: "attention_grad",
          args: [...sizes, ...operands(...Array(7).fill(rows))],
          flops: 5 * product,
        },
      ];
    }),
  );
}

/** Images, channels, size of the image, channels out, window, stride, padding. */
function convolutions(): Line[] {
  return [
    [2, 64, 56, 64, 3, 1, 1],
    [2, 128, 28, 128, 3, 1, 1],
    [2, 256, 14, 256, 3, 1, 1],
    [2, 512, 7, 512, 3, 1, 1],
    [2, 64, 56, 128, 3, 2, 1],
    [2, 256, 14, 512, 3, 2, 1],
    [2, 64, 56, 256, 1, 1, 0],
    [2, 256, 28, 512, 1, 2, 0],
    [2, 3, 224, 64, 7, 2, 3],
    [128, 1, 28, 32, 3, 1, 1],
    [128, 32, 14, 64, 3, 1, 1],
  ].flatMap((line) => {
    const [N, C, H, K, R, s, p] = line as [number, number, number, number, number, number, number];
    const O = Math.floor((H + 2 * p - R) / s) + 1;
    const sizes = [N, C, H, H, K, R, R, O, O, s, s, p, p];
    const [x, w, y] = [N * C * H * H, K * C * R * R, N * K * O * O];
    const name = `conv ${N}×${C}×${H}² → ${K}, ${R}×${R} s${s}`;
    const flops = 2 * w * N * O * O;
    return [
      { name, kernel: "conv2d", args: [...sizes, ...operands(x, w, y)], flops },
      { name: `${name}, image's gradient`, kernel: "conv2d_grad_x", args: [...sizes, ...operands(w, y, x)], flops },
      { name: `${name}, filters' gradient`, kernel: "conv2d_grad_w", args: [...sizes, ...operands(x, y, w)], flops },
    ];
  });
}

/** What is limited by memory: bytes that must be read and written. Tensors are larger than the caches of a core. */
function streams(): Line[] {
  const pools = (kind: number, name: string): Line[] =>
    [
      [128 * 32, 28, 2, 2, 0],
      [128 * 64, 14, 2, 2, 0],
      [2 * 64, 112, 3, 2, 1],
      [8 * 512, 7, 7, 1, 0],
    ].flatMap((line) => {
      const [planes, H, R, s, p] = line as [number, number, number, number, number];
      const O = Math.floor((H + 2 * p - R) / s) + 1;
      const sizes = [kind, planes, H, H, O, O, R, R, s, s, p, p];
      const [x, y] = [planes * H * H, planes * O * O];
      const title = `${name} pool ${planes}×${H}², ${R}×${R} s${s}`;
      return [
        { name: title, kernel: "pool2d", args: [...sizes, ...operands(x, y)], bytes: 4 * (x + y) },
        {
          name: `${title}, gradient`,
          kernel: "pool2d_grad",
          args: [...sizes, ...operands(x, y, x)],
          bytes: 4 * ((kind ? 1 : 2) * x + y),
        },
      ];
    });
  const sums = [
    [4096, 1024, 1],
    [1, 4096, 1024],
    [256, 64, 784],
    [1, 50000, 64],
    [8192, 64, 1],
    [2048 * 32, 49, 1],
  ].map(([outer, mid, inner]): Line => {
    const [x, y] = [outer! * mid! * inner!, outer! * inner!];
    return {
      name: `sum of ${outer}×${mid}×${inner} over the second`,
      kernel: "reduce",
      args: [0, outer!, mid!, inner!, 1, ...operands(x, y)],
      bytes: 4 * (x + y),
    };
  });
  const [R, C, n] = [4096, 1024, 1 << 22];
  const maps = (
    name: string,
    kernel: string,
    before: number[],
    reads: number,
    writes: number,
    after: number[] = [],
  ): Line => ({
    name: `${name} of ${n}`,
    kernel,
    args: [...before, ...operands(...Array(reads + writes).fill(n)), ...after],
    bytes: 4 * n * (reads + writes),
  });
  const rows = (name: string, kernel: string, sizes: number[], data: Data[], passes: number): Line => ({
    name: `${name} of ${R}×${C}`,
    kernel,
    args: [...sizes, ...operands(...data)],
    bytes: 4 * R * C * passes,
  });
  const classes = { whole: R, below: C };
  const norms = (center: number, name: string): Line[] => [
    rows(name, "layer_norm", [center, R, C, 1e-5], [R * C, C, C, R * C], 2),
    rows(`${name}, gradient`, "layer_norm_grad", [center, R, C, 1e-5], [R * C, C, R * C, R * C], 3),
    rows(`${name}, gain's gradient`, "layer_norm_grad_gain", [center, R, C, 1e-5], [R * C, R * C, C], 2),
  ];
  const channels = [128, 64, 784, 1];
  const planes = 128 * 64 * 784;
  const tokens = { whole: 4096, below: 32000 };
  const ten = 10_000_000;
  return [
    ...pools(0, "max"),
    ...pools(1, "mean"),
    ...sums,
    maps("relu", "unary", [0, n], 1, 1),
    maps("relu's gradient", "relu_grad", [n], 2, 1),
    maps("gelu", "unary", [12, n], 1, 1),
    maps("gelu's gradient", "gelu_grad", [n], 2, 1),
    maps("sum of two", "binary", [0, 1, 1, 1, n, 0, 0, 0, 1, 0, 0, 0, 1], 2, 1),
    rows("bias added", "binary", [0, 1, 1, R, C, 0, 0, C, 1, 0, 0, 0, 1], [R * C, C, R * C], 2),
    {
      name: "channels scaled, 128×64×28²",
      kernel: "binary",
      args: [2, 1, 128, 64, 784, 0, 64 * 784, 784, 1, 0, 0, 1, 0, ...operands(planes, 64, planes)],
      bytes: 8 * channels.reduce((a, b) => a * b),
    },
    ...norms(1, "layer norm"),
    ...norms(0, "RMS norm"),
    rows("softmax", "softmax", [0, R, C, 1], [R * C, R * C], 2),
    rows("softmax, gradient", "softmax_grad", [0, R, C, 1], [R * C, R * C, R * C], 3),
    rows("cross-entropy", "cross_entropy", [R, C], [R * C, classes, R], 1),
    rows("cross-entropy, gradient", "cross_entropy_grad", [R, C], [R * C, classes, R, R * C], 2),
    {
      name: "AdamW over 10 M",
      kernel: "adamw",
      args: [ten, ...operands(ten, ten, ten, ten, 1, { whole: 1, below: 9 }), 0.9, 0.999, 1e-8, 0.01],
      bytes: 28 * ten,
    },
    {
      name: "4096 rows of 256 gathered from 32,000",
      kernel: "gather",
      args: [4, 1, 32000, 256, 4096, 0, ...operands(32000 * 256, tokens, 4096 * 256)],
      bytes: 8 * 4096 * 256,
    },
    {
      name: "4096 rows of 256 added to 32,000",
      kernel: "scatter_add",
      args: [1, 32000, 256, 4096, 0, ...operands(4096 * 256, tokens, 32000 * 256)],
      bytes: 4 * (4096 + 32000) * 256,
    },
  ];
}

export const lines = (): Line[] => [...attentions(), ...convolutions(), ...streams()];
