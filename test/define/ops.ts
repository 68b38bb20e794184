/** @file Ops as users define them, in a file of its own: executor threads load it too. */
import { defineOp, S, type Shape, type Tensor } from "sluice";

export { hardSwish } from "../../examples/custom-op/hard-swish.ts";

/** x where it is positive, else slope · x. */
export const leaky = defineOp<
  <S extends Shape>(x: Tensor<S, "float32">, attrs: { readonly slope: number }) => Tensor<S, "float32">
>({
  kind: "leaky",
  module: import.meta.url,
  infer: ([x]) => [x],
  rules: ({ ins: [x] }) => x.shape.map((_, d) => ({ ins: [S(d)], outs: [S(d)] })),
  kernel({ ins: [x], outs: [y], attrs: { slope } }) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[i]! > 0 ? x.data[i]! : slope * x.data[i]!;
  },
});

/** The sums of the rows' positive and of their negative elements. */
export const balance = defineOp<
  <N extends number | string>(x: Tensor<[N, number], "float32">) => [Tensor<[N], "float32">, Tensor<[N], "float32">]
>({
  kind: "balance",
  module: import.meta.url,
  infer: ([x]) => [x, x].map(({ dtype }) => ({ shape: x.shape.slice(0, 1), dtype })),
  rules: () => [
    { ins: ["S(0)"], outs: ["S(0)", "S(0)"] },
    { ins: ["S(1)"], outs: ["P(sum)", "P(sum)"] },
  ],
  gradient: ({ ins: [x], grads: [up, down] }) => [
    () => {
      const [rows] = x.shape;
      const spread = (g: typeof up) => (g ? g.reshape([rows, 1]).mul(x.mul(0).add(1)) : x.mul(0));
      return balanceGrad(x, spread(up), spread(down));
    },
  ],
  kernel({ ins: [x], outs: [up, down] }) {
    const width = x.shape[1]!;
    for (let row = 0; row < up.data.length; row++) {
      up.data[row] = 0;
      down.data[row] = 0;
      for (const v of x.data.subarray(row * width, (row + 1) * width)) (v > 0 ? up : down).data[row]! += v;
    }
  },
});

type Matrix = Tensor<[number | string, number], "float32">;
const balanceGrad = defineOp<(x: Matrix, up: Tensor, down: Tensor) => Matrix>({
  kind: "balanceGrad",
  module: import.meta.url,
  infer: ([x]) => [x],
  rules: ({ ins: [x] }) => x.shape.map((_, d) => ({ ins: [S(d), S(d), S(d)], outs: [S(d)] })),
  kernel({ ins: [x, up, down], outs: [y] }) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = Number((x.data[i]! > 0 ? up : down).data[i]);
  },
});

/** A number that depends on the seed and the place in the whole tensor alone. */
export const stamp = defineOp<<S extends Shape>(x: Tensor<S, "float32">) => Tensor<S, "int32">>({
  kind: "stamp",
  module: import.meta.url,
  infer: ([x]) => [{ shape: x.shape, dtype: "int32" }],
  rules: () => [{ ins: ["S(0)"], outs: ["S(0)"] }],
  kernel({ outs: [y], seed }) {
    const rows = y.region[0]!.flatMap(([lo, hi]) => Array.from({ length: hi - lo }, (_, i) => lo + i));
    const width = y.data.length / rows.length;
    for (const [i, row] of rows.entries()) y.data.fill(1000 * seed + row, i * width, (i + 1) * width);
  },
});

/** Throws on a rank where an element exceeds 100. */
export const guard = defineOp<<S extends Shape>(x: Tensor<S, "float32">) => Tensor<S, "float32">>({
  kind: "guard",
  module: import.meta.url,
  infer: ([x]) => [x],
  rules: () => [{ ins: ["S(0)"], outs: ["S(0)"] }],
  kernel({ ins: [x], outs: [y] }) {
    if (x.data.some((v) => v > 100)) throw new RangeError("an element exceeds 100");
    y.data.set(x.data);
  },
});

/** What kernels should not do. */
export const wild = defineOp<
  <S extends Shape>(
    x: Tensor<S, "float32">,
    attrs: { readonly how: "async" | "returns" | "spills" },
  ) => Tensor<S, "float32">
>({
  kind: "wild",
  module: import.meta.url,
  infer: ([x]) => [x],
  rules: () => [{ ins: ["S(0)"], outs: ["S(0)"] }],
  kernel({ ins: [x], outs: [y], attrs: { how } }): unknown {
    new Float32Array(y.data.buffer).fill(7); // no more than the output
    if (how === "async") return Promise.reject(new Error("nobody hears this"));
    if (how === "returns") return y.data;
    new Float32Array(x.data.buffer).fill(-1); // a copy
    return undefined;
  },
});
