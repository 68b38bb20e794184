import { placement } from "sluice";
import { describe, expect, test } from "vitest";
import { opDef, opKinds } from "../../src/graph/registry.ts";
import type { DType } from "../../src/ir/dtype.ts";
import type { Attrs } from "../../src/ir/graph.ts";
import { showLayout } from "../../src/ir/layout.ts";
import { signatures } from "../../src/sbp/signatures.ts";
import { error, onWhole, type Value } from "./oracle.ts";

/** Numbers in [0, 1) in a fixed order. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Case {
  readonly kind: string;
  readonly shapes: readonly (readonly number[])[];
  readonly attrs: Attrs;
  readonly dtypes?: readonly DType[];
  /** Range of the values. */
  readonly from?: number;
  readonly to?: number;
}

const of = (
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
const transposes = [0, 1, 2, 3].map((i) => ({ transposeA: i % 2 === 1, transposeB: i > 1 }));

const cases: Case[] = [
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
  ...kinds(["relu", "exp", "neg"], [[5, 3]]),
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
  of(
    "equal",
    [
      [5, 3],
      [5, 3],
    ],
    {},
    { dtypes: ["int32", "int32"] },
  ),
  of("cast", [[5, 3]], { dtype: "int32" }),
  of("cast", [[5, 3]], { dtype: "bool" }, { dtypes: ["int32"] }),
  of("cast", [[5, 3]], { dtype: "float32" }, { dtypes: ["int32"] }),
  of("cast", [[5, 3]], { dtype: "float32" }),
  of("to", [[5, 3]], { layout: null }),
  of("constant", [], { shape: [5, 3], dtype: "float32", value: 2.5 }),
  of("constant", [], { shape: [5], dtype: "int32", value: 2 }),
  of(
    "adamW",
    [[5, 3], [5, 3], [5, 3], [5, 3], [], []],
    { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.01 },
    { ...nudge, dtypes: [...Array(5).fill("float32"), "int32"] },
  ),
  of("sgd", [[5, 3], [5, 3], []], { momentum: 0, weightDecay: 0.1, nesterov: false }),
  of("sgd", [[5, 3], [5, 3], [5, 3], []], { momentum: 0.9, weightDecay: 0, nesterov: true }),
  of("increment", [[]], { by: 1 }, { dtypes: ["int32"] }),
];

const meshes = [
  placement("cpu", { a: 2 }),
  placement("cpu", { a: 3 }), // 5 over 3: 2, 2, 1; 2 over 3: 1, 1, 0
  placement("cpu", { a: 2, b: 2 }),
  placement("cpu", { a: 3, b: 2 }),
];

function values({ shapes, dtypes, from = -3, to = 3 }: Case, random: () => number): Value[] {
  return shapes.map((shape, i) => {
    const dtype = dtypes?.[i] ?? "float32";
    const length = shape.reduce((a, b) => a * b, 1);
    const draw = () => from + random() * (to - from);
    return { shape, dtype, data: Float64Array.from({ length }, dtype === "float32" ? draw : () => Math.round(draw())) };
  });
}

const shapesOf = ({ kind, shapes, attrs }: Case) =>
  `${kind} ${shapes.map((s) => `[${s}]`).join(" ")} ${JSON.stringify(attrs)}`;

describe("every signature is true", () => {
  test.each(cases.map((c) => [shapesOf(c), c] as const))("%s", (_, c) => {
    const random = sequence(17);
    const ins = values(c, random);
    const outs = onWhole(c.kind, ins, c.attrs);
    const op = { name: c.kind, ins, outs, attrs: c.attrs, rules: opDef(c.kind).rules };
    for (const mesh of meshes)
      for (const signature of signatures(op, mesh.data)) {
        const text = [...signature.ins, ...signature.outs].map((layout) => showLayout(layout)).join(" ");
        expect(error(c.kind, ins, c.attrs, mesh.data, signature, random), text).toBeLessThan(1e-9);
      }
  });

  test("and every op is among the cases", () => {
    const runsNothing = ["input", "state", "minimize"];
    expect(new Set([...cases.map((c) => c.kind), ...runsNothing])).toEqual(new Set(opKinds()));
  });

  test("a false one is seen", () => {
    const random = sequence(3);
    const c = of("exp", [[4]]);
    const layout = [["a", { kind: "P", monoid: "sum" }]] as const;
    const wrong = { ins: [layout], outs: [layout] };
    expect(error("exp", values(c, random), {}, meshes[0]!.data, wrong, random)).toBeGreaterThan(1e-3);
  });
});

describe("what an op must offer", () => {
  const offered = (c: Case, mesh = meshes[0]!) => {
    const ins = values(c, sequence(1));
    const op = { name: c.kind, ins, outs: onWhole(c.kind, ins, c.attrs), attrs: c.attrs, rules: opDef(c.kind).rules };
    return signatures(op, mesh.data).map((s) =>
      [...s.ins, ...s.outs].map(([first]) => (first ? showLayout([first]).slice(4, -1) : "B")).join(" "),
    );
  };

  test("matmul", () => {
    expect(
      offered(
        of(
          "matmul",
          [
            [4, 4],
            [4, 4],
          ],
          transposes[0]!,
        ),
      ).sort(),
    ).toEqual(["B B B", "S(0) B S(0)", "B S(1) S(1)", "S(1) S(0) P(sum)", "P(sum) B P(sum)", "B P(sum) P(sum)"].sort());
    expect(
      offered(
        of(
          "matmul",
          [
            [4, 4],
            [4, 4],
          ],
          transposes[3]!,
        ),
      ),
    ).toContain("S(0) S(1) P(sum)");
  });

  test("a bias", () => {
    expect(offered(of("add", [[4, 6], [6]]))).toEqual(
      expect.arrayContaining(["S(0) B S(0)", "S(1) S(0) S(1)", "P(sum) P(sum) P(sum)"]),
    );
    expect(offered(of("add", [[4, 6], [6]]))).not.toContain("P(sum) B P(sum)");
  });

  test("numbers decide about partials of affine", () => {
    expect(offered(of("affine", [[4]], { mul: 2, add: 0 }))).toContain("P(sum) P(sum)");
    expect(offered(of("affine", [[4]], { mul: 2, add: 1 }))).not.toContain("P(sum) P(sum)");
    expect(offered(of("affine", [[4]], { mul: -2, add: 1 }))).toContain("P(max) P(min)");
  });
});
