/**
 * @file Are an op's rules all true, and are they all? Every combination of SBPs for its operands is tried on one mesh axis
 * and held against the rules, modulo the conversions that change no bytes: a replicated value is a partial maximum and a
 * partial minimum as it lies. A split of a dim of extent 1 or 0 is a replica, and not tried.
 *
 * An output that is replicated and one that is partial come from the same kernels, so an op is run once for both and the
 * result read each way.
 */
import { placement } from "../graph/placement.ts";
import { opDef } from "../graph/registry.ts";
import type { Attrs } from "../ir/graph.ts";
import { B, type Layout, P, S, type Sbp, showSbp } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { monoid, monoidNames } from "../sbp/monoid.ts";
import type { Rule, Rules } from "../sbp/rule.ts";
import { onRanks, onWhole, type Run } from "./apply.ts";
import { collect, type Local, scatter } from "./shards.ts";
import { between, count, draw, type Range, sequence, type Type, type Value } from "./value.ts";

/** Operands to try an op on, and how. */
export interface Search {
  readonly kind: string;
  readonly ins: readonly Type[];
  readonly attrs: Attrs;
  readonly range: Range;
  readonly run: Run;
  /** Of values, relative to 1 or more. */
  readonly tolerance: number;
}

/** Small tensors need many, or a combination passes by luck. */
function drawsOf({ ins }: Search): number {
  const elements = Math.max(0, ...ins.map(({ shape }) => count(shape)));
  return elements <= 1 ? 200 : elements <= 64 ? 24 : 6;
}

/** `S(0), B → S(0)` */
export const showRule = ({ ins, outs }: Rule): string =>
  `${ins.map(showSbp).join(", ")} → ${outs.map(showSbp).join(", ")}`;
const layoutOf = (sbp: Sbp): Layout => (sbp.kind === "B" ? [] : [["a", sbp]]);

/** How an operand may lie on one axis. */
const ways = ({ shape, dtype }: Type): Sbp[] => [
  B,
  ...shape.flatMap((extent, dim) => (extent > 1 ? [S(dim)] : [])),
  ...monoidNames.filter((name) => monoid(name).dtypes.includes(dtype)).map((name) => P(name)),
];

const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((item) => [...head, item])), [[]]);

const outsOf = ({ kind, ins, attrs }: Search): readonly Type[] => opDef(kind).infer(ins, attrs) as readonly Type[];

/** What ranks are to write of each output: a split of it, or all of it. What is written in place lies as its input. */
function extentsOf({ kind }: Search, ins: readonly Sbp[], outs: readonly Type[]): Sbp[][] {
  const inPlace = new Map(opDef(kind).inPlace ?? []);
  const split = (sbp: Sbp) => sbp.kind === "S";
  const whole = (sbp: Sbp) => (split(sbp) ? sbp : B);
  return product(
    outs.map((type, i) => (inPlace.has(i) ? [whole(ins[inPlace.get(i)!]!)] : [B, ...ways(type).filter(split)])),
  );
}

/** Runs that trying all combinations takes. */
export function runsOf(search: Search): number {
  const all = product(search.ins.map(ways));
  return all.length * extentsOf(search, all[0]!, outsOf(search)).length;
}

interface Draw {
  /** By input and way what the ranks hold. */
  readonly held: readonly ReadonlyMap<Sbp, readonly Local[]>[];
  readonly outs: readonly Value[];
}

function drawOf(
  { kind, ins: types, attrs, range, run }: Search,
  all: readonly (readonly Sbp[])[],
  mesh: PlacementData,
  random: () => number,
): Draw {
  const ins = draw(types, range, random);
  const held = ins.map(
    (value, i) => new Map(all[i]!.map((sbp) => [sbp, scatter(value, layoutOf(sbp), mesh, random)] as const)),
  );
  return { held, outs: onWhole(kind, ins, attrs, run) };
}

