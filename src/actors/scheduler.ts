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
  const ready = new Set<number>();
  let turn = 0;
  return {
    ready(spec) {
      if (spec.rank === HOST) host.push(spec);
      else ready.add(spec.id);
    },
    take() {
      const first = host.shift();
      if (first) return first;
      const next = schedule[turn];
      if (!next || !ready.has(next.id) || !hasRoom(next)) return undefined;
      ready.delete(next.id);
      turn = (turn + 1) % schedule.length;
      return next;
    },
    turn: () => schedule[turn],
  };
}
