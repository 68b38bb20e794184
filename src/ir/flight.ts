/** @file What a session's actors and threads are at, and what they did last, as data: for whoever looks for a fault. */
import type { Stream } from "./plan.ts";
import type { LoadedPlan } from "./session.ts";

/** A firing: a task of the plan, on a rank or on the host, for the `seq`-th time. */
export interface FiringName {
  readonly task: string;
  readonly rank: number | "host";
  readonly stream: Stream;
  readonly seq: number;
}

/** What an actor heard or did: a message with its other end, or its own firing begun (`fire`) or ended (`done`). */
export interface FlightEvent {
  readonly type: "req" | "ack" | "eos" | "abort" | "fire" | "done";
  /** Who sent it. */
  readonly from?: string;
  readonly seq: number;
  /** Milliseconds on the session's clock. */
  readonly t: number;
}

export interface ActorFlight {
  readonly actor: number;
  readonly task: string;
  readonly rank: number | "host";
  readonly stream: Stream;
  /** Firings begun. The next one has this number. */
  readonly fired: number;
  /** Firings that threads have been given and not finished. */
  readonly launched: readonly number[];
  /** What its next firing waits for, each in words; nothing when it is under way. */
  readonly waits: readonly string[];
  /** The last ones, oldest first. */
  readonly events: readonly FlightEvent[];
}

export interface ThreadFlight {
  readonly thread: number;
  /** Ranks that it works for. */
  readonly ranks: readonly number[];
  /** Launches that it has in hand and in its queue. */
  readonly queued: number;
  /** What it is at; absent while it has nothing to do. */
  readonly at?: FiringName;
  /** Firings on other threads that this one waits for. */
  readonly waits: readonly FiringName[];
}

/** All of a session, at one time. */
export interface Flight {
  /** Milliseconds on the session's clock. */
  readonly t: number;
  readonly status: string;
  readonly threads: readonly ThreadFlight[];
  /** In the order in which they were loaded. */
  readonly plans: readonly LoadedPlan[];
  readonly actors: readonly ActorFlight[];
}
