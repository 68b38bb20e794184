/**
 * @file Who could want a copy of a value in which layout: what a copy's price is shared by, before it is known who takes
 * it.
 */
import type { LogicalGraph, Op } from "../ir/graph.ts";
import { Cache } from "../sbp/cache.ts";
import type { Draft } from "./draft.ts";
import type { Menu } from "./menu.ts";

/** For each layout (and placement) that any of a value's users can take it in, how many can. Equal wishes are one object. */
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

/** By value. */
export function wishesOf({ graph }: Draft, menus: readonly Menu[]): readonly Wishes[] {
  const takers = graph.values.map(() => [] as Op[]);
  for (const op of graph.ops) for (const id of new Set(op.inputs)) takers[id]!.push(op);
  const known = new Cache<Wishes>();
  let count = 0;
  return takers.map((ops, id) => {
    if (ops.length < 2) return alone;
    const text = ops.map((op) => `${elsewhere(graph, id, op)}${menus[op.id]!.id}.${placesOf(op, id).join()}`);
    return known.get(text.sort().join(" "), () => {
      const users = new Map<string, number>();
      for (const op of ops) {
        const there = elsewhere(graph, id, op);
        for (const key of new Set(placesOf(op, id).flatMap((i) => menus[op.id]!.ins[i]!.keys)))
          users.set(there + key, (users.get(there + key) ?? 0) + 1);
      }
      return { id: ++count, users };
    });
  });
}
