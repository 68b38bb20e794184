/**
 * @file Who takes which value, and what bringing it takes. Where the ends are alike, the taking is one object: a model of
 * repeated blocks has few, and each move of a taking is looked up once.
 */
import type { Op } from "../../ir/graph.ts";
import { Cache } from "../../sbp/cache.ts";
import { type Draft, forbidsBoxing, placementOf, producers } from "../draft.ts";
import type { Kept } from "./kept.ts";
import { type Column, heldBy, type Menu } from "./menu.ts";
import { type Keyed, type Move, movesOf, nothing } from "./moves.ts";

/** An op takes a value, at one of its places or several. */
export interface Taken {
  readonly value: number;
  readonly from: number;
  readonly by: number;
  readonly taking: Taking;
}

export interface Taking {
  readonly id: number;
  /** The layouts in which the value comes, by option of its producer. */
  readonly before: Column;
  /**
   * The sets of layouts that it is wanted in, by option of the taker: the texts of each set, with the placement where it is
   * not the value's own.
   */
  readonly after: { readonly of: Int32Array; readonly keys: readonly (readonly string[])[] };
  /** By layout that it comes in, by set: the move for each text, `nothing` where it lies so already. */
  readonly moves: readonly (readonly (readonly Move[])[])[];
  /** Whether the author says what is boxed, so that nothing else may be. */
  readonly strict: boolean;
}

/** In place of a layout: what is kept of the value as it lies while peers take it, once for all takers. */
export const waiting = "waiting";

/** More than there are menus. */
const manyMenus = 2 ** 26;

/** In the order of the ops. */
export function takingsOf(draft: Draft, menus: readonly Menu[], kept: readonly Kept[]): readonly (readonly Taken[])[] {
  const { graph } = draft;
  const produced = producers(graph);
  const movesFor = movesOf(draft);
  const known = new Cache<Cache<Taking>, number>();
  let made = 0;
  const home = (value: number) => graph.placements[graph.values[value]!.placement]!;
  const taken = (op: Op, value: number): Taken => {
    const from = produced[value]!;
    const menu = menus[op.id]!;
    const at = from.outputs.length === 1 ? 0 : from.outputs.indexOf(value);
    const places = placesOf(op, value);
    const strict = draft.strict.has(op.name) || forbidsBoxing(draft, op);
    const { placement } = graph.values[op.outputs[0]!]!;
    const there = placement === graph.values[value]!.placement ? undefined : placementOf(draft, op);
    const { sent, local } = kept[value]!;
    const ends = known.get(menus[from.id]!.id * manyMenus + menu.id, () => new Cache());
    const taking = ends.get(`${at} ${places.join()} ${strict} ${there && placement} ${sent} ${local}`, (): Taking => {
      const before = menus[from.id]!.outs[at]!;
      const { sets, of } = together(places.map((i) => menu.ins[i]!));
      const prefix = there ? `@${placement} ` : "";
      const keys = sets.map((set) => [...set.map((want) => prefix + want.key), ...(sent ? [waiting] : [])]);
      const moves = before.layouts.map((layout, a) => {
        const move = movesFor(value, local, there)({ layout, key: before.keys[a]! });
        const wait: Move = {
          time: 0,
          memory: Math.ceil(sent * heldBy(graph.values[value]!, layout, home(value))),
          sent: false,
        };
        return sets.map((set) => {
          const all = set.map(move);
          return sent ? [...all, all.some((one) => one.sent) ? wait : nothing] : all;
        });
      });
      return { id: made++, before, after: { of, keys }, moves, strict };
    });
    return { value, from: from.id, by: op.id, taking };
  };
  return graph.ops.map((op) => valuesOf(op).map((id) => taken(op, id)));
}

/** Each input once. */
const valuesOf = ({ inputs }: Op): readonly number[] => (inputs.length < 2 ? inputs : [...new Set(inputs)]);

/** The places at which an op takes a value. */
const placesOf = ({ inputs }: Op, value: number): readonly number[] =>
  inputs.length === 1 ? [0] : inputs.flatMap((input, i) => (input === value ? [i] : []));

/** Several inputs that are one value: the layouts that it is wanted in, each once, for a copy serves all of them. */
function together(columns: readonly Column[]): {
  readonly sets: readonly (readonly Keyed[])[];
  readonly of: Int32Array;
} {
  const sets: Keyed[][] = [];
  const known = new Map<string, number>();
  const of = columns[0]!.of.map((_, option) => {
    const all = new Map(columns.map((c) => [c.keys[c.of[option]!]!, c.layouts[c.of[option]!]!]));
    const text = [...all.keys()].join("|");
    const place = known.get(text) ?? sets.push([...all].map(([key, layout]) => ({ key, layout }))) - 1;
    known.set(text, place);
    return place;
  });
  return { sets, of };
}
