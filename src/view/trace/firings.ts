/**
 * @file When each actor of a plan fired: what traces and summaries are made of. From the events of a session, or from the
 * virtual clock; times are milliseconds from one origin.
 */

import { type ActorSpec, HOST, type Net } from "../../actors/net.ts";
import type { Timeline } from "../../actors/virtual/timeline.ts";
import type { SessionEvent } from "../../ir/session.ts";

/** One firing of an actor: of the user's end, a batch that was fed. */
export interface Firing {
  readonly actor: ActorSpec;
  readonly seq: number;
  readonly start: number;
  readonly end: number;
  /** Firings of one lane run one after the other: those of a thread. Absent on the host. */
  readonly lane?: number;
}

export interface Firings {
  /** In no order. */
  readonly all: readonly Firing[];
  at(actor: ActorSpec, seq: number): Firing | undefined;
  /** In order. */
  of(actor: ActorSpec): readonly Firing[];
  /** Numbers of the steps with which a run began. */
  readonly begins: ReadonlySet<number>;
}

/** Things by what they have in common, each list in their order. */
export function grouped<K, T>(all: Iterable<T>, key: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const known = groups.get(key(one));
    if (known) known.push(one);
    else groups.set(key(one), [one]);
  }
  return groups;
}

export function indexed(all: readonly Firing[], begins: ReadonlySet<number>): Firings {
  const by = new Map<ActorSpec, Firing[]>();
  for (const firing of all) {
    const known = by.get(firing.actor) ?? [];
    by.set(firing.actor, known);
    known[firing.seq] = firing;
  }
  return {
    all,
    begins,
    at: (actor, seq) => by.get(actor)?.[seq],
    of: (actor) => by.get(actor)?.filter(Boolean) ?? [], // what came before the first event is not there
  };
}

/**
 * Firings of a session that was launched with `{ trace: true }`: as executors reported them; on the host, where work takes
 * no time of its own, as they were launched or fed. Those of other plans are left out.
 *
 * @param base number of the plan's first actor in the session; `net` counts from 0
 */
export function firingsOf(net: Net, base: number, events: readonly SessionEvent[]): Firings {
  const all: Firing[] = [];
  const begins = new Set<number>([0]);
  for (const event of events) {
    if (event.type === "message") {
      const { type, from, to, seq, t } = event.message;
      if (from - base !== net.user.id || to - base !== net.source.id) continue;
      if (type === "req") all.push({ actor: net.user, seq, start: t, end: t });
      else if (type === "eos") begins.add(seq);
    } else if (event.type === "task") {
      const actor = net.actors[event.task - base];
      const { seq } = event;
      if (!actor) continue;
      if (event.phase === "done") all.push({ actor, seq, start: event.start, end: event.end, lane: event.thread });
      else if (actor.rank === HOST) all.push({ actor, seq, start: event.t, end: event.t });
    }
  }
  return indexed(all, begins);
}

const ticksOfMilli = 1e9;

/** Firings on the virtual clock, where batches are always there. Of ranks that do the same, those of the first. */
export function simulatedFirings({ net, steps, times }: Timeline): Firings {
  const all = net.actors
    .filter(({ kind }) => kind !== "user")
    .flatMap((actor) =>
      Array.from({ length: steps }, (_, seq): Firing => {
        const [start, end] = [times(actor)[2 * seq]! / ticksOfMilli, times(actor)[2 * seq + 1]! / ticksOfMilli];
        const lane = 2 * actor.rank + (actor.stream === "comm" ? 1 : 0);
        return { actor, seq, start, end, ...(actor.rank !== HOST && { lane }) };
      }),
    );
  return indexed(all, new Set([0]));
}
