/**
 * @file Who fires next. Tasks on the ranks fire in one total order, step after step, as the plan's schedule says: a task
 * that could fire waits for its turn. So the order of launches is the same in every run and under every mapping to
 * threads, and a ticket always names something launched before: waiting on counters cannot deadlock. The ends on the host
 * do not compute; they fire as soon as they can.
 */
import { type ActorSpec, HOST } from "./net.ts";

export interface Scheduler {
  /** An actor can fire. */
  ready(spec: ActorSpec): void;
  /** Takes the next actor whose turn it is; undefined when that one cannot fire yet. */
  take(): ActorSpec | undefined;
  /** Whose turn it is among the tasks of the ranks. */
  turn(): ActorSpec | undefined;
}

/** @param hasRoom whether the thread of a task can be given another launch */
export function createScheduler(schedule: readonly ActorSpec[], hasRoom: (spec: ActorSpec) => boolean): Scheduler {
  const host: ActorSpec[] = [];
  /** By id of the actor, counted from the first of the plan. */
  const first = schedule.reduce((least, { id }) => Math.min(least, id), Number.POSITIVE_INFINITY);
  const ready = new Uint8Array(schedule.reduce((most, { id }) => Math.max(most, id - first + 1), 0));
  let turn = 0;
  return {
    ready(spec) {
      if (spec.rank === HOST) host.push(spec);
      else ready[spec.id - first] = 1;
    },
    take() {
      const end = host.shift();
      if (end) return end;
      const next = schedule[turn];
      if (!next || !ready[next.id - first] || !hasRoom(next)) return undefined;
      ready[next.id - first] = 0;
      turn = (turn + 1) % schedule.length;
      return next;
    },
    turn: () => schedule[turn],
  };
}
