/** @file Cases of the ops on elements, shapes and ids; see cases.ts. */
import type { DType } from "../../src/ir/dtype.ts";
import type { Attrs } from "../../src/ir/graph.ts";
import type { Case } from "./cases.ts";

type Shapes = readonly (readonly number[])[];

const of = (kind: string, shapes: Shapes, attrs: Attrs = {}, more: Partial<Case> = {}): Case => ({
  kind,
  shapes,
  attrs,
  ...more,
});
const all = (...dtypes: DType[]): Partial<Case> => ({ dtypes });

const unary = ["abs", "square", "tanh", "sigmoid", "sign", "reciprocal", "gelu", "stopGradient"].map((kind) =>
  of(kind, [[5, 3]]),
);

const pairs: Shapes[] = [
  [
    [5, 3],
    [5, 3],
  ],
  [[5, 1], [3]],
  [[], [5, 3]],
];
const comparisons = ["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"].flatMap((kind) =>
  pairs.flatMap((shapes) => [of(kind, shapes, {}, all("int32", "int32")), of(kind, shapes, {}, { whole: true })]),
);
const logic = ["equal", "notEqual", "logicalAnd", "logicalOr"].flatMap((kind) =>
  pairs.map((shapes) => of(kind, shapes, {}, all("bool", "bool"))),
);
const choices = (
  [
    [
      [5, 3],
      [5, 3],
      [5, 3],
    ],
    [[5, 1], [3], []],
    [[3], [5, 3], [5, 1]],
    [
      [2, 1, 2, 1, 2, 3],
      [2, 2, 1, 2, 1, 3],
      [1, 2, 2, 1, 1, 1],
    ],
  ] as Shapes[]
).flatMap((shapes) =>
  (["float32", "int32", "bool"] as const).map((dtype) => of("where", shapes, {}, all("bool", dtype, dtype))),
);

/** From a shape to another; the first five are where others go wrong, on uneven cuts and on dims that merge. */
const reshapes = [
  [
    [9, 3, 2],
    [27, 2],
  ],
  [
    [8, 4],
    [2, 4, 4],
  ],
  [
    [12, 8],
    [16, 6],
  ],
  [[5, 3], [15]],
  [[6], [2, 3]],
  [
    [2, 3, 4],
    [3, 2, 4],
  ],
  [
    [5, 1, 3],
    [5, 3],
  ],
  [[5], [1, 5, 1]],
  [
    [0, 3],
    [3, 0, 2],
  ],
  [[1], []],
].map(([from, to]) => of("reshape", [from!], { shape: to! }));

const orders = [
  [1, 0, 2],
  [2, 0, 1],
  [0, 2, 1],
  [2, 1, 0],
  [0, 1, 2],
].map((dims) => of("transpose", [[5, 2, 3]], { dims }));
const movement = [
  ...orders,
  of("transpose", [[2, 1, 3, 2, 2, 2]], { dims: [5, 3, 1, 0, 4, 2] }, all("int32")), // more loops than a copy has
  of("transpose", [[5, 3]], { dims: [1, 0] }, all("bool")),
  ...(["float32", "int32", "bool"] as const).flatMap((dtype) => [
    of("slice", [[5, 4]], { dims: [0], starts: [1], sizes: [3] }, all(dtype)),
    of(
      "concat",
      [
        [5, 2],
        [5, 3],
      ],
      { dim: 1 },
      all(dtype, dtype),
    ),
  ]),
  of("slice", [[5, 4, 3]], { dims: [2, 0], starts: [0, 2], sizes: [2, 3] }),
  of("slice", [[6, 3]], { dims: [0], starts: [0], sizes: [3] }), // half of it: like an untouched dim once it is split
  of("slice", [[5, 4]], { dims: [1], starts: [4], sizes: [0] }),
  of("slice", [[5, 4]], { dims: [0], starts: [0], sizes: [5] }),
  of(
    "concat",
    [
      [3, 2],
      [0, 2],
      [5, 2],
      [1, 2],
    ],
    { dim: 0 },
  ),
  of("concat", [[5, 3]], { dim: 0 }),
  ...[0, 2.5, -1, "-Infinity", "Infinity"].flatMap((value) => [
    of("pad", [[5, 3]], { dims: [0], before: [1], after: [2], value }),
    of("pad", [[5, 3]], { dims: [1, 0], before: [0, 2], after: [1, 0], value }),
  ]),
  of("pad", [[5, 3]], { dims: [0], before: [1], after: [2], value: 0 }, all("int32")),
  of("pad", [[5, 3]], { dims: [0], before: [0], after: [0], value: 0 }),
];

