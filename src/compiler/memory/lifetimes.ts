/**
 * @file When memory is in use. What only the compute tasks of one placement touch is dead outside the stretch of ops that
 * do, in every step: a rank works its compute stream in launch order, so nobody else ever meets it. Other buffers may be
 * touched by peers, other streams or the host at any time, and keep their place.
 */
import type { Draft } from "../draft.ts";

/** Places in launch order of the first and the last op that touches a buffer. */
export interface Lifetime {
  readonly first: number;
  readonly last: number;
}

/** By buffer id; undefined for one that must keep its place. */
export function lifetimes({ graph, tasks, joined, buffers, bufferOf }: Draft): readonly (Lifetime | undefined)[] {
  const lives: (Lifetime | undefined)[] = buffers.map(({ role, slots }) =>
    role === "activation" && slots === 1 ? { first: Number.POSITIVE_INFINITY, last: -1 } : undefined,
  );
  /** Ops that are done at the place of another, the last of their run. */
  const later = new Set([...joined.values()].flatMap(({ ops }) => ops.slice(0, -1)));
  let place = 0;
  for (const { stream, placement, ops } of tasks)
    for (const op of ops) {
      if (later.has(op)) continue;
      const run = joined.get(op)?.ops ?? [op];
      for (const value of run.flatMap((each) => [...graph.ops[each]!.inputs, ...graph.ops[each]!.outputs])) {
        const id = bufferOf[value];
        if (id === undefined) continue; // never stored
        const life = lives[id];
        if (!life) continue;
        const own = stream === "compute" && buffers[id]!.placement === placement;
        lives[id] = own ? { first: Math.min(life.first, place), last: place } : undefined;
      }
      place++;
    }
  return lives.map((life) => (life && life.last >= 0 ? life : undefined));
}
