/**
 * @file The loop's side of the rings: writes launch records, knows which launches are done, and hands on those that
 * somebody on the host waits for. Executors that got work are woken together, once the loop has nothing more to give.
 */
import { InternalError } from "../ir/errors.ts";
import type { Message } from "../ir/message.ts";
import type { Installed } from "./install.ts";
import { slotOfSeq } from "./logic.ts";
import {
  ASLEEP,
  DELAY,
  DONE,
  DOORBELL,
  FIRST_WAIT,
  HEAD,
  IDLE,
  PROGRAM,
  type RingShape,
  reached,
  ringSize,
  STOP,
  slotOf,
  TELL,
  WAITS,
  WORKSPACE,
} from "./ring.ts";

export interface Launch {
  readonly installed: Installed;
  /** Firing number of the task, and of what arrived, by in-edge. */
  readonly seq: number;
  readonly arrived: readonly number[];
  readonly waits: readonly Message[];
  /** Id of the actor, or -1. */
  readonly actor: number;
  /** Called once the loop has seen the end of it. */
  readonly done: ((actor: number, seq: number) => void) | undefined;
}

/** Called for every launch that is over, in order, with its times: only when traced. */
export type Traced = (thread: number, actor: number, seq: number, start: number, end: number) => void;

/** Who is in a ring: the id of an actor, or -1, and its firing number. */
export interface Launched {
  readonly actor: number;
  readonly seq: number;
}

interface Pending {
  readonly ticket: number;
  readonly actor: number;
  readonly seq: number;
  readonly done: (actor: number, seq: number) => void;
}

interface Lane {
  readonly ring: Int32Array;
  readonly times: Float64Array | null;
  /** Who is in the ring. */
  readonly actors: Int32Array;
  readonly seqs: Int32Array;
  /** Milliseconds that the work of each may take. */
  readonly patience: Float64Array;
  readonly pending: Pending[];
  head: number;
  traced: number;
  touched: boolean;
}

const ignore = () => {};

export interface Lanes {
  readonly control: Int32Array;
  readonly rings: readonly Int32Array[];
  readonly times: readonly (Float64Array | null)[];
  readonly shape: RingShape;
}

