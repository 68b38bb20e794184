/**
 * @file Are an op's rules all true, and are they all? Every combination of SBPs for its operands is tried on one mesh axis
 * and held against the rules, modulo the conversions that change no bytes: a replicated value is a partial maximum and a
 * partial minimum as it lies.
 *
 * An output that is replicated and one that is partial come from the same kernels, so an op is run once for both and the
 * result read each way.
 */
import { placement } from "sluice";
import { opDef } from "../../src/graph/registry.ts";
import { B, type Layout, P, S, type Sbp, showSbp } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import { monoid, monoidNames } from "../../src/sbp/monoid.ts";
import type { LocalType, Rule, Rules } from "../../src/sbp/rule.ts";
import { type Case, sequence, values } from "./cases.ts";
import { between, collect, type Local, onRanks, onWhole, scatter, type Value } from "./oracle.ts";

const tolerance = 1e-9;
/** Small tensors need many, or a combination passes by luck. */
function drawsOf({ shapes }: Case): number {
  const elements = Math.max(0, ...shapes.map((shape) => shape.reduce((a, b) => a * b, 1)));
  return elements <= 1 ? 200 : elements <= 64 ? 24 : 6;
}

export const show = ({ ins, outs }: Rule) => `${ins.map(showSbp).join(", ")} → ${outs.map(showSbp).join(", ")}`;
const layoutOf = (sbp: Sbp): Layout => (sbp.kind === "B" ? [] : [["a", sbp]]);

/** How an operand may lie on one axis. */
const ways = ({ shape, dtype }: LocalType): Sbp[] => [
  B,
  ...shape.map((_, dim) => S(dim)),
  ...monoidNames.filter((name) => monoid(name).dtypes.includes(dtype)).map((name) => P(name)),
];

const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((item) => [...head, item])), [[]]);

/** What ranks are to write of each output: a split of it, or all of it. What is written in place lies as its input. */
function extentsOf({ kind }: Case, ins: readonly Sbp[], outs: readonly LocalType[]): Sbp[][] {
  const inPlace = new Map(opDef(kind).inPlace ?? []);
  const whole = (sbp: Sbp) => (sbp.kind === "S" ? sbp : B);
  return product(
    outs.map(({ shape }, i) =>
      inPlace.has(i) ? [whole(ins[inPlace.get(i)!]!)] : [B, ...shape.map((_, dim) => S(dim))],
    ),
  );
}

/** Runs that trying all combinations takes. */
export function runsOf(c: Case): number {
  const ins = values(c, sequence(1));
  const outs = onWhole(c.kind, ins, c.attrs);
  const all = product(ins.map(ways));
  return all.length * extentsOf(c, all[0]!, outs).length;
}

interface Draw {
  /** By input and way what the ranks hold. */
  readonly held: readonly ReadonlyMap<Sbp, readonly Local[]>[];
  readonly outs: readonly Value[];
}

function drawOf(c: Case, all: readonly (readonly Sbp[])[], mesh: PlacementData, random: () => number): Draw {
  const ins = values(c, random);
  const held = ins.map(
    (value, i) => new Map(all[i]!.map((sbp) => [sbp, scatter(value, layoutOf(sbp), mesh, random)] as const)),
  );
  return { held, outs: onWhole(c.kind, ins, c.attrs) };
}

/** By output the SBPs under which what the ranks computed is the value. A kernel that leaves what a rank holds has none. */
function read(
  c: Case,
  ins: readonly Sbp[],
  extents: readonly Sbp[],
  { held, outs }: Draw,
  mesh: PlacementData,
): Sbp[][] {
  const types = outs.map((type, i) => ({ type, layout: layoutOf(extents[i]!) }));
  let results: Local[][];
  try {
    const locals = ins.map((sbp, i) => held[i]!.get(sbp)!);
    results = onRanks(c.kind, locals, types, c.attrs, mesh);
  } catch {
    return outs.map(() => []);
  }
  return results.map((locals, i) => {
    const candidates = extents[i]!.kind === "S" ? [extents[i]!] : ways(outs[i]!).filter(({ kind }) => kind !== "S");
    return candidates.filter((sbp) => {
      const { value, apart } = collect(locals, layoutOf(sbp), mesh);
      return Math.max(apart, between(value, outs[i]!)) <= tolerance;
    });
  });
}

/** All rules that hold on an axis of `parts`, for several draws of values. */
export function truths(c: Case, parts: number): Rule[] {
  const mesh = placement("cpu", { a: parts }).data;
  const random = sequence(29);
  const all = values(c, sequence(1)).map(ways);
  const tries = Array.from({ length: drawsOf(c) }, () => drawOf(c, all, mesh, random));
  return product(all).flatMap((ins) =>
    extentsOf(c, ins, tries[0]!.outs).flatMap((extents) => {
      let outs: readonly (readonly Sbp[])[] | undefined;
      for (const draw of tries) {
        const found = read(c, ins, extents, draw, mesh);
        const known = (i: number, sbp: Sbp) => !outs || outs[i]!.some((other) => showSbp(other) === showSbp(sbp));
        outs = found.map((sbps, i) => sbps.filter((sbp) => known(i, sbp)));
        if (outs.some((sbps) => sbps.length === 0)) return [];
      }
      return product(outs!).map((each) => ({ ins, outs: each }));
    }),
  );
}

/** A value that lies as `is` lies as `wanted` too. */
const serves = (is: Sbp, wanted: Sbp): boolean =>
  showSbp(is) === showSbp(wanted) || (is.kind === "B" && wanted.kind === "P" && monoid(wanted.monoid).idempotent);

export const follows = (claim: Rule, from: Rule): boolean =>
  claim.ins.every((sbp, i) => serves(sbp, from.ins[i]!)) && from.outs.every((sbp, i) => serves(sbp, claim.outs[i]!));

export interface Missing {
  readonly rule: Rule;
  readonly text: string;
}

export interface Findings {
  /** Rules that give wrong values. */
  readonly wrong: readonly string[];
  /** Combinations that hold and that no rule gives; of some that follow from each other, the strongest. */
  readonly missing: readonly Missing[];
}

/** What the rules of a case are that make sense for its dtypes. */
export function rulesOf(c: Case, rules: Rules, parts: number): Rule[] {
  const ins = values(c, sequence(1));
  const outs = onWhole(c.kind, ins, c.attrs);
  const possible = (sbp: Sbp, type: LocalType) => ways(type).some((way) => showSbp(way) === showSbp(sbp));
  return rules({ ins, outs, attrs: c.attrs, parts }).filter((rule) =>
    [...rule.ins, ...rule.outs].every((sbp, k) => possible(sbp, [...ins, ...outs][k]!)),
  );
}

/** What is wrong with rules for an op, given all that hold. */
export function compare(holding: readonly Rule[], given: readonly Rule[]): Findings {
  const all = new Set(holding.map(show));
  const trivial = holding.filter(({ ins, outs }) => [...ins, ...outs].every(({ kind }) => kind === "B"));
  const known = [...given, ...trivial];
  const missing = holding.filter((claim) => !known.some((rule) => follows(claim, rule)));
  const strongest = missing.filter(
    (claim, i) => !missing.some((other, k) => k !== i && follows(claim, other) && !(k > i && follows(other, claim))),
  );
  return {
    wrong: given.map(show).filter((text) => !all.has(text)),
    missing: strongest.map((rule) => ({ rule, text: show(rule) })),
  };
}

/** What is wrong with rules for an op on an axis of `parts`. */
export const findings = (c: Case, rules: Rules, parts: number): Findings =>
  compare(truths(c, parts), rulesOf(c, rules, parts));