/** By output the SBPs under which what the ranks computed is the value. A kernel that fails on what a rank holds has none. */
function read(
  { kind, attrs, run, tolerance }: Search,
  ins: readonly Sbp[],
  extents: readonly Sbp[],
  { held, outs }: Draw,
  mesh: PlacementData,
): Sbp[][] {
  const types = outs.map((type, i) => ({ type, layout: layoutOf(extents[i]!) }));
  let results: Local[][];
  try {
    const locals = ins.map((sbp, i) => held[i]!.get(sbp)!);
    results = onRanks(kind, locals, types, attrs, mesh, run);
  } catch {
    return outs.map(() => []);
  }
  return results.map((locals, i) => {
    const candidates = extents[i]!.kind === "S" ? [extents[i]!] : ways(outs[i]!).filter(({ kind }) => kind !== "S");
    return candidates.filter((sbp) => {
      const { value, torn } = collect(locals, layoutOf(sbp), mesh);
      return Math.max(torn.error, between(value, outs[i]!)) <= tolerance;
    });
  });
}

/** All rules that hold on an axis of `parts`, for several draws of values. */
export function truths(search: Search, parts: number): Rule[] {
  const mesh = placement("cpu", { a: parts }).data;
  const random = sequence(29);
  const all = search.ins.map(ways);
  const tries = Array.from({ length: drawsOf(search) }, () => drawOf(search, all, mesh, random));
  return product(all).flatMap((ins) =>
    extentsOf(search, ins, tries[0]!.outs).flatMap((extents) => {
      let outs: readonly (readonly Sbp[])[] | undefined;
      for (const each of tries) {
        const found = read(search, ins, extents, each, mesh);
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

/** The rules of an op that are among what is tried. */
export function rulesOf(search: Search, rules: Rules, parts: number): Rule[] {
  const { ins, attrs } = search;
  const types = [...ins, ...outsOf(search)];
  const tried = types.map((type) => new Set(ways(type).map(showSbp)));
  return rules({ ins, outs: types.slice(ins.length), attrs, parts }).filter((rule) =>
    [...rule.ins, ...rule.outs].every((sbp, k) => tried[k]!.has(showSbp(sbp))),
  );
}

export interface Findings {
  /** Rules that give wrong values. */
  readonly wrong: readonly Rule[];
  /** Combinations that hold and that no rule gives; of some that follow from each other, the strongest. */
  readonly missing: readonly Rule[];
}

/** What is wrong with rules for an op, given all that hold. */
export function compare(holding: readonly Rule[], given: readonly Rule[]): Findings {
  const all = new Set(holding.map(showRule));
  const trivial = holding.filter(({ ins, outs }) => [...ins, ...outs].every(({ kind }) => kind === "B"));
  const known = [...given, ...trivial];
  const missing = holding.filter((claim) => !known.some((rule) => follows(claim, rule)));
  const strongest = missing.filter(
    (claim, i) => !missing.some((other, k) => k !== i && follows(claim, other) && !(k > i && follows(other, claim))),
  );
  return { wrong: given.filter((rule) => !all.has(showRule(rule))), missing: strongest };
}

/** What is wrong with rules for an op on axes of these sizes: false on one of them, or missing though it holds on all. */
export function findings(search: Search, rules: Rules, sizes: readonly number[]): Findings {
  const each = sizes.map((parts) => ({ holding: truths(search, parts), given: rulesOf(search, rules, parts) }));
  const common = (lists: readonly (readonly Rule[])[]) => {
    const others = lists.slice(1).map((list) => new Set(list.map(showRule)));
    return lists[0]!.filter((rule) => others.every((texts) => texts.has(showRule(rule))));
  };
  const holding = common(each.map((at) => at.holding));
  const given = common(each.map((at) => at.given));
  return { wrong: each.flatMap((at) => compare(at.holding, at.given).wrong), missing: compare(holding, given).missing };
}
