/**
 * @file How much of the cases a run takes, and what the search for missing rules finds that is left out on purpose.
 * `LONG=1` takes larger shapes and more seeds too, and searches all cases that it can finish; otherwise a few of each op.
 */
import { opDef } from "../../src/graph/registry.ts";
import type { Rule } from "../../src/sbp/rule.ts";
import { runsOf, showRule } from "../../src/testing/complete.ts";
import { type Case, cases, operation, typesOf } from "./cases.ts";
import { searchOf } from "./reference.ts";

export const long = Boolean(process.env.LONG);
/** Of what is drawn: one for all runs, and in the long run another, which changes unless `SEED` says it. */
const drawn = Number(process.env.SEED ?? Date.now() % 2 ** 31);
export const seeds: readonly number[] = long ? [17, drawn] : [17];
if (long) console.log(`rules are tried with SEED=${drawn}`);
const [perSort, most] = long ? [Number.POSITIVE_INFINITY, 40_000] : [2, 10_000];

/** Nothing to run: they stand for what the compiler writes out or feeds. */
export const runsNothing = ["input", "state", "minimize", "cotangent", "withGradient"];
/** So many operands that only the long run tries them all. */
export const onlyLong = ["attentionGrad"];

/**
 * Where more holds than is worth saying: dims of extent 1 or 0, on which a split is a replica; results that do not depend
 * on an operand; a single id, beside which there is nothing; blocks that ranks meet by chance; values that are only
 * positive where a step at 0 is what an op is about.
 */
function degenerate(c: Case): boolean {
  const { kind, attrs, shapes, from } = c;
  const { ins, outs } = operation(c);
  return (
    [...ins, ...outs].some(({ shape }) => shape.some((extent) => extent < 2)) ||
    [attrs.mul, attrs.exponent, kind === "dropout" ? attrs.rate : 1].includes(0) ||
    (["gather", "scatterAdd", "oneHot"].includes(kind) && shapes.at(-1)!.length === 0) ||
    (kind === "topKBlocks" && attrs.parts !== 2) ||
    (kind === "trustedRate" && from !== undefined)
  );
}

/** The case with larger, odd extents, where its attributes allow that; 1 stays, as it may be repeated. */
export function stretched(c: Case): Case[] {
  const shapes = c.shapes.map((shape) => shape.map((n) => (n > 1 ? 2 * n + 1 : n)));
  if (!shapes.flat().some((n) => n > 1) || shapes.some((shape) => shape.length > 4)) return [];
  try {
    opDef(c.kind).infer(typesOf({ ...c, shapes }), c.attrs);
  } catch {
    return [];
  }
  return [{ ...c, shapes }];
}

/** Cases of one op on one choice of dtypes, as a key. */
const sortOf = ({ kind, dtypes, attrs }: Case) => [kind, ...(dtypes ?? []), attrs.dtype].join(" ");

function few(all: readonly Case[]): Case[] {
  const taken = new Map<string, number>();
  return all.filter((c) => {
    const before = taken.get(sortOf(c)) ?? 0;
    taken.set(sortOf(c), before + 1);
    return before < perSort;
  });
}

export const searched: readonly Case[] = few(
  cases
    .filter((c) => (long || !onlyLong.includes(c.kind)) && runsOf(searchOf(c)) <= most && !degenerate(c))
    .sort((a, b) => runsOf(searchOf(a)) - runsOf(searchOf(b))),
);

interface LeftOut {
  readonly because: string;
  holds(kind: string, rule: Rule): boolean;
}

const of = (kinds: readonly string[], rules: RegExp, because: string): LeftOut => ({
  because,
  holds: (kind, rule) => kinds.includes(kind) && rules.test(showRule(rule)),
});

/** Rules that hold and that no op offers, with the reason. */
export const leftOut: readonly LeftOut[] = [
  {
    because: "a state is never left partial",
    holds: (kind, { ins, outs }) =>
      (opDef(kind).inPlace ?? []).some(([output, input]) =>
        [ins[input], outs[output]].some((sbp) => sbp!.kind === "P"),
      ),
  },
  of(["trustedRate"], /^B, B, P\((sum|max|min)\) → P\(\1\)$/, "a learning rate is never partial"),
  of(
    ["lambDirection"],
    /^P\((max|min)\), B, B, B, B → B, B, P\(\1\)$/,
    "a parameter, which is a state, is never partial",
  ),
  of(
    ["maxPool2dGrad", "avgPool2dGrad"],
    /P\((max|min)\) → P\(\1\)$/,
    "windows that do not overlap pass each gradient on alone; but no gradient is a largest part",
  ),
  of(
    ["concat"],
    /^(S\(1\), P\(sum\)|P\(sum\), S\(1\)) → P\(sum\)$/,
    "a split becomes a partial sum by padding, which moves no bytes: P(sum) for all inputs is offered",
  ),
  of(
    ["topKBlocks"],
    /^B → S\((\d)\), S\(\1\)$/,
    "each rank may search its block of a whole tensor; but the op is made for split ones alone",
  ),
  of(
    ["nonFinite"],
    /^P\(sum\) → P\(max\)$/,
    "finite parts may add up to what is not finite; the parts that are drawn are too large themselves where they do",
  ),
  of(
    ["cast"],
    /^P\(sum\) → P\(sum\)$/,
    "integer parts may be far larger than their sum, and float32 rounds them; the reference computes in doubles",
  ),
];

/** Why a rule that holds is not offered; undefined when it should be. */
export const excuse = (kind: string, rule: Rule): string | undefined =>
  leftOut.find((entry) => entry.holds(kind, rule))?.because;
