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
  of(
    "lambDirection",
    [[5], [5], [5], [5], []],
    { beta1: 0.9, beta2: 0.99, eps: 1e-6, weightDecay: 0.01 },
    { from: 0.5, to: 3, dtypes: [...Array(4).fill("float32"), "int32"] },
  ),
  of("trustedRate", [[], [], []], {}, { from: 0.5 }),
  of("trustedRate", [[], [], []], {}, { whole: true }),
  of("trustedRate", [[], [], []], {}, { from: 0, to: 0 }),
];

const draws = [
  of("random", [[]], { shape: [5, 2, 3], distribution: "uniform", a: -1, b: 2, key: "u" }, { dtypes: ["int32"] }),
  of("random", [[]], { shape: [5, 3], distribution: "normal", a: 1, b: 2, key: "n" }, { dtypes: ["int32"] }),
  of("dropout", [[5, 3, 2], []], { rate: 0.4, key: "d" }, { dtypes: ["float32", "int32"] }),
  of("dropout", [[7], []], { rate: 0, key: "d" }, { dtypes: ["float32", "int32"] }),
];

const convolutions = [
  // image, filters, size of the output, stride, padding: plain, padded and strided, side by side, and pointwise
  { x: [2, 3, 5, 4], w: [4, 3, 3, 2], y: [3, 3], stride: [1, 1], padding: [0, 0] },
  { x: [3, 2, 5, 4], w: [2, 2, 3, 3], y: [3, 4], stride: [2, 1], padding: [1, 1] },
  { x: [2, 2, 8, 6], w: [2, 2, 2, 3], y: [4, 2], stride: [2, 3], padding: [0, 0] },
  { x: [5, 3, 2], w: [2, 5, 1, 1], y: [3, 2], stride: [1, 1], padding: [0, 0] },
].flatMap(({ x, w, y, stride, padding }) => {
  const out = [...x.slice(0, -3), w[0]!, ...y];
  const attrs = { stride, padding };
  return [
    of("conv2d", [x, w], attrs),
    of("conv2dGradInput", [w, out], { ...attrs, size: x.slice(-2) }),
    of("conv2dGradFilter", [x, out], { ...attrs, size: w.slice(-2) }),
  ];
});

const pools = [
  { x: [3, 2, 5, 4], y: [3, 3], window: [3, 2], stride: [2, 1], padding: [1, 0] },
  { x: [5, 8, 6], y: [4, 2], window: [2, 3], stride: [2, 3], padding: [0, 0] },
].flatMap(({ x, y, ...attrs }) => {
  const out = [...x.slice(0, -2), ...y];
  return [
    of("maxPool2d", [x], attrs),
    of("avgPool2d", [x], attrs),
    of("maxPool2dGrad", [x, out], attrs),
    of("avgPool2dGrad", [out], { ...attrs, size: x.slice(-2) }),
  ];
});

const attentions = [
  { q: [2, 3, 5, 4], k: [2, 3, 5, 4], v: [2, 3, 5, 3], causal: true },
  { q: [5, 2], k: [3, 2], v: [3, 4], causal: true }, // two queries see no key
  { q: [3, 4, 2], k: [3, 5, 2], v: [3, 5, 2], causal: true },
  { q: [3, 4, 2], k: [3, 5, 2], v: [3, 5, 2], causal: false },
].flatMap(({ q, k, v, causal }) => {
  const [attrs, out] = [{ causal, scale: 0.7 }, [...q.slice(0, -1), v.at(-1)!]];
  return [of("attention", [q, k, v], attrs), of("attentionGrad", [q, k, v, out], attrs)];
});

/** Dims in another order: rows of one sequence are not side by side. */
const reordered = [
  { q: [2, 5, 3, 4], k: [2, 5, 3, 4], v: [2, 5, 3, 2], out: [2, 5, 3, 2], order: [0, 2, 1, 3] },
  { q: [3, 2, 4], k: [5, 2, 4], v: [5, 2, 3], out: [3, 2, 3], order: [1, 0, 2] },
].flatMap(({ q, k, v, out, order }) => {
  const attrs = { causal: true, scale: 0.7, order };
  return [of("attention", [q, k, v], attrs), of("attentionGrad", [q, k, v, out], attrs)];
});

export const networkCases: readonly Case[] = [
  ...convolutions,
  ...pools,
  ...attentions,
  ...reordered,
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
