/**
 * @file From rules for one mesh axis to the signatures of a whole mesh. nD is sequential: an axis's rule is asked for the
 * *local* extents that the axes before it have left, and counts only if it holds for every rank. So (8,4) reshaped to
 * (2,4,4) may go (S(0),S(0)) → (S(0),S(1)), which no product of global rules gives. Axes are taken in every order;
 * layouts that lie the same are one signature.
 */
import { InternalError } from "../ir/errors.ts";
import { type Layout, type Sbp, showSbp } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { partSizes } from "./boxes.ts";
import { Cache } from "./cache.ts";
import { canonical, keyOf } from "./canonical.ts";
import { monoid } from "./monoid.ts";
import type { LocalType, Rule, Rules, Site } from "./rule.ts";

/** Layouts of an op's inputs and outputs, canonical, under which it runs with no communication inside. */
export interface Signature {
  readonly ins: readonly Layout[];
  readonly outs: readonly Layout[];
}

export interface SignatureSite {
  /** For messages. */
  readonly name: string;
  /** Global types. */
  readonly ins: readonly LocalType[];
  readonly outs: readonly LocalType[];
  readonly attrs: Site["attrs"];
  readonly rules: Rules;
}

/** The op as one class of ranks meets it: the local shapes of its operands, inputs first. */
type Locals = readonly (readonly number[])[];

/** A rule with one SBP an operand, inputs first. */
interface Choice {
  readonly sbps: readonly Sbp[];
  readonly text: string;
}

const keyOfLocals = (locals: Locals): string => locals.join(";");

/**
 * All signatures of an op on a placement, each once, the most divided first; the last is B for everything. Throws
 * InternalError when a rule does not fit the op.
 */
export function signatures(op: SignatureSite, placement: PlacementData): readonly Signature[] {
  const types = [...op.ins, ...op.outs];
  const axes = placement.axes.filter(({ size }) => size > 1);
  const legal = remembered(op, types);
  const found = new Map<string, Signature>();

  const visit = (taken: readonly (readonly [axis: string, choice: Choice])[], classes: readonly Locals[]): void => {
    for (const { name, size } of axes) {
      if (taken.some(([axis]) => axis === name)) continue;
      for (const choice of legal(classes, size)) visit([...taken, [name, choice]], divide(classes, choice.sbps, size));
    }
    const layouts = types.map((_, i) =>
      canonical(
        taken.map(([axis, { sbps }]) => [axis, sbps[i]!] as const),
        placement,
      ),
    );
    const key = layouts.map(keyOf).join(" | ");
    if (!found.has(key)) found.set(key, { ins: layouts.slice(0, op.ins.length), outs: layouts.slice(op.ins.length) });
  };
  visit([], [types.map(({ shape }) => shape)]);
  return [...found.values()];
}

/** The rules that hold for every class of ranks, B for everything left out: it changes nothing. */
function remembered(op: SignatureSite, types: readonly LocalType[]) {
  const single = new Cache<readonly Choice[]>();
  const all = new Cache<readonly Choice[]>();
  return (classes: readonly Locals[], parts: number): readonly Choice[] =>
    all.get(`${parts}:${classes.map(keyOfLocals).join("/")}`, () => {
      const [first, ...rest] = classes.map((locals) =>
        single.get(`${parts}:${keyOfLocals(locals)}`, () => ask(op, types, locals, parts)),
      );
      return first!.filter(({ text }) => rest.every((other) => other.some((choice) => choice.text === text)));
    });
}

/** What the op's own rules say of these local shapes, checked, each once. */
function ask(op: SignatureSite, types: readonly LocalType[], locals: Locals, parts: number): readonly Choice[] {
  const local = types.map(({ dtype }, i): LocalType => ({ shape: locals[i]!, dtype }));
  const site = { ins: local.slice(0, op.ins.length), outs: local.slice(op.ins.length), attrs: op.attrs, parts };
  const choices = new Map<string, Choice>();
  for (const rule of op.rules(site)) {
    const sbps = fitting(op, rule, site);
    if (sbps.every(({ kind }) => kind === "B")) continue;
    // A rule may be generic over dtypes; a partial value of a dtype that nothing reduces could never be used.
    if (sbps.some((sbp, i) => sbp.kind === "P" && !monoid(sbp.monoid).dtypes.includes(types[i]!.dtype))) continue;
    const text = sbps.map(showSbp).join(",");
    choices.set(text, { sbps, text });
  }
  return [...choices.values()];
}

/** The rule's SBPs, inputs first; throws InternalError when it is not a rule for this op. */
function fitting(op: SignatureSite, { ins, outs }: Rule, site: Site): readonly Sbp[] {
  const sbps = [...ins, ...outs];
  const text = `${ins.map(showSbp).join(",")} -> ${outs.map(showSbp).join(",")}`;
  const wrong = (why: string) => new InternalError(`rule ${text} does not fit: ${why}`, { subject: op.name });
  if (ins.length !== site.ins.length || outs.length !== site.outs.length)
    throw wrong(`the op has ${site.ins.length} inputs and ${site.outs.length} outputs`);
  [...site.ins, ...site.outs].forEach(({ shape }, i) => {
    const sbp = sbps[i]!;
    if (sbp.kind !== "S") return;
    const extent = shape[sbp.dim];
    if (extent === undefined) throw wrong(`${showSbp(sbp)} on an operand of shape [${shape.join(",")}]`);
    if (sbp.part && !partSizes(extent, site.parts, sbp.part))
      throw wrong(`${showSbp(sbp)} cannot cut ${extent} into ${site.parts}`);
  });
  return sbps;
}

/** The classes of ranks once every operand is cut by its SBP into `parts`. */
function divide(classes: readonly Locals[], sbps: readonly Sbp[], parts: number): readonly Locals[] {
  const after = new Map<string, Locals>();
  for (const locals of classes) {
    const cuts = sbps.map((sbp, i) =>
      sbp.kind === "S" ? partSizes(locals[i]![sbp.dim]!, parts, sbp.part)! : undefined,
    );
    for (let part = 0; part < parts; part++) {
      const next = locals.map((shape, i) => {
        const sbp = sbps[i]!;
        return sbp.kind === "S" ? shape.with(sbp.dim, cuts[i]![part]!) : shape;
      });
      after.set(keyOfLocals(next), next);
    }
  }
  return [...after.values()];
}
