/**
 * @file The options of an op with what each costs by itself. Ops that are alike, and have the same asked of them, share
 * one menu: a model of repeated blocks has few. Costs are whole picoseconds, so that sums are exact.
 */
import { opDef } from "../../graph/registry.ts";
import { itemSize } from "../../ir/dtype.ts";
import type { LogicalGraph, Op, Value } from "../../ir/graph.ts";
import { B, type Layout, showSbp } from "../../ir/layout.ts";
import { type PlacementData, showPlacement } from "../../ir/placement.ts";
import { localShape } from "../../sbp/boxes.ts";
import { Cache } from "../../sbp/cache.ts";
import { keyOf } from "../../sbp/canonical.ts";
import type { LocalType } from "../../sbp/rule.ts";
import type { Signature } from "../../sbp/signatures.ts";
import { type Draft, forbidsBoxing, placementOf, shapeOf } from "../draft.ts";
import { machineOf, type Speed } from "../machine.ts";
import { wholeLines } from "../memory/buffers.ts";
import { computeTime, picoseconds } from "../work.ts";
import { type OpSite, type Strategy, siteOf, strategies } from "./strategies.ts";

/** The layouts that one operand takes over the options: each once, and which of them an option has. */
export interface Column {
  readonly layouts: readonly Layout[];
  readonly keys: readonly string[];
  readonly of: Int32Array;
  /** What any of the layouts is partial by, in alphabetical order. */
  readonly monoids: readonly string[];
}

export interface Menu {
  readonly id: number;
  readonly signatures: readonly Signature[];
  /** Picoseconds of the op's own work on the busiest rank. */
  readonly own: Float64Array;
  readonly ins: readonly Column[];
  readonly outs: readonly Column[];
}

/** Seconds that a boxing inside an expansion takes at least: waiting for peers, and being started. */
const insideRound = 1e-5;

/** By op id. */
export function menusOf(draft: Draft): readonly Menu[] {
  const { graph } = draft;
  const shared = new Cache<Menu>();
  const menus: Menu[] = [];
  const numbers = new Map<string, number>();
  const types = typesOf(graph).map((type) => {
    const known = numbers.get(type) ?? numbers.size;
    numbers.set(type, known);
    return known;
  });
  /** By value how it may come. */
  const offers: Column[] = [];
  for (const op of graph.ops) {
    const given = givenTo(draft, op);
    const monoids = op.inputs.map((id) => offers[id]!.monoids);
    const asked = given ? signatureText(given) : monoids.join(";");
    const plain = forbidsBoxing(draft, op);
    const text = (ids: readonly number[]) => ids.map((id) => types[id]).join();
    const key = `${kindText(op)} ${text(op.inputs)}>${text(op.outputs)} ${given ? "as" : "from"} ${asked} ${plain}`;
    const found = shared.get(key, () => {
      const [site, place] = [siteOf(draft, op), placementOf(draft, op)];
      const options = given ? [{ signature: given }] : possible(site, place, monoids, plain);
      return menu(menus.length, site, place, options, draft.options.speed ?? machineOf(place.device));
    });
    menus.push(found);
    for (const [j, id] of op.outputs.entries()) offers[id] = found.outs[j]!;
  }
  return menus;
}

/** By value id the same text for tensors alike on the same placement: `cpu[0,1] {data: 2} float32[8,4]`. */
export function typesOf({ values, placements }: LogicalGraph): readonly string[] {
  const places = placements.map(showPlacement);
  return values.map(({ shape, dtype, placement }) => `${places[placement]} ${dtype}[${shape.join()}]`);
}

const signatureText = ({ ins, outs }: Signature) => [...ins, ...outs].map(keyOf).join("|");

const named: ReadonlySet<string> = new Set(["input", "state"]);

/** The same text for ops that have the same strategies and costs. Names of states and inputs do not matter. */
function siteKey({ op, ins, outs }: OpSite): string {
  const types = (all: readonly LocalType[]) => all.map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join();
  return `${kindText(op)} ${types(ins)}>${types(outs)}`;
}

const kindText = ({ kind, attrs }: Op): string => (named.has(kind) ? kind : kind + JSON.stringify(attrs));

