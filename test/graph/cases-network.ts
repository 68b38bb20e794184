/** @file Cases of the ops that networks are made of; see cases.ts. */
import type { Attrs } from "../../src/ir/graph.ts";
import type { Case } from "./cases.ts";

const of = (
  kind: string,
  shapes: readonly (readonly number[])[],
  attrs: Attrs = {},
  more: Partial<Case> = {},
): Case => ({ kind, shapes, attrs, ...more });

const softmaxes = ["softmax", "logSoftmax"].flatMap((kind) =>
  [0, 1, 2].flatMap((dim) => {
    const shape = [5, 2, 3];
    return [of(kind, [shape], { dim }), of(`${kind}Grad`, [shape, shape], { dim })];
  }),
);

const norms = [1, 2].flatMap((dims) => {
  const [shape, tail] = [[5, 2, 3], [5, 2, 3].slice(-dims)];
  const attrs = { dims, eps: 1e-5 };
  return [
    of("layerNorm", [shape, tail, tail], attrs),
    of("rmsNorm", [shape, tail], attrs),
    ...["layerNorm", "rmsNorm"].flatMap((kind) => [
      of(`${kind}Grad`, [shape, tail, shape], attrs),
      of(`${kind}GradGain`, [shape, shape], attrs),
    ]),
  ];
});

const lamb = [
  of(
    "lambDirection",
    [[5, 3], [5, 3], [5, 3], [5, 3], []],
    { beta1: 0.9, beta2: 0.99, eps: 1e-6, weightDecay: 0.01 },
    { from: 0.5, to: 3, dtypes: [...Array(4).fill("float32"), "int32"] },
  ),
  of("trustedRate", [[], [], []], {}, { from: 0.5 }),
  of("trustedRate", [[], [], []], {}, { from: 0, to: 0 }),
];

const draws = [
  of("random", [[]], { shape: [5, 2, 3], distribution: "uniform", a: -1, b: 2, key: "u" }, { dtypes: ["int32"] }),
  of("random", [[]], { shape: [5, 3], distribution: "normal", a: 1, b: 2, key: "n" }, { dtypes: ["int32"] }),
  of("dropout", [[5, 3, 2], []], { rate: 0.4, key: "d" }, { dtypes: ["float32", "int32"] }),
  of("dropout", [[7], []], { rate: 0, key: "d" }, { dtypes: ["float32", "int32"] }),
];

export const networkCases: readonly Case[] = [
  ...softmaxes,
  ...norms,
  ...lamb,
  ...draws,
  of(
    "blend",
    [
      [5, 3],
      [5, 3],
    ],
    { rate: 0.1 },
  ),
];
