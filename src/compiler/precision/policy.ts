/**
 * @file What mixed precision does with each kind of op, as a table. Products are computed from 16-bit operands, sums,
 * norms and losses in float32, and what only maps or moves elements follows its operands. The lists are PyTorch's
 * (`torch.amp`) but for two: norms give back what they take, and rows of a table are rounded when they are looked up, so
 * that what lies beside the products through a network is stored in 16 bits too.
 */

/**
 * `narrow`: operands and results have 16 bits. `follow`: as its operands have. `norm`: computed in float32, stored like its
 * first operand. `rows`: rows of what is float32 are rounded. `wide`, all others: float32, also those of users.
 */
export type Treatment = "narrow" | "follow" | "norm" | "rows" | "wide";

const kinds: Readonly<Record<Exclude<Treatment, "wide">, readonly string[]>> = {
  narrow: ["matmul", "conv2d", "conv2dGradInput", "conv2dGradFilter", "attention"],
  norm: ["layerNorm", "rmsNorm"],
  rows: ["gather"],
  follow: [
    ...["add", "sub", "mul", "div", "maximum", "minimum", "affine", "where", "clamp"],
    ...["neg", "abs", "sign", "floor", "ceil", "round", "relu", "gelu", "tanh", "sigmoid", "dropout"],
    ...["maxPool2d", "avgPool2d"],
    ...["reshape", "transpose", "slice", "concat", "pad", "broadcastTo", "takeAlong", "to", "stopGradient"],
  ],
};

const byKind: ReadonlyMap<string, Treatment> = new Map(
  Object.entries(kinds).flatMap(([treatment, list]) => list.map((kind) => [kind, treatment as Treatment] as const)),
);

export const treatmentOf = (kind: string): Treatment => byKind.get(kind) ?? "wide";
