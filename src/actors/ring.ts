/**
 * @file What the event loop and the executors say to each other, in shared memory. A launch is one record in a thread's
 * ring; the loop moves the ring's head, the executor its done-counter; both are 32-bit counters that wrap. Other
 * executors wait on done-counters (that is what a ticket names); the loop sleeps on the doorbell.
 */

import type { ErrorCode } from "../ir/codes/index.ts";
import type { Engine } from "../kernels/engine.ts";
import type { HostOp } from "../kernels/host.ts";

/** Indices of control words. Each that is waited on has a cache line of its own. */
export const DOORBELL = 0;
/** 1 while the loop sleeps: only then does an executor ring. */
export const ASLEEP = 16;
/** 1 once threads must end. */
export const STOP = 32;
const perThread = 32;
/** Launches that a thread has finished. */
export const DONE = (thread: number): number => 48 + thread * perThread;
/** Executors that sleep on the thread's done-counter, so that nobody is woken for nothing. */
export const WAITERS = (thread: number): number => DONE(thread) + 1;
/** Launches that a thread has been given. */
export const HEAD = (thread: number): number => DONE(thread) + 16;

/** 1 while the thread sleeps with an empty ring. */
export const IDLE = (thread: number): number => HEAD(thread) + 1;

/** Bytes of the control words. */
export const controlBytes = (threads: number): number => DONE(threads) * 4;

/** Launches that a ring holds: a power of two. */
export const ringSize = 256;
export const slotOf = (launch: number): number => launch & (ringSize - 1);

/** Words of a record before its waits. */
export const PROGRAM = 0;
export const WORKSPACE = 1;
/** 1 when the loop wants to hear of the end of this launch. */
export const TELL = 2;
export const WAITS = 3;
/** Microseconds from its start before which the launch is not over: a modelled link. */
export const DELAY = 4;
/** Pairs of (thread, launch) from here on; then, at `seqs`, the firing numbers that pick slots. */
export const FIRST_WAIT = 5;

/** Where things lie in the rings of one session. */
export interface RingShape {
  /** 32-bit words of a record. */
  readonly words: number;
  /** Word at which the firing numbers begin. */
  readonly seqs: number;
}

/** Records with room for a wait on every thread and `seqs` firing numbers, in whole cache lines. */
export function ringShape(threads: number, seqs: number): RingShape {
  const at = FIRST_WAIT + 2 * threads;
  return { words: Math.ceil((at + seqs) / 16) * 16, seqs: at };
}

export const ringBytes = ({ words }: RingShape): number => ringSize * words * 4;
/** Start and end of each launch in the ring, in milliseconds. */
export const timesBytes = ringSize * 2 * 8;

/** Whether a counter has come as far as `target`, across the wrap at 2^32. */
export const reached = (counter: number, target: number): boolean => ((counter - target) | 0) >= 0;

/** What a thread is given when it starts. Byte offsets into the memory. */
export interface ThreadSetup {
  readonly thread: number;
  readonly memory: WebAssembly.Memory;
  readonly engine: Engine;
  readonly control: number;
  readonly threads: number;
  readonly ring: number;
  readonly shape: RingShape;
  /** Upper end of the thread's stack. */
  readonly stack: number;
  /** Null when nothing is traced. */
  readonly times: number | null;
  readonly origin: bigint;
  /** What users have defined: the modules to load before anything runs. */
  readonly ops: readonly HostOp[];
}

/** An error on its way to another thread. */
export interface Told {
  /** Of an error for the user. */
  readonly code?: ErrorCode;
  readonly what: string;
  readonly at?: string;
  readonly hint?: string;
  /** Where it was thrown, for people. */
  readonly stack?: string;
}

/** What an executor posts: it begins to load a module with the user's ops, or is ready, or a launch has failed, or it could not even begin. */
export type ThreadReport =
  | { readonly type: "loading"; readonly module: string }
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly launch: number | undefined; readonly error: Told };
