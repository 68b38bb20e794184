/** @file Every op at work: shapes, attributes and values that its rules and kernels are tested on. */
import { opDef } from "../../src/graph/registry.ts";
import type { DType } from "../../src/ir/dtype.ts";
import type { Attrs } from "../../src/ir/graph.ts";
import { draw, type Range, type Type, type Value } from "../../src/testing/value.ts";
import { elementCases } from "./cases-elements.ts";
import { integerCases } from "./cases-integers.ts";
import { networkCases } from "./cases-network.ts";

export interface Case {
  readonly kind: string;
  readonly shapes: readonly (readonly number[])[];
  readonly attrs: Attrs;
  readonly dtypes?: readonly DType[];
  /** Range of the values. */
  readonly from?: number;
  readonly to?: number;
  /** Whole numbers, so that some are equal and some are 0. */
  readonly whole?: boolean;
}

export const of = (
  kind: string,
  shapes: readonly (readonly number[])[],
  attrs: Attrs = {},
  more: Partial<Case> = {},
): Case => ({ kind, shapes, attrs, ...more });
const kinds = (names: string[], ...rest: [readonly (readonly number[])[], Attrs?, Partial<Case>?]) =>
  names.map((kind) => of(kind, ...rest));
const arithmetic = ["add", "sub", "mul", "div", "maximum", "minimum"];
const reductions = ["sum", "mean", "max", "min"];
const nudge = { from: 0.5, to: 3 };
export const transposes = [0, 1, 2, 3].map((i) => ({ transposeA: i % 2 === 1, transposeB: i > 1 }));

export const cases: Case[] = [
  ...kinds(arithmetic, [
    [5, 4],
    [5, 4],
  ]),
  ...kinds(arithmetic, [[5, 4], [4]]),
  ...kinds(arithmetic, [
    [5, 1],
    [1, 3],
  ]),
  ...kinds(arithmetic, [[], [2, 3]]),
  ...kinds(arithmetic, [
    [2, 1, 2, 1, 2, 3],
    [2, 2, 1, 2, 1, 3],
  ]), // more loops than a kernel has
  ...[
    [2, 0],
    [-3, 0],
    [2, 1],
    [-1, 4],
    [0, 0],
    [0, 5],
  ].map(([mul, add]) => of("affine", [[5, 3]], { mul: mul!, add: add! })),
  ...kinds(["relu", "exp", "neg", "floor", "ceil", "round", "sin", "cos", "erf"], [[5, 3]]),
  ...kinds(["sqrt", "log"], [[5, 3]], {}, nudge),
  of("reluGrad", [
    [5, 3],
    [5, 3],
  ]),
  ...[[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]].flatMap((dims) =>
    [true, false].flatMap((keep) => kinds(reductions, [[5, 2, 3]], { dims, keep })),
  ),
  ...kinds(reductions, [[1, 4]], { dims: [0], keep: false }),
  of("broadcastTo", [[4]], { shape: [5, 4], dims: [1] }),
  of("broadcastTo", [[5]], { shape: [5, 4], dims: [0] }),
  of("broadcastTo", [[5, 1]], { shape: [5, 4], dims: [0, 1] }),
  of("broadcastTo", [[]], { shape: [5], dims: [] }),
  ...transposes.map((t) => of("matmul", [t.transposeA ? [4, 5] : [5, 4], t.transposeB ? [3, 4] : [4, 3]], t)),
  ...transposes.map((t) =>
    of(
      "matmul",
      [
        [2, 1, ...(t.transposeA ? [4, 5] : [5, 4])],
        [3, ...(t.transposeB ? [2, 4] : [4, 2])],
      ],
      t,
    ),
  ),
  of(
    "matmul",
    [
      [3, 5, 4],
      [4, 2],
    ],
    transposes[0]!,
  ),
  of(
    "matmul",
    [
      [3, 4, 5],
      [4, 2],
    ],
    transposes[1]!,
  ),
  of(
    "matmul",
    [
      [2, 2, 2, 3],
      [2, 2, 3, 2],
    ],
    transposes[0]!,
  ),
  of("softmaxCrossEntropy", [[5, 4], [5]], {}, { dtypes: ["float32", "int32"] }),
  of(
    "softmaxCrossEntropy",
    [
      [2, 3, 4],
      [2, 3],
    ],
    {},
    { dtypes: ["float32", "int32"] },
  ),
  of("softmaxCrossEntropyGrad", [[5, 4], [5], [5]], {}, { dtypes: ["float32", "int32", "float32"] }),
  of("argmax", [[5, 2, 3]], { dim: 1 }),
  of("to", [[5, 3]], { layout: null }),
  of("constant", [], { shape: [5, 3], dtype: "float32", value: 2.5 }),
  of("constant", [], { shape: [5], dtype: "int32", value: 2 }),
  of(
    "adamW",
    [[5, 3], [5, 3], [5, 3], [5, 3], [], []],
    { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.01 },
    { ...nudge, dtypes: [...Array(5).fill("float32"), "int32"] },
  ),
  of(
    "adamW",
    [[5], [5], [5], [5], [], []],
    { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.01 },
    { ...nudge, dtypes: [...Array(5).fill("float32"), "int32"] },
  ),
  of(
    "sgd",
    [[5, 3], [5, 3], [], []],
    { momentum: 0, weightDecay: 0.1, nesterov: false, guarded: true },
    { dtypes: [...Array(3).fill("float32"), "int32"] },
  ),
  of("sgd", [[5, 3], [5, 3], []], { momentum: 0, weightDecay: 0.1, nesterov: false }),
  of("sgd", [[5, 3], [5, 3], [5, 3], []], { momentum: 0.9, weightDecay: 0, nesterov: true }),
  of("assign", [
    [5, 3],
    [5, 3],
  ]),
  of("increment", [[]], { by: 1 }, { dtypes: ["int32"] }),
  of("increment", [[], []], { by: 1, guarded: true }, { dtypes: ["int32", "int32"], from: 0, to: 1 }),
  of("nonFinite", [[5, 3]], {}, { from: -4.2e38, to: 4.2e38 }), // float32 ends at 3.4e38
  of("nonFinite", [[5, 3]], {}, { from: -3.6e38, to: 3.6e38 }),
  ...networkCases,
  ...elementCases,
  ...integerCases,
];

export const typesOf = ({ shapes, dtypes }: Case): Type[] =>
  shapes.map((shape, i) => ({ shape, dtype: dtypes?.[i] ?? "float32" }));

export const rangeOf = ({ from = -3, to = 3, whole = false }: Case): Range => ({ from, to, whole });

export const values = (c: Case, random: () => number): Value[] => draw(typesOf(c), rangeOf(c), random);

/** The op with its rules, as signatures are made for it. */
export function operation(c: Case) {
  const [{ kind: name, attrs }, ins] = [c, typesOf(c)];
  const { infer, rules } = opDef(name);
  return { name, ins, outs: infer(ins, attrs) as readonly Type[], attrs, rules };
}

export const shapesOf = ({ kind, shapes, attrs, dtypes = [] }: Case) =>
  `${kind} ${shapes.map((s, i) => `${dtypes[i] ?? ""}[${s}]`).join(" ")} ${JSON.stringify(attrs)}`;
