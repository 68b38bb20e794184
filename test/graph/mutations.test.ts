/** @file The checks of rules see what is wrong with them: each false rule that is added, and each true one that is lost. */
import { describe, expect, test } from "vitest";
import { opDef } from "../../src/graph/registry.ts";
import { emit, type Tensor } from "../../src/graph/tensor.ts";
import { InternalError } from "../../src/ir/errors.ts";
import { B, P, S, type Sbp } from "../../src/ir/layout.ts";
import type { Rule, Rules } from "../../src/sbp/rule.ts";
import { compare, follows, rulesOf, showRule as show, truths } from "../../src/testing/complete.ts";
import { sequence } from "../../src/testing/value.ts";
import { type Case, cases, of, shapesOf, transposes, values } from "./cases.ts";
import { expansionError, expansionsOf } from "./expanded.ts";
import { check, meshOf, searchOf } from "./reference.ts";
import { searched } from "./searched.ts";
import { thrown } from "./support.ts";

const [sum, max, min] = [P("sum"), P("max"), P("min")];
const rule = (ins: readonly Sbp[], ...outs: readonly Sbp[]): Rule => ({ ins, outs });
const square = [
  [5, 4],
  [5, 4],
];
const norm = { dims: 1, eps: 1e-5 };
const ids: Partial<Case> = { from: -1, to: 5, dtypes: ["float32", "int32"] };
const image = [
  [2, 2, 6, 5],
  [3, 2, 3, 3],
];

const falseRules: readonly (readonly [Case, Rule])[] = [
  [of("exp", [[5, 3]]), rule([sum], sum)],
  [of("relu", [[5, 3]]), rule([sum], sum)],
  [of("square", [[5, 3]]), rule([max], max)],
  [of("sqrt", [[5, 3]], {}, { from: 0.5, to: 3 }), rule([max], max)], // parts below 0
  [of("reciprocal", [[5, 3]]), rule([max], min)], // it falls on either side of 0, not from one to the other
  [of("affine", [[5, 3]], { mul: 2, add: 1 }), rule([sum], sum)],
  [of("mul", square), rule([sum, sum], sum)],
  [of("mul", square), rule([max, B], max)], // where the other is negative
  [of("add", square), rule([sum, B], sum)], // added once a rank
  [of("add", square), rule([max, max], max)],
  [of("sub", square), rule([B, max], max)],
  [of("div", square), rule([B, sum], sum)],
  [of("maximum", square), rule([sum, sum], sum)],
  [of("maximum", square), rule([min, min], min)],
  [of("add", [[5, 4], [4]]), rule([S(0), S(0)], S(0))],
  [of("max", [[5, 4]], { dims: [0], keep: false }), rule([S(1)], max)], // the dim that is kept
  [of("max", [[5, 4]], { dims: [0], keep: false }), rule([S(0)], sum)],
  [of("sum", [[5, 4]], { dims: [0], keep: false }), rule([max], max)],
  [of("mean", [[5, 4]], { dims: [0], keep: false }), rule([S(0)], max)],
  [of("matmul", square.with(1, [4, 5]), transposes[0]!), rule([S(1), S(0)], max)],
  [of("matmul", square.with(1, [4, 5]), transposes[0]!), rule([sum, sum], sum)],
  [of("matmul", square, transposes[1]!), rule([S(0), B], S(0))],
  [of("gather", [[5, 3], [4]], { dim: 0 }, ids), rule([S(0), S(0)], S(0))],
  [of("gather", [[5, 3], [4]], { dim: 0 }, ids), rule([S(0), B], max)], // zeros for rows that are elsewhere
  [of("scatterAdd", [[4, 3], [4]], { dim: 0, shape: [5, 3] }, ids), rule([S(0), S(0)], S(0))],
  [of("topK", [[5, 3]], { k: 2, dim: 0 }), rule([max], max, B)],
  [of("argmax", [[5, 3]], { dim: 0 }), rule([S(0)], max)],
  [of("reshape", [[9, 3, 2]], { shape: [27, 2] }), rule([S(0)], S(0))], // 5 of 9 rows are 15 of 27, not 14
  [of("transpose", [[5, 3]], { dims: [1, 0] }), rule([S(0)], S(0))],
  [
    of(
      "concat",
      [
        [4, 2],
        [4, 2],
      ],
      { dim: 0 },
    ),
    rule([S(0), S(0)], S(0)),
  ],
  [of("slice", [[5, 4]], { dims: [0], starts: [1], sizes: [3] }), rule([S(0)], max)],
  [of("pad", [[5, 3]], { dims: [0], before: [1], after: [1], value: 2 }), rule([sum], sum)],
  [of("cumsum", [[5, 3]], { dim: 0, reverse: false }), rule([S(0)], S(0))],
  [of("softmax", [[5, 3]], { dim: 1 }), rule([S(1)], S(1))],
  [of("softmax", [[5, 3]], { dim: 1 }), rule([max], max)],
  [of("layerNorm", [[5, 3], [3], [3]], norm), rule([S(1), S(0), S(0)], S(1))],
  [of("layerNorm", [[5, 3], [3], [3]], norm), rule([B, sum, B], sum)], // the bias once a rank
  [of("layerNormGradGain", square, norm), rule([S(0), S(0)], B)],
  [of("dropout", [[5, 3], []], { rate: 0.4, key: "d" }, { dtypes: ["float32", "int32"] }), rule([B, B], sum)],
  [of("conv2d", image, { stride: [1, 1], padding: [0, 0] }), rule([S(2), B], S(2))], // windows straddle
  [of("conv2d", image, { stride: [1, 1], padding: [0, 0] }), rule([S(1), S(1)], max)],
  [of("where", [[5], [5], [5]], {}, { dtypes: ["bool", "float32", "float32"] }), rule([B, sum, B], sum)],
  [of("cast", [[5, 3]], { dtype: "int32" }), rule([sum], sum)],
];

