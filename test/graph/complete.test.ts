import { describe, expect, test } from "vitest";
import { opDef } from "../../src/graph/registry.ts";
import { P, S } from "../../src/ir/layout.ts";
import type { Rules } from "../../src/sbp/rule.ts";
import { type Case, cases, of, shapesOf, transposes } from "./cases.ts";
import { findings, follows } from "./complete.ts";

const arithmetic = ["add", "sub", "mul", "div", "maximum", "minimum"];
const unary = ["neg", "abs", "exp", "relu", "square", "tanh", "sigmoid", "sign", "gelu", "reciprocal", "sqrt", "log"];
const reductions = ["sum", "mean", "max", "min"];
const others = ["matmul", "transpose", "cumsum", "clamp", "geluGrad", "clampGrad", "reluGrad"];
const kinds = new Set([...arithmetic, ...unary, ...reductions, ...others]);

/** Dims of extent 1 are left out: there a split is a replica on one rank, and more holds than is worth saying. */
const wide = ({ shapes }: Case) => shapes.every((shape) => shape.length < 4 && shape.every((extent) => extent > 1));

const chosen = [
  ...cases.filter((c) => kinds.has(c.kind) && wide(c)),
  ...cases.filter(
    (c) => ["add", "mul"].includes(c.kind) && c.shapes.some((shape) => shape.includes(1)) && c.shapes[0]!.length < 3,
  ),
  of("where", [[5], [5], [5]], {}, { dtypes: ["bool", "float32", "float32"] }),
];

describe("no signature is missing", () => {
  test("the ops of which it is shown", () => {
    expect(new Set(chosen.map((c) => c.kind))).toEqual(new Set([...kinds, "where"]));
  });

  test.each(chosen.map((c) => [shapesOf(c), c] as const))("%s", (_, c) => {
    expect(findings(c, opDef(c.kind).rules)).toEqual({ wrong: [], missing: [] });
  });
});

describe("the test sees", () => {
  const small: Case[] = [
    ...arithmetic.map((kind) =>
      of(kind, [
        [5, 4],
        [5, 4],
      ]),
    ),
    ...["neg", "abs", "exp"].map((kind) => of(kind, [[5, 3]])),
    ...["sum", "max", "mean"].map((kind) => of(kind, [[5, 4]], { dims: [0], keep: false })),
    of(
      "matmul",
      [
        [5, 4],
        [4, 3],
      ],
      transposes[0]!,
    ),
  ];

  test("a false rule", () => {
    const more: Rules = (site) => [...opDef("exp").rules(site), { ins: [P("sum")], outs: [P("sum")] }];
    expect(findings(of("exp", [[5, 3]]), more).wrong).toEqual(["P(sum) → P(sum)"]);
    const swapped: Rules = (site) => [...opDef("matmul").rules(site), { ins: [S(0), S(1)], outs: [S(0)] }];
    expect(findings(small.at(-1)!, swapped).wrong).toEqual(["S(0), S(1) → S(0)"]);
  });

  test.each(small.map((c) => [shapesOf(c), c] as const))("each rule of %s that is taken away", (_, c) => {
    const { rules } = opDef(c.kind);
    const site = { ins: [], outs: [], attrs: c.attrs, parts: 2 };
    const types = c.shapes.map((shape) => ({ shape, dtype: "float32" }) as const);
    const outs = opDef(c.kind).infer(types, c.attrs) as typeof types;
    const all = rules({ ...site, ins: types, outs });
    let red = 0;
    for (const [i, rule] of all.entries()) {
      const rest = all.filter((_, k) => k !== i);
      if (rest.some((other) => follows(rule, other))) continue; // P(max), B of a maximum is P(max), P(max)
      expect(findings(c, () => rest).missing.length, JSON.stringify(rule)).toBeGreaterThan(0);
      red++;
    }
    expect(red).toBeGreaterThanOrEqual(2);
  });
});