/** The one signature that is settled or given: sources and explicit boxings take what the user gave, by hand or not. */
function givenTo({ fixed, settled }: Draft, op: Op): Signature | undefined {
  const known = settled.get(op.name);
  if (known) return known;
  const given = fixed.get(op.outputs[0]!);
  if (!given || !(named.has(op.kind) || op.kind === "to")) return undefined;
  return { ins: op.inputs.map(() => given), outs: [given] };
}

const partial = (layout: Layout): string[] => layout.flatMap(([, s]) => (s.kind === "P" ? [s.monoid] : []));

/** By what says the strategies: an op's expansions, or its rules where it has none. */
const remembered = new WeakMap<object, Cache<readonly Strategy[]>>();

/** All strategies of an op, found once for all ops like it. */
export function strategiesOf(site: OpSite, place: PlacementData): readonly Strategy[] {
  const { expansions, rules } = opDef(site.op.kind);
  const cache = remembered.get(expansions ?? rules) ?? new Cache<readonly Strategy[]>(1000);
  remembered.set(expansions ?? rules, cache);
  return cache.get(`${showPlacement(place)} ${siteKey(site)}`, () => strategies(site, place));
}

/** Strategies without partial inputs that no producer gives; `plain`: without boxing inside. */
function possible(
  site: OpSite,
  place: PlacementData,
  monoids: readonly (readonly string[])[],
  plain: boolean,
): readonly Strategy[] {
  const { op } = site;
  const all = strategiesOf(site, place).filter(({ expansion }) => !(plain && expansion));
  if (op.kind !== "to" || !op.attrs.axis)
    return all.filter(({ signature }) =>
      signature.ins.every((layout, i) => partial(layout).every((m) => monoids[i]!.includes(m))),
    );
  // A boxing along one axis: what it becomes there is said, the rest is left to its neighbours.
  const { axis, sbp } = op.attrs;
  const there = (layout: Layout) => showSbp(layout.find(([name]) => name === axis)?.[1] ?? B);
  return all.filter(({ signature }) => there(signature.outs[0]!) === sbp);
}

function menu(id: number, site: OpSite, place: PlacementData, found: readonly Strategy[], speed: Speed): Menu {
  const signatures = found.map(({ signature }) => signature);
  const ins = site.ins.map((_, i) => column(signatures.map((s) => s.ins[i]!)));
  const outs = site.outs.map((_, j) => column(signatures.map((s) => s.outs[j]!)));
  const local = (types: readonly LocalType[], columns: readonly Column[]) =>
    types.map(({ shape, dtype }, i) =>
      columns[i]!.layouts.map((layout): LocalType => ({ shape: largest(layout, shape, place), dtype })),
    );
  const [from, to] = [local(site.ins, ins), local(site.outs, outs)];
  const own = Float64Array.from(found, ({ expansion }, option) => {
    const at = (columns: readonly Column[], types: readonly LocalType[][]) =>
      types.map((each, i) => each[columns[i]!.of[option]!]!);
    const inside = insideRound * (expansion?.by.rounds ?? 0);
    return picoseconds(computeTime(site.op, at(ins, from), at(outs, to), speed) + inside);
  });
  return { id, signatures, own, ins, outs };
}

function column(all: readonly Layout[]): Column {
  const place = new Map<string, number>();
  const layouts: Layout[] = [];
  const of = Int32Array.from(all, (layout) => {
    const key = keyOf(layout);
    const known = place.get(key);
    if (known !== undefined) return known;
    place.set(key, layouts.length);
    return layouts.push(layout) - 1;
  });
  return { layouts, keys: [...place.keys()], of, monoids: [...new Set(layouts.flatMap(partial))].sort() };
}

/** Local extents on the rank that holds the most: the first for balanced splits, which give it the remainder. */
function largest(layout: Layout, shape: readonly number[], place: PlacementData): readonly number[] {
  const byHand = layout.some(([, sbp]) => sbp.kind === "S" && sbp.part);
  const members = byHand ? place.ranks.map((_, member) => localShape(layout, shape, place, member)) : [];
  const count = (extents: readonly number[]) => extents.reduce((a, b) => a * b, 1);
  return members.reduce((a, b) => (count(b) > count(a) ? b : a), localShape(layout, shape, place, 0));
}

/** Bytes of a value on the rank that holds the most. */
export function heldBy(value: Value, layout: Layout, place: PlacementData): number {
  const extents = largest(layout, shapeOf(value), place);
  return wholeLines(extents.reduce((a, b) => a * b, 1) * itemSize[value.dtype]);
}
