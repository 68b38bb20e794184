/** @file What a running session offers before names and shapes are typed: the runtime's side of `launch`. */
import type { InteropObservable, Observable, Subscribable } from "rxjs";
import type { InspectionEvent } from "xstate";
import type { NdArray } from "../ir/array.ts";
import type { Flight } from "../ir/flight.ts";
import type { PlanData } from "../ir/plan.ts";
import type { SessionEvent, StepMetrics } from "../ir/session.ts";
import type { EngineName } from "../kernels/engine.ts";
import type { LinkTraffic } from "../sbp/traffic.ts";
import type { Sharded } from "./shards.ts";

/** One batch: an array for every input of the plan, in its global shape. */
export type Feeds = Readonly<Record<string, NdArray>>;

/** One step's outputs in their global shapes; the arrays are fresh, the user may keep them. */
export interface RawStep {
  /** Counts from 0 in each run. */
  readonly step: number;
  readonly outputs: Readonly<Record<string, NdArray>>;
  /** The same in the parts that ranks hold: only where the run was asked for them. */
  readonly shards?: Readonly<Record<string, Sharded>>;
}

export type Batches = Iterable<Feeds> | AsyncIterable<Feeds> | Subscribable<Feeds> | InteropObservable<Feeds>;

/**
 * How streams become threads. The input stream is the event loop's. With "rank" a group of ranks has one thread for
 * computing and communication, with "stream" another one for communication.
 */
export type Mapping = "rank" | "stream";
/** What is done about a task that hangs in native code. */
export type Hang = "quarantine" | "kill";

export interface SessionOptions {
  /** Executor threads for compute. Default: the smaller of cores and ranks. */
  readonly threads?: number;
  /**
   * Default: "stream" where communication can hide behind computing, because it waits for links, or because there is a
   * core for each thread that it gets and enough to move; else "rank".
   */
  readonly mapping?: Mapping;
  /** Executors write down when each firing starts and ends; `events$` then has tasks that are `done`. Default false. */
  readonly trace?: boolean;
  /** Replaces the plan's seed in everything random. */
  readonly seed?: number;
  /**
   * What runs the kernels: "native", C built by this machine's compiler, or "wasm". Default: what the environment variable
   * SLUICE_ENGINE says, else native where it can be built.
   */
  readonly engine?: EngineName;
  /**
   * Milliseconds without progress after which a task is taken for hung, and the session ended with SL4037 or SL4038. They
   * are counted from when nothing but its own work keeps it, and come on top of what that work, judged by the sizes of its
   * operands, takes on a slow machine. Default 1,200; Infinity: never.
   */
  readonly timeout?: number;
  /**
   * What becomes of a task that hangs in native code, which cannot be interrupted. "quarantine", the default: the session
   * ends with SL4038, its thread and memory are kept from use until it returns, and the process ends without it. "kill":
   * the process kills itself (SIGKILL), for jobs that something restarts.
   */
  readonly onHang?: Hang;
  /**
   * Sees every event of every actor: an inspector of xstate, to which the session is the root actor and each task one of
   * its children. It slows all of them down. What it throws ends the session.
   */
  readonly inspect?: (event: InspectionEvent) => void;
}

/** How a run reads its batches, and what ends it early. */
export interface RunOptions {
  /**
   * The most batches that are read ahead of the step that the loop is at: 0 to 64. So many steps may begin before they are
   * asked for. With 0 a step begins when it is asked for. Default 8; the plan's slots may allow less.
   *
   * An observable pushes without being asked. Batches that it pushes wait, up to this many ahead of the loop, by default
   * 64; at one more it is unsubscribed, and the run ends with FeedError SL4006 after the batches before it.
   */
  readonly prefetch?: number;
  /** Ends the run: no further batch is read, steps that have begun finish, and the loop gets the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

export interface RawRunOptions extends RunOptions {
  /** Steps have their outputs in parts too. */
  readonly inShards?: boolean;
}

/** A plan loaded into a session. */
export interface Runner {
  /**
   * Runs one step a batch, reading batches no further ahead than the plan's slots and a bounded prefetch allow, and
   * yields the steps in order. Leaving the loop early stops feeding, lets the steps that have begun finish, and leaves
   * the session usable. One run at a time.
   *
   * @throws FeedError SL4001 to SL4006 for a batch that does not fit the inputs: after the steps before it were yielded
   * @throws SessionError SL4010 another run is on, SL4011 the session is closed or has failed, SL4012 an executor failed
   */
  run(batches: Batches, options?: RawRunOptions): AsyncIterable<RawStep>;
}

/** Bytes that a collective has moved between ranks since the session began, counted where they were moved. */
export interface CollectiveTraffic {
  readonly name: string;
  readonly collective: number;
  /** Over all ranks. */
  readonly bytes: number;
  /** Where its result lies. */
  readonly ranks: readonly number[];
  /** In the order of `ranks`: bytes that the rank read from others, and wrote to others. */
  readonly pulled: readonly number[];
  readonly pushed: readonly number[];
  /** What arrived at each rank: what it read from others, and what they wrote to it. */
  readonly received: readonly number[];
  /** The same by link, by receiver and sender. */
  readonly links: readonly LinkTraffic[];
}

export interface SessionStats {
  readonly launches: number;
  readonly messages: number;
  /** How often an executor woke the event loop. */
  readonly wakes: number;
  /** Time on the event loop spent in actors, feeding and reading included. */
  readonly loopMs: number;
}

export interface RawSession extends Runner {
  /** Ranks of the session in order, and the threads that execute for them. */
  readonly ranks: readonly number[];
  readonly threads: number;
  readonly mapping: Mapping;
  /** What runs the kernels. */
  readonly engine: EngineName;
  /** Where the session stands in its life. */
  readonly status: SessionStatus;
  /**
   * Loads a further plan over the same states: those that both plans name must agree in shape, dtype, placement and
   * layout; new ones are initialised. Only between runs.
   *
   * @throws PlanError SL4020 a state differs, SL4021 the memory does not suffice, SL4022 a rank that the session lacks,
   *   SL4023 or SL4025 the plan cannot run, SL4024 its tasks read more registers than the first plan left room for
   * @throws SessionError SL4010 a run is on, SL4011 the session is closed
   */
  load(plan: PlanData): Promise<Runner>;
  /** Names of all states. */
  readonly states: readonly string[];
  /**
   * Lets the steps that have begun finish and begins none, so that states can be read and written within a run; resolves
   * to what ends the pause. Without a run there is nothing to wait for.
   */
  pause(): Promise<() => void>;
  /** A state's global value. Only between runs and in a pause. Throws SessionError SL4013 for a name that is no state. */
  read(state: string): NdArray;
  /** Replaces a state on all ranks. Only between runs and in a pause. Throws FeedError for another shape or dtype. */
  write(state: string, value: NdArray): void;
  /** Of the session's first plan, or of a further one by its hash. */
  traffic(hash?: string): readonly CollectiveTraffic[];
  readonly stats: SessionStats;
  /** What every actor and thread is at and did last; once the session has failed, then. */
  flight(): Flight;
  /** The plan's task that an actor of the first plan runs, by the ids in messages and events; -1 for the user's end. */
  templateOf(actor: number): number;
  readonly metrics$: Observable<StepMetrics>;
  readonly events$: Observable<SessionEvent>;
  /** Ends threads and frees memory, whatever the session is doing; a run that is on gets a SessionError. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type SessionStatus = "starting" | "ready" | "running" | "draining" | "closing" | "closed" | "failed";