/** Ids from −3 to 6, so that some are no rows. */
const ids = { from: -3, to: 6 };
const indexed = [
  ...[0, 1, 2].flatMap((dim) => {
    const table = [5, 4, 3];
    const floats: Partial<Case> = { ...ids, dtypes: ["float32", "int32"] };
    return [
      ...[[], [3], [2, 3]].flatMap((shape) => {
        const rows = table.toSpliced(dim, 1, ...shape);
        return [
          of("gather", [table, shape], { dim }, floats),
          of("scatterAdd", [rows, shape], { dim, shape: table }, floats),
        ];
      }),
      of("takeAlong", [table, table.with(dim, 2)], { dim }, floats),
      of("addAlong", [table.with(dim, 2), table.with(dim, 2)], { dim, shape: table }, floats),
    ];
  }),
  of("gather", [[5, 3], [4]], { dim: 0 }, { ...ids, dtypes: ["int32", "int32"] }),
  of("takeAlong", [[5], [4]], { dim: 0 }, { ...ids, dtypes: ["int32", "int32"] }),
  of("gather", [[0, 3], [4]], { dim: 0 }, { ...ids, dtypes: ["float32", "int32"] }),
  ...[[], [5], [2, 3]].map((shape) =>
    of("oneHot", [shape], { depth: 5, dtype: "float32" }, { ...ids, dtypes: ["int32"] }),
  ),
  ...[0, 1, 2].flatMap((dim) => [
    of("topK", [[5, 4, 3]], { k: 2, dim }),
    of("cumsum", [[5, 4, 3]], { dim, reverse: false }),
    of("cumsum", [[5, 4, 3]], { dim, reverse: true }),
  ]),
  ...[0, 1].flatMap((dim) =>
    [
      [2, 2],
      [1, 3],
      [1, 4],
    ].map(([k, parts]) => of("topKBlocks", [[5, 4, 3]], { k: k!, dim, parts: parts! })),
  ),
  of("topK", [[5, 3]], { k: 3, dim: 1 }),
  of("topK", [[5, 3]], { k: 0, dim: 1 }),
];

const casts = (["float32", "int32", "bool"] as const).flatMap((from) =>
  (["float32", "int32", "bool"] as const).map((dtype) =>
    of("cast", [[5, 3]], { dtype }, { ...all(from), whole: dtype === "bool" }),
  ),
);

export const elementCases: readonly Case[] = [
  ...unary,
  of("geluGrad", [
    [5, 3],
    [5, 3],
  ]),
  ...[0, 1, 2, 3, -1, -2].map((exponent) => of("power", [[5, 3]], { exponent })),
  ...[0.5, -1.5, 2.25].map((exponent) => of("power", [[5, 3]], { exponent }, { from: 0.2, to: 4 })),
  ...[
    [-1, 1],
    [0, "Infinity"],
    ["-Infinity", 0.5],
  ].flatMap(([low, high]) => [
    of("clamp", [[5, 3]], { low: low!, high: high! }),
    of(
      "clampGrad",
      [
        [5, 3],
        [5, 3],
      ],
      { low: low!, high: high! },
    ),
  ]),
  ...comparisons,
  ...logic,
  of("logicalNot", [[5, 3]], {}, all("bool")),
  ...choices,
  ...reshapes,
  of("reshape", [[6, 2]], { shape: [3, 4] }, all("int32")),
  of("reshape", [[6, 2]], { shape: [2, 6] }, all("bool")),
  ...movement,
  ...indexed,
  ...casts,
];
