import { placement } from "sluice";
import { describe, expect, test } from "vitest";
import type { Attrs } from "../../src/ir/graph.ts";
import { showSbp } from "../../src/ir/layout.ts";
import { signatures } from "../../src/sbp/signatures.ts";
import { of, operation } from "./cases.ts";

const pair = placement("cpu", { a: 2 });

/** The signatures on two ranks, as `S(0) B → S(0)`; B for everything is left out. */
function offered(
  kind: string,
  shapes: readonly (readonly number[])[],
  attrs: Attrs = {},
  int32: readonly number[] = [],
) {
  const dtypes = shapes.map((_, i) => (int32.includes(i) ? ("int32" as const) : ("float32" as const)));
  const text = (layouts: readonly (readonly (readonly [string, Parameters<typeof showSbp>[0]])[])[]) =>
    layouts.map(([first]) => (first ? showSbp(first[1]) : "B")).join(" ");
  return signatures(operation(of(kind, shapes, attrs, { dtypes })), pair.data)
    .map(({ ins, outs }) => `${text(ins)} → ${text(outs)}`)
    .filter((line) => !/^[B→ ]*$/.test(line))
    .sort();
}

const image = [4, 6, 8, 8];
const strided = { stride: [2, 2], padding: [0, 0] };
const padded = { stride: [1, 1], padding: [1, 1] };
const window = { ...strided, window: [2, 2] };
const heads = [2, 4, 6, 8];
const norm = { dims: 1, eps: 1e-5 };

describe("what the ops of networks offer, no more and no less", () => {
  test.each([
    ["softmax", [[4, 6, 8]], { dim: 1 }, ["S(0) → S(0)", "S(2) → S(2)"]],
    [
      "softmaxGrad",
      [
        [4, 6],
        [4, 6],
      ],
      { dim: 1 },
      ["B P(sum) → P(sum)", "S(0) S(0) → S(0)"],
    ],
    [
      "layerNorm",
      [[4, 6], [6], [6]],
      norm,
      ["B B P(max) → P(max)", "B B P(min) → P(min)", "B P(sum) P(sum) → P(sum)", "S(0) B B → S(0)"],
    ],
    ["rmsNorm", [[4, 6], [6]], norm, ["B P(sum) → P(sum)", "S(0) B → S(0)"]],
    [
      "layerNormGrad",
      [[4, 6], [6], [4, 6]],
      norm,
      ["B B P(sum) → P(sum)", "B P(sum) B → P(sum)", "S(0) B S(0) → S(0)"],
    ],
    [
      "layerNormGradGain",
      [
        [4, 6],
        [4, 6],
      ],
      norm,
      ["B P(sum) → P(sum)", "S(0) S(0) → P(sum)"],
    ],
    [
      "conv2d",
      [image, [2, 6, 3, 3]],
      padded,
      ["B P(sum) → P(sum)", "B S(0) → S(1)", "P(sum) B → P(sum)", "S(0) B → S(0)", "S(1) S(1) → P(sum)"],
    ],
    [
      "conv2d",
      [image, [2, 6, 2, 2]],
      strided,
      [
        "B P(sum) → P(sum)",
        "B S(0) → S(1)",
        "P(sum) B → P(sum)",
        "S(0) B → S(0)",
        "S(1) S(1) → P(sum)",
        "S(2) B → S(2)",
        "S(3) B → S(3)",
      ],
    ],
    [
      "conv2dGradInput",
      [
        [2, 6, 3, 3],
        [4, 2, 8, 8],
      ],
      { ...padded, size: [8, 8] },
      ["B P(sum) → P(sum)", "B S(0) → S(0)", "P(sum) B → P(sum)", "S(0) S(1) → P(sum)", "S(1) B → S(1)"],
    ],
    [
      "conv2dGradFilter",
      [image, [4, 2, 8, 8]],
      { ...padded, size: [3, 3] },
      ["B P(sum) → P(sum)", "B S(1) → S(0)", "P(sum) B → P(sum)", "S(0) S(0) → P(sum)", "S(1) B → S(1)"],
    ],
    ["maxPool2d", [image], window, ["P(max) → P(max)", "S(0) → S(0)", "S(1) → S(1)", "S(2) → S(2)", "S(3) → S(3)"]],
    ["avgPool2d", [[4, 6, 6]], window, ["P(sum) → P(sum)", "S(0) → S(0)"]], // 3 windows a side: one would straddle
    [
      "attention",
      [heads, heads, heads],
      { causal: true, scale: 1 },
      ["B B P(sum) → P(sum)", "B B S(3) → S(3)", "S(0) S(0) S(0) → S(0)", "S(1) S(1) S(1) → S(1)", "S(2) B B → S(2)"],
    ],
    [
      "attentionGrad",
      [heads, heads, heads, heads],
      { causal: true, scale: 1 },
      [
        "B B B P(sum) → P(sum) P(sum) P(sum)",
        "B B P(sum) B → P(sum) P(sum) B",
        "B B S(3) S(3) → P(sum) P(sum) S(3)",
        "S(0) S(0) S(0) S(0) → S(0) S(0) S(0)",
        "S(1) S(1) S(1) S(1) → S(1) S(1) S(1)",
        "S(2) B B S(2) → S(2) P(sum) P(sum)",
      ],
    ],
  ] as const)("%s of %j", (kind, shapes, attrs, expected) => {
    expect(offered(kind, shapes, attrs as unknown as Attrs)).toEqual([...expected].sort());
  });

  test("dropout and draws", () => {
    expect(offered("dropout", [[4, 6], []], { rate: 0.1, key: "d" }, [1])).toEqual(
      ["P(max) B → P(max)", "P(min) B → P(min)", "P(sum) B → P(sum)", "S(0) B → S(0)", "S(1) B → S(1)"].sort(),
    );
    const draw = { shape: [4, 6], distribution: "normal", a: 0, b: 1, key: "n" };
    expect(offered("random", [[]], draw, [0])).toEqual(["B → S(0)", "B → S(1)"]);
  });
});