export function createLauncher({ control, rings, times, shape }: Lanes, traced: Traced | undefined) {
  const lanes = rings.map(
    (ring, i): Lane => ({
      ring,
      times: times[i]!,
      actors: new Int32Array(ringSize),
      seqs: new Int32Array(ringSize),
      patience: new Float64Array(ringSize),
      pending: [],
      head: 0,
      traced: 0,
      touched: false,
    }),
  );
  const counter = (thread: number) => Atomics.load(control, DONE(thread));
  const isDone = (thread: number, ticket: number) => reached(counter(thread), ticket);
  const needed = new Int32Array(lanes.length);
  const isNeeded = new Uint8Array(lanes.length);

  /** Writes the latest launch of each other thread that must be over first; returns how many. */
  function writeWaits(own: number, ring: Int32Array, at: number, waits: readonly Message[]): number {
    let count = 0;
    for (const { thread, ticket } of waits) {
      if (thread === own || isDone(thread!, ticket!)) continue;
      if (!isNeeded[thread!] || reached(ticket!, needed[thread!]!)) needed[thread!] = ticket!;
      isNeeded[thread!] = 1;
    }
    for (let thread = 0; thread < lanes.length; thread++) {
      if (!isNeeded[thread]) continue;
      ring[at + FIRST_WAIT + 2 * count] = thread;
      ring[at + FIRST_WAIT + 1 + 2 * count++] = needed[thread]!;
      isNeeded[thread] = 0;
    }
    return count;
  }

  function launched(thread: number, launch: number): Launched {
    const { actors, seqs } = lanes[thread]!;
    return { actor: actors[slotOf(launch)]!, seq: seqs[slotOf(launch)]! };
  }

  /** Launches on other threads that one in the ring still waits for. */
  function waitsAt(thread: number, launch: number): Launched[] {
    const { ring } = lanes[thread]!;
    const at = slotOf(launch) * shape.words;
    const waits: Launched[] = [];
    for (let i = 0; i < ring[at + WAITS]!; i++) {
      const [other, ticket] = ring.subarray(at + FIRST_WAIT + 2 * i);
      if (!isDone(other!, ticket!)) waits.push(launched(other!, (ticket! - 1) | 0));
    }
    return waits;
  }

  function trace(thread: number): void {
    const lane = lanes[thread]!;
    if (!traced || !lane.times) return;
    for (const done = counter(thread); lane.traced !== done; lane.traced = (lane.traced + 1) | 0) {
      const slot = slotOf(lane.traced);
      const actor = lane.actors[slot]!;
      if (actor >= 0) traced(thread, actor, lane.seqs[slot]!, lane.times[2 * slot]!, lane.times[2 * slot + 1]!);
    }
  }

  return {
    threads: lanes.length,
    launches: 0,
    /** Whether a task may be launched: one place is kept for a fence. */
    hasRoom: (thread: number): boolean => isDone(thread, (lanes[thread]!.head - ringSize + 2) | 0),

    /** Gives a thread work; returns the ticket, the value that its done-counter will have reached. */
    launch(thread: number, { installed, seq, arrived, waits, actor, done }: Launch): number {
      const lane = lanes[thread]!;
      if (!isDone(thread, (lane.head - ringSize + 1) | 0))
        throw new InternalError(`the launch ring of thread ${thread} is full`);
      trace(thread);
      const { ring } = lane;
      const slot = slotOf(lane.head);
      const at = slot * shape.words;
      ring[at + PROGRAM] = installed.program;
      ring[at + WORKSPACE] = installed.workspace;
      ring[at + DELAY] = installed.delay;
      // Even when nobody waits, the loop must hear of a long queue now and then, or it could not refill the ring.
      const tell = done ?? ((slot & (ringSize / 2 - 1)) === 0 ? ignore : undefined);
      ring[at + TELL] = tell ? 1 : 0;
      ring[at + WAITS] = writeWaits(thread, ring, at, waits);
      ring[at + shape.seqs] = seq;
      for (let i = 0; i < installed.arrivals.length; i++) {
        const { in: edge, copies } = installed.arrivals[i]!;
        ring[at + shape.seqs + 1 + i] = slotOfSeq(arrived[edge]!, copies);
      }
      lane.actors[slot] = actor;
      lane.seqs[slot] = seq;
      lane.patience[slot] = installed.patience;
      lane.head = (lane.head + 1) | 0;
      lane.touched = true;
      this.launches++;
      if (tell) lane.pending.push({ ticket: lane.head, actor, seq, done: tell });
      Atomics.store(control, HEAD(thread), lane.head);
      return lane.head;
    },

    /** Tells of every launch that is over and that somebody waits for. */
    settle(): void {
      for (let thread = 0; thread < lanes.length; thread++) {
        trace(thread);
        const { pending } = lanes[thread]!;
        while (pending.length > 0 && isDone(thread, pending[0]!.ticket)) {
          const { actor, seq, done } = pending.shift()!;
          done(actor, seq);
        }
      }
    },
    hasSettled: (): boolean =>
      lanes.some(({ pending }, thread) => pending.length > 0 && isDone(thread, pending[0]!.ticket)),

    /** Wakes the threads that were given work since the last call. */
    wake(): void {
      for (let thread = 0; thread < lanes.length; thread++) {
        const lane = lanes[thread]!;
        if (lane.touched && Atomics.load(control, IDLE(thread)) > 0) Atomics.notify(control, HEAD(thread));
        lane.touched = false;
      }
    },

    /** Launches finished, whether the next one is under way and waits for no other thread, and what it may take in ms. */
    progress(thread: number): { readonly done: number; readonly busy: boolean; readonly limit: number } {
      const { head, patience } = lanes[thread]!;
      const done = counter(thread);
      const busy = done !== head && waitsAt(thread, done).length === 0;
      return { done, busy, limit: patience[slotOf(done)]! };
    },
    /** What a thread has in hand and in its queue, and what the first of it waits for on other threads. */
    queue(thread: number): { readonly launches: readonly Launched[]; readonly waits: readonly Launched[] } {
      const done = counter(thread);
      const length = (lanes[thread]!.head - done) | 0;
      return {
        launches: Array.from({ length }, (_, i) => launched(thread, (done + i) | 0)),
        waits: length > 0 ? waitsAt(thread, done) : [],
      };
    },
    /** Whose launch it is. */
    launched,

    asleep(value: 0 | 1): void {
      Atomics.store(control, ASLEEP, value);
    },

    /** Ends all waiting, for good. */
    stop(): void {
      Atomics.store(control, STOP, 1);
      Atomics.add(control, DOORBELL, 1);
      Atomics.notify(control, DOORBELL);
      Atomics.notify(control, STOP);
      for (let thread = 0; thread < lanes.length; thread++)
        for (const word of [HEAD(thread), DONE(thread)]) Atomics.notify(control, word);
    },
  };
}

export type Launcher = ReturnType<typeof createLauncher>;
