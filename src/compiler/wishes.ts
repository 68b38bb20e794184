/**
 * @file Who wants a copy of a value, in which layout: what the price of a copy is shared by. Before anything is picked all
 * who could want it count; after a pick those who do.
 */
import type { LogicalGraph, Op } from "../ir/graph.ts";
import { Cache } from "../sbp/cache.ts";
import type { Draft } from "./draft.ts";
import type { Menu } from "./menu.ts";

/** By layout (and placement) how many of a value's users count. Equal wishes are one object. */
export interface Wishes {
  readonly id: number;
  readonly users: ReadonlyMap<string, number>;
}

/** One user, or users that share nothing. */
export const alone: Wishes = { id: 0, users: new Map() };

/** The places at which an op takes a value. */
export const placesOf = ({ inputs }: Op, value: number): readonly number[] =>
  inputs.length === 1 ? [0] : inputs.flatMap((input, i) => (input === value ? [i] : []));

/** Names the placement on which an op takes a value, where it is not the value's own. */
export function elsewhere({ values }: LogicalGraph, value: number, op: Op): string {
  const { placement } = values[op.outputs[0]!]!;
  return placement === values[value]!.placement ? "" : `@${placement} `;
}

/** By value: those who could want it, and those who do by a pick. */
export function wishesOf({ graph }: Draft, menus: readonly Menu[]) {
  const takers = graph.values.map(() => [] as Op[]);
  for (const op of graph.ops) for (const id of new Set(op.inputs)) takers[id]!.push(op);
  const known = new Cache<Wishes>();
  let made = 0;
  /** `keys`: what an op may take, or takes, at one of its places. */
  const count = (id: number, keys: (op: Op, place: number) => readonly string[]): Wishes => {
    const users = new Map<string, number>();
    for (const op of takers[id]!) {
      const there = elsewhere(graph, id, op);
      for (const key of new Set(placesOf(op, id).flatMap((place) => keys(op, place))))
        users.set(there + key, (users.get(there + key) ?? 0) + 1);
    }
    const more = [...users].filter(([, n]) => n > 1).sort(([a], [b]) => (a < b ? -1 : 1));
    return more.length ? known.get(more.join(";"), () => ({ id: ++made, users })) : alone;
  };
  const alike = new Cache<Wishes>();
  return {
    /** `settled`: by op an option that is settled, −1 where none is. */
    could: (settled?: readonly number[]): readonly Wishes[] =>
      takers.map((ops, id): Wishes => {
        if (ops.length < 2) return alone;
        if (settled)
          return count(id, (op, place) => {
            const { keys, of } = menus[op.id]!.ins[place]!;
            return settled[op.id]! < 0 ? keys : [keys[of[settled[op.id]!]!]!];
          });
        const text = ops.map((op) => `${elsewhere(graph, id, op)}${menus[op.id]!.id}.${placesOf(op, id).join()}`);
        return alike.get(text.sort().join(" "), () => count(id, (op, place) => menus[op.id]!.ins[place]!.keys));
      }),
  };
}
