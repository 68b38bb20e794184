/**
 * @file An op as its ranks meet it when some mesh axes have been taken: ranks whose operands have the same local shapes
 * are one class, and a rule holds when the op's own rules give it for every class.
 */
import { InternalError } from "../ir/errors.ts";
import { type Sbp, showSbp } from "../ir/layout.ts";
import { partSizes } from "./boxes.ts";
import { Cache } from "./cache.ts";
import { misfit, showRule } from "./fits.ts";
import { monoid } from "./monoid.ts";
import type { LocalType, Rule, Rules, Site } from "./rule.ts";

/** A rule with one SBP an operand, inputs first. */
export interface LocalRule {
  readonly sbps: readonly Sbp[];
  readonly text: string;
}

export interface Division {
  /** The rules that hold on every rank for an axis of `parts`, but B for everything, which changes nothing. */
  rules(parts: number): readonly LocalRule[];
  /** What is left once the operands are cut by a rule. */
  divide(rule: LocalRule, parts: number): Division;
}

/** An op as far as signatures are concerned; its types are global. */
export interface SignatureSite {
  /** For messages. */
  readonly name: string;
  readonly ins: readonly LocalType[];
  readonly outs: readonly LocalType[];
  readonly attrs: Site["attrs"];
  readonly rules: Rules;
}

/** Local shapes of the operands of one class of ranks, inputs first. */
type Locals = readonly (readonly number[])[];

const keyOf = (locals: Locals): string => locals.join(";");

/** By input, the monoids that the axes taken so far have made it partial by, in alphabetical order. */
type Partials = readonly (readonly string[])[];

const joined = (partial: Partials, rule: LocalRule): Partials =>
  partial.map((known, i) => {
    const sbp = rule.sbps[i]!;
    return sbp.kind === "P" && !known.includes(sbp.monoid) ? [...known, sbp.monoid].sort() : known;
  });

/** The op before any axis is taken. Equal divisions are one object, so that each question is answered once. */
export function divisions(op: SignatureSite): Division {
  const known = new Cache<Division>();
  const asked = new Cache<readonly LocalRule[]>();
  const make = (classes: ReadonlyMap<string, Locals>, partial: Partials): Division => ({
    rules: byParts((parts) => {
      const [first, ...rest] = [...classes].map(([key, locals]) =>
        asked.get(`${parts}:${key}:${partial.join(";")}`, () => ask(op, locals, partial, parts)),
      );
      return first!.filter(({ text }) => rest.every((others) => others.some((other) => other.text === text)));
    }),
    divide: byRule((rule, parts) => intern(cut([...classes.values()], rule.sbps, parts), joined(partial, rule))),
  });
  const intern = (classes: ReadonlyMap<string, Locals>, partial: Partials): Division =>
    known.get([...[...classes.keys()].sort(), partial.join(";")].join("/"), () => make(classes, partial));
  const whole = [...op.ins, ...op.outs].map(({ shape }) => shape);
  return intern(
    new Map([[keyOf(whole), whole]]),
    op.ins.map(() => []),
  );
}

function byParts(answer: Division["rules"]): Division["rules"] {
  const known = new Cache<readonly LocalRule[]>();
  return (parts) => known.get(String(parts), () => answer(parts));
}

function byRule(answer: Division["divide"]): Division["divide"] {
  const known = new Cache<Division>();
  return (rule, parts) => known.get(`${parts}:${rule.text}`, () => answer(rule, parts));
}

/** What the op's own rules say of these local shapes, checked, each once. */
function ask(op: SignatureSite, locals: Locals, partial: Partials, parts: number): readonly LocalRule[] {
  const types = [...op.ins, ...op.outs];
  const local = types.map(({ dtype }, i): LocalType => ({ shape: locals[i]!, dtype }));
  const [ins, outs] = [local.slice(0, op.ins.length), local.slice(op.ins.length)];
  const site: Site = { ins, outs, attrs: op.attrs, parts, partial };
  const rules = new Map<string, LocalRule>();
  for (const rule of op.rules(site)) {
    const sbps = fitting(op, rule, site);
    if (sbps.every(({ kind }) => kind === "B")) continue;
    // A rule may hold for every dtype; a partial value of one that nothing reduces could never be used.
    if (sbps.some((sbp, i) => sbp.kind === "P" && !monoid(sbp.monoid).dtypes.includes(types[i]!.dtype))) continue;
    const text = sbps.map(showSbp).join(",");
    rules.set(text, { sbps, text });
  }
  return [...rules.values()];
}

/** The rule's SBPs, inputs first; throws InternalError when it is not a rule for this op. */
function fitting(op: SignatureSite, rule: Rule, site: Site): readonly Sbp[] {
  const why = misfit(rule, site);
  if (why === undefined) return [...rule.ins, ...rule.outs];
  throw new InternalError(`rule ${showRule(rule)} does not fit: ${why}`, { subject: op.name });
}

/** The classes of ranks once every operand is cut by its SBP into `parts`. */
function cut(classes: readonly Locals[], sbps: readonly Sbp[], parts: number): ReadonlyMap<string, Locals> {
  const after = new Map<string, Locals>();
  for (const locals of classes) {
    const sizes = sbps.map((sbp, i) => (sbp.kind === "S" ? partSizes(locals[i]![sbp.dim]!, parts, sbp.part)! : []));
    for (let part = 0; part < parts; part++) {
      const next = locals.map((shape, i) => {
        const sbp = sbps[i]!;
        return sbp.kind === "S" ? shape.with(sbp.dim, sizes[i]![part]!) : shape;
      });
      after.set(keyOf(next), next);
    }
  }
  return after;
}