describe("a false rule turns the check of truth red", () => {
  test.each(falseRules.map(([c, added]) => [`${c.kind} ${show(added)}`, c, added] as const))("%s", (_, c, added) => {
    const { rules } = opDef(c.kind);
    expect(check(c, rules, [meshOf(2)], 5).untrue).toEqual([]);
    expect(check(c, (site) => [...rules(site), added], [meshOf(2)], 5).untrue).toHaveLength(1);
  });

  test("one that holds on an axis and not beside another: −∞ of one operand meets +∞ of the other", () => {
    const blind: Rules = (site) => opDef("add").rules({ ...site, partial: [[], []] });
    const c = of("add", square);
    expect(check(c, blind, [meshOf(2)], 5).untrue).toEqual([]);
    expect(check(c, blind, [meshOf(2, 2)], 5).untrue).toContain(
      "{a: P(max)}, {b: P(min)} → {a: P(max), b: P(min)} on 2×2",
    );
  });

  test("one that holds on even extents and not on uneven ones", () => {
    const c = of("reshape", [[9, 4]], { shape: [3, 3, 4] });
    const naive: Rules = () => [rule([S(0)], S(0))];
    expect(check(c, naive, [meshOf(3)], 5).untrue).toEqual([]);
    expect(check(c, naive, [meshOf(2)], 5).untrue).toHaveLength(1);
  });
});

const handful = [
  ...["add", "sub", "mul", "div", "maximum", "where", "neg", "exp", "affine", "cast", "sum", "max", "mean", "matmul"],
  ...["gather", "scatterAdd", "reshape", "transpose", "slice", "concat", "pad", "softmaxGrad", "layerNorm", "dropout"],
];
/** Of each the case that is quickest searched. */
const quickest = handful.map((kind) => searched.find((c) => c.kind === kind)!);

describe("a rule that is lost turns the check of completeness red", () => {
  test.each(quickest.map((c) => [shapesOf(c), c] as const))("%s", (_, c) => {
    const holding = truths(searchOf(c), 2);
    const all = rulesOf(searchOf(c), opDef(c.kind).rules, 2);
    const before = compare(holding, all).missing.length;
    all.forEach((lost, i) => {
      const rest = all.filter((_, k) => k !== i);
      if (rest.some((other) => follows(lost, other))) return; // P(max), B of a maximum is P(max), P(max)
      expect(compare(holding, rest).missing.length, show(lost)).toBeGreaterThan(before);
    });
  });

  test("and these are most of the rules", () => {
    const rules = quickest.flatMap((c) => {
      const all = rulesOf(searchOf(c), opDef(c.kind).rules, 2);
      return all.map((lost, i) => all.some((other, k) => k !== i && follows(lost, other)));
    });
    expect(rules.filter((implied) => implied).length).toBeLessThan(rules.length / 20);
  });
});

describe("a false expansion turns the check of expansions red", () => {
  const worst = (c: Case) => {
    const random = sequence(9);
    const ins = values(c, random);
    const mesh = meshOf(2);
    return Math.max(...expansionsOf(c, ins, mesh).map((signature) => expansionError(c, ins, mesh, signature, random)));
  };
  const withExpansion = cases.filter(
    (c) => opDef(c.kind).expansions && expansionsOf(c, values(c, sequence(1)), meshOf(2)).length > 0,
  );
  const oneEach = [...new Map(withExpansion.map((c) => [c.kind, c])).values()];

  /** 1 − x for x. */
  const other = (t: Tensor) => emit("affine", [t], { mul: -1, add: 1 });

  /** The op with expansions whose boxings are others. */
  function spoilt<T>(kind: string, along: (box: () => Tensor, t: Tensor) => Tensor, body: () => T): T {
    const def = opDef(kind) as { expansions: NonNullable<ReturnType<typeof opDef>["expansions"]> };
    const { expansions } = def;
    def.expansions = (site) =>
      expansions(site).map((by) => ({
        ...by,
        build: (at) => by.build({ ...at, along: (t, sbp) => along(() => at.along(t, sbp), t) }),
      }));
    try {
      return body();
    } finally {
      def.expansions = expansions;
    }
  }

  test.each(oneEach.map((c) => [c.kind, c] as const))("%s", (kind, c) => {
    expect(worst(c)).toBeLessThan(1e-9);
    const boxed = (box: () => Tensor) => other(box());
    expect(spoilt(kind, boxed, () => worst(c))).toBeGreaterThan(1e-3);
    expect(worst(c)).toBeLessThan(1e-9);
  });

  test("one that leaves out a boxing is said to be our mistake", () => {
    const c = of("softmax", [[5, 4]], { dim: 1 });
    const error = thrown(() =>
      spoilt(
        "softmax",
        (_, t) => t,
        () => worst(c),
      ),
    );
    expect(error).toBeInstanceOf(InternalError);
    expect(error.message).toMatch(
      /the expansion of softmax "op" as S\(1\) → S\(1\) on axis a needs a boxing that it does not have: (max gives .*P\(max\)\}, sub takes|to gives \{a: S\(1\)\}, max takes B)/,
    );
  });
});
