/** @file The threads of a session with what they share: control words, a ring and a stack each, and the launcher. */
import type { Worker } from "node:worker_threads";
import type { Engine } from "../kernels/engine.ts";
import type { HostOp } from "../kernels/host.ts";
import type { Arena } from "./arena.ts";
import { createLauncher, type Traced } from "./launcher.ts";
import { quarantine, within } from "./quarantine.ts";
import { controlBytes, ringBytes, ringShape, type ThreadSetup, timesBytes } from "./ring.ts";
import { startThread, type Thread, type ThreadEvents } from "./threads.ts";

export interface CrewOptions {
  readonly threads: number;
  /** Firing numbers that a launch record has room for. */
  readonly seqs: number;
  readonly origin: bigint;
  readonly traced: Traced | undefined;
  /** What users have defined: every thread loads it. */
  readonly ops: readonly HostOp[];
}

export function createCrew(arena: Arena, engine: Engine, { threads, seqs, origin, traced, ops }: CrewOptions) {
  const shape = ringShape(threads, seqs);
  const controlAt = arena.take(controlBytes(threads), "the control words");
  const setups = Array.from({ length: threads }, (_, thread): ThreadSetup => {
    const what = `thread ${thread}`;
    return {
      thread,
      threads,
      memory: arena.memory,
      engine,
      control: controlAt,
      ring: arena.take(ringBytes(shape), what),
      shape,
      stack: arena.take(engine.stack, what) + engine.stack,
      times: traced ? arena.take(timesBytes, what) : null,
      origin,
      ops,
    };
  });
  const control = arena.words(controlAt, controlBytes(threads) / 4);
  const rings = setups.map(({ ring }) => arena.words(ring, ringBytes(shape) / 4));
  const times = setups.map((s) => (s.times === null ? null : arena.doubles(s.times, timesBytes / 8)));
  const launcher = createLauncher({ control, rings, times, shape }, traced);
  let members: readonly Thread[] = [];
  const endings = new Map<number, Promise<boolean>>();
  const startEnd = async (thread: number, grace: number): Promise<boolean> => {
    const { name, end, worker } = members[thread]!;
    const gone = end();
    const ended = await within(gone, grace);
    if (ended) return true;
    worker.unref(); // terminating has made the process wait for it
    quarantine(name, arena.memory, gone);
    return false;
  };
  /** Ends a thread. False when it has not ended after so many ms: then it and all of the memory are kept from use. */
  function endThread(thread: number, grace: number): Promise<boolean> {
    const ending = endings.get(thread) ?? startEnd(thread, grace);
    endings.set(thread, ending);
    return ending;
  }
  return {
    control,
    launcher,
    seqs,
    /** Resolves when all threads can take launches. */
    async start(events: ThreadEvents, loadLimit?: number): Promise<void> {
      members = setups.map((setup) => startThread(setup, events, loadLimit));
      await Promise.all(members.map((thread) => thread.ready));
    },
    endThread,
    get workers(): readonly Worker[] {
      return members.map(({ worker }) => worker);
    },
    /** Ends all of them; one that is at work gets what its work may take, and `grace` ms. */
    async end(grace: number): Promise<void> {
      launcher.stop();
      await Promise.all(members.map((_, thread) => endThread(thread, grace + launcher.progress(thread).limit)));
    },
  };
}
