/**
 * @file Whether communication has threads of its own. A task that another thread takes up costs a hand-over; it pays where
 * what communication waits for, or works, can be hidden behind computing. Waiting for a link takes no core, so that can
 * always be hidden; copies and sums only where cores are to spare.
 */
import { availableParallelism } from "node:os";
import type { PlanData } from "../ir/plan.ts";
import { sharedMemory } from "../sbp/link.ts";
import type { Mapping } from "./session-types.ts";

/** Seconds that each task of a plan waits for links, by its id. */
export type Waits = (plan: PlanData) => readonly number[];

/** Seconds until another thread has taken up a task, and those who wait for it have heard. */
const handOver = 20e-6;

export interface Site {
  readonly cores?: number;
  /** Threads that compute. */
  readonly threads: number;
  readonly waits?: Waits | undefined;
}

/** The mapping for a plan where none is asked for. */
export function mappingOf(plan: PlanData, { cores = availableParallelism(), threads, waits }: Site): Mapping {
  const tasks = plan.tasks.filter(({ stream }) => stream === "comm");
  const waiting = waits ? tasks.reduce((sum, { id }) => sum + waits(plan)[id]!, 0) : 0;
  const bytes = plan.collectives.reduce((sum, { received }) => sum + Math.max(0, ...received), 0);
  const working = cores >= 2 * threads ? bytes * sharedMemory.memory.beta : 0;
  return waiting + working > tasks.length * handOver ? "stream" : "rank";
}
