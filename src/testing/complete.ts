/**
 * @file True rules that an op does not give. Every combination of SBPs for its operands is tried on one mesh axis, modulo
 * the conversions that change no bytes: a replicated value is a partial maximum and a partial minimum as it lies.
 */
import { placement } from "../graph/placement.ts";
import { opDef } from "../graph/registry.ts";
import type { Attrs } from "../ir/graph.ts";
import { B, P, S, type Sbp, showSbp } from "../ir/layout.ts";
import { monoid, monoidNames } from "../sbp/monoid.ts";
import type { Rule } from "../sbp/rule.ts";
import type { Run } from "./apply.ts";
import { lie } from "./truth.ts";
import { draw, type Range, sequence, type Type } from "./value.ts";

/** Operands to try. */
export interface Operands {
  readonly ins: readonly Type[];
  readonly outs: readonly Type[];
  readonly attrs: Attrs;
  readonly range: Range;
  readonly exactness: { readonly value: number };
}

const draws = 6;
const sizes = [2, 3];

const show = ({ ins, outs }: Rule) => `${ins.map(showSbp).join(", ")} → ${outs.map(showSbp).join(", ")}`;

/** How an operand may lie on one axis. */
const ways = ({ shape, dtype }: Type): Sbp[] => [
  B,
  ...shape.map((_, dim) => S(dim)),
  ...monoidNames.filter((name) => monoid(name).dtypes.includes(dtype)).map((name) => P(name)),
];

const product = (lists: readonly (readonly Sbp[])[]): Sbp[][] =>
  lists.reduce<Sbp[][]>((all, list) => all.flatMap((head) => list.map((sbp) => [...head, sbp])), [[]]);

/** A value that lies as `is` lies as `wanted` too. */
const serves = (is: Sbp, wanted: Sbp): boolean =>
  showSbp(is) === showSbp(wanted) || (is.kind === "B" && wanted.kind === "P" && monoid(wanted.monoid).idempotent);

const follows = (claim: Rule, from: Rule): boolean =>
  claim.ins.every((sbp, i) => serves(sbp, from.ins[i]!)) && from.outs.every((sbp, i) => serves(sbp, claim.outs[i]!));

/**
 * The rules that are missing in some case, as text; of some that follow from each other, the strongest. What holds only
 * because a dim has extent 1 or 0 is left out.
 */
export function missingRules(kind: string, cases: readonly Operands[], run: Run): string[] {
  const missing = cases.flatMap((c) => {
    const types = [...c.ins, ...c.outs];
    const wide = (sbp: Sbp, i: number) => sbp.kind !== "S" || types[i]!.shape[sbp.dim]! > 1;
    const claims = product(types.map((type, i) => ways(type).filter((sbp) => wide(sbp, i)))).map((sbps) => ({
      ins: sbps.slice(0, c.ins.length),
      outs: sbps.slice(c.ins.length),
    }));
    const untold = claims.filter((claim) => !known(kind, c, claim));
    const found = untold.filter((claim) => sizes.every((parts) => holds(kind, c, claim, parts, run)));
    return found.filter((claim) => !found.some((other) => other !== claim && follows(claim, other)));
  });
  return [...new Set(missing.map(show))];
}

/** Whether the rule follows from one that the op gives on every axis tried. */
function known(kind: string, { ins, outs, attrs }: Operands, claim: Rule): boolean {
  const trivial = { ins: ins.map(() => B), outs: outs.map(() => B) };
  return sizes.every((parts) => {
    const given = opDef(kind).rules({ ins, outs, attrs, parts });
    return [...given, trivial].some((rule) => follows(claim, rule));
  });
}

/** Whether the rule holds on an axis of `parts`, for several draws of values. */
function holds(kind: string, c: Operands, rule: Rule, parts: number, run: Run): boolean {
  const mesh = placement("cpu", { a: parts }).data;
  const layout = (sbp: Sbp) => (sbp.kind === "B" ? [] : [["a", sbp] as const]);
  const signature = { ins: rule.ins.map(layout), outs: rule.outs.map(layout) };
  const random = sequence(29);
  for (let i = 0; i < draws; i++) {
    const ins = draw(c.ins, c.range, random);
    if (failure(() => lie(kind, ins, c.attrs, mesh, signature, random, run).error) > c.exactness.value) return false;
  }
  return true;
}

/** A kernel that fails on what a rank holds is as wrong as can be. */
function failure(body: () => number): number {
  try {
    return body();
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
