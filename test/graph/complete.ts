/**
 * @file Are an op's rules all true, and are they all? Every combination of SBPs for its operands is tried on one mesh axis
 * and held against the rules, modulo the conversions that change no bytes: a replicated value is a partial maximum and a
 * partial minimum as it lies.
 */
import { placement } from "sluice";
import { B, P, S, type Sbp, showSbp } from "../../src/ir/layout.ts";
import { monoid, monoidNames } from "../../src/sbp/monoid.ts";
import type { LocalType, Rule, Rules } from "../../src/sbp/rule.ts";
import { type Case, sequence, values } from "./cases.ts";
import { error, onWhole } from "./oracle.ts";

const draws = 6;
const tolerance = 1e-9;

const show = ({ ins, outs }: Rule) => `${ins.map(showSbp).join(", ")} → ${outs.map(showSbp).join(", ")}`;

/** Whether the rule holds on an axis of `parts`, for several draws of values. */
function holds({ kind, attrs, ...rest }: Case, rule: Rule, parts: number): boolean {
  const mesh = placement("cpu", { a: parts }).data;
  const layout = (sbp: Sbp) => (sbp.kind === "B" ? [] : [["a", sbp] as const]);
  const signature = { ins: rule.ins.map(layout), outs: rule.outs.map(layout) };
  const random = sequence(29);
  for (let draw = 0; draw < draws; draw++) {
    const ins = values({ kind, attrs, ...rest }, random);
    if (failure(() => error(kind, ins, attrs, mesh, signature, random)) > tolerance) return false;
  }
  return true;
}

/** A kernel that runs over the end of what a rank holds is as wrong as can be. */
function failure(body: () => number): number {
  try {
    return body();
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** How an operand may lie on one axis. */
const ways = ({ shape, dtype }: LocalType): Sbp[] => [
  B,
  ...shape.map((_, dim) => S(dim)),
  ...monoidNames.filter((name) => monoid(name).dtypes.includes(dtype)).map((name) => P(name)),
];

const product = (lists: readonly (readonly Sbp[])[]): Sbp[][] =>
  lists.reduce<Sbp[][]>((all, list) => all.flatMap((head) => list.map((sbp) => [...head, sbp])), [[]]);

/** A value that lies as `is` lies as `wanted` too. */
const serves = (is: Sbp, wanted: Sbp): boolean =>
  showSbp(is) === showSbp(wanted) || (is.kind === "B" && wanted.kind === "P" && monoid(wanted.monoid).idempotent);

export const follows = (claim: Rule, from: Rule): boolean =>
  claim.ins.every((sbp, i) => serves(sbp, from.ins[i]!)) && from.outs.every((sbp, i) => serves(sbp, claim.outs[i]!));

export interface Findings {
  /** Rules that give wrong values. */
  readonly wrong: readonly string[];
  /** Combinations that hold and that no rule gives. */
  readonly missing: readonly string[];
}

/** What is wrong with rules for an op, on axes of 2 and of 3. */
export function findings(c: Case, rules: Rules): Findings {
  const ins = values(c, sequence(1));
  const outs = onWhole(c.kind, ins, c.attrs);
  const wrong = new Set<string>();
  const missing = new Set<string>();
  for (const parts of [2, 3]) {
    const given = rules({ ins, outs, attrs: c.attrs, parts }).filter(({ ins: i, outs: o }) =>
      [...i, ...o].every((sbp, k) => ways([...ins, ...outs][k]!).some((way) => showSbp(way) === showSbp(sbp))),
    );
    const known = [...given, { ins: ins.map(() => B), outs: outs.map(() => B) }];
    for (const rule of given) if (!holds(c, rule, parts)) wrong.add(show(rule));
    for (const sbps of product([...ins, ...outs].map(ways))) {
      const claim = { ins: sbps.slice(0, ins.length), outs: sbps.slice(ins.length) };
      if (!known.some((rule) => follows(claim, rule)) && holds(c, claim, parts)) missing.add(show(claim));
    }
  }
  return { wrong: [...wrong], missing: [...missing] };
}
