/** @file Executor threads: how many, which (rank, stream) runs on which, and their life as workers. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { SessionError } from "../ir/errors.ts";
import type { Stream } from "../ir/plan.ts";
import { stuckError } from "./defined.ts";
import type { ThreadReport, ThreadSetup, Told } from "./ring.ts";
import type { Mapping } from "./session-types.ts";

export interface ThreadMap {
  readonly threads: number;
  of(rank: number, stream: Stream): number;
  /** Ranks that a thread works for. */
  ranksOf(thread: number): readonly number[];
}

/** Threads that compute: unless told otherwise, as many as there are cores or ranks. */
export const computeThreads = (ranks: readonly number[], threads = availableParallelism()): number =>
  Math.min(threads, ranks.length);

/**
 * Contiguous ranks a thread. With mapping "stream" there are further ones for communication: as many again, or `comm`.
 *
 * @throws SessionError SL4014 when `threads` is no positive integer
 */
export function threadMap(
  ranks: readonly number[],
  threads?: number,
  mapping: Mapping = "rank",
  comm?: number,
): ThreadMap {
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1))
    throw new SessionError("SL4014", `threads is ${threads}`, {
      subject: "launch",
      hint: "give an integer ≥ 1, or leave it out",
    });
  const compute = computeThreads(ranks, threads);
  const more = mapping === "stream" ? (comm ?? compute) : 0;
  const home = (rank: number, count: number) => Math.floor((ranks.indexOf(rank) * count) / ranks.length);
  return {
    threads: compute + more,
    of: (rank, stream) => (more && stream === "comm" ? compute + home(rank, more) : home(rank, compute)),
    ranksOf: (thread) =>
      ranks.filter((rank) => (thread < compute ? home(rank, compute) : compute + home(rank, more)) === thread),
  };
}

/**
 * Run from source, a worker needs a loader for TypeScript, which `boot.mjs` brings (so it inherits none); the build needs
 * none.
 */
const fromSource = import.meta.url.endsWith(".ts");
const entry = new URL(fromSource ? "./boot.mjs" : "./thread.js", import.meta.url);

/** Milliseconds that a thread may take to load one module of the user's, with a core of its own. */
const loadLimit = 10_000;

export interface ThreadEvents {
  /** A launch failed, or the thread could not begin, or it ended by itself. */
  failed(thread: number, launch: number | undefined, error: Told): void;
}

export interface Thread {
  readonly name: string;
  /** Resolves when it can take launches. */
  readonly ready: Promise<void>;
  readonly worker: Worker;
  /** Ends it, whatever it does: only native code cannot be interrupted. Resolves when it has ended. */
  end(): Promise<void>;
}

/** `limit`: milliseconds that the thread may take to load one module of the user's. */
export function startThread(setup: ThreadSetup, events: ThreadEvents, limit = loadLimit): Thread {
  const name = `sluice executor ${setup.thread}`;
  const worker = new Worker(entry, { workerData: setup, name, ...(fromSource && { execArgv: [] }) });
  const { thread, ops } = setup;
  const patience = limit * Math.ceil(setup.threads / availableParallelism()); // all of them load at once
  let ending = false;
  const fail = (launch: number | undefined, error: Told) => {
    if (!ending) events.failed(thread, launch, error);
  };
  /** The module that it is loading, and the clock that runs meanwhile. */
  let loading: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    const stuck = (module: string, said: string) => {
      const error = stuckError(ops, module, said);
      const { code, what, at, hint } = error;
      fail(undefined, { code, what, at: at!, hint: hint! });
      reject(error);
    };
    worker.on("message", (report: ThreadReport) => {
      clearTimeout(timer);
      loading = undefined;
      if (report.type === "loading") {
        const { module } = report;
        loading = module;
        // A main thread that was busy hears what has come meanwhile first.
        const judge = () => loading === module && stuck(module, `was not loaded after ${patience / 1000} s`);
        timer = setTimeout(() => setImmediate(judge), patience);
        return;
      }
      if (report.type === "ready") {
        worker.unref(); // a session that is forgotten does not keep the process alive
        resolve();
        return;
      }
      fail(report.launch, report.error);
      reject(new SessionError("SL4012", `executor thread ${thread} failed`)); // nobody hears it once the thread was ready
    });
    worker.on("error", (error) => {
      fail(undefined, { what: error.message });
      reject(error);
    });
    worker.on("exit", (code) => {
      clearTimeout(timer);
      if (loading !== undefined && !ending) stuck(loading, `ended the thread that loaded it, with code ${code}`);
      fail(undefined, { what: `the thread ended with code ${code}` });
      reject(new SessionError("SL4012", `executor thread ${thread} ended before it was ready`));
    });
  });
  ready.catch(() => {}); // told through `failed` as well, whoever awaits it
  return {
    name,
    ready,
    worker,
    async end() {
      ending = true;
      clearTimeout(timer);
      await worker.terminate();
    },
  };
}
