/** @file What a session says of itself: a typed vocabulary from which traces, metrics and views derive. */
import type { Message } from "./message.ts";

/** A plan that a session has loaded. */
export interface LoadedPlan {
  readonly name: string;
  readonly hash: string;
  /** Its first actor; they are numbered through the session. */
  readonly actor: number;
}

/** An actor fired: its work was launched, or done on the spot where it is the host's. */
interface LaunchedEvent {
  readonly type: "task";
  readonly phase: "launched";
  /** The actor: a task of the plan on one rank. */
  readonly task: number;
  /** Firing number. */
  readonly seq: number;
  readonly t: number;
}

/** A firing as its executor saw it. Only of a session that was launched with `{ trace: true }`. */
interface DoneEvent {
  readonly type: "task";
  readonly phase: "done";
  readonly task: number;
  readonly seq: number;
  readonly thread: number;
  readonly start: number;
  readonly end: number;
}

/** Something arrived at an actor: a register's slot that was filled, the end of the stream, or of everything. */
interface MessageEvent {
  readonly type: "message";
  readonly message: Message;
}

/** A reader gave a slot back: the `ack` says whose. */
interface CreditEvent {
  readonly type: "credit";
  readonly message: Message;
}

/** An actor has all that its next firing needs. It is launched when its turn in the schedule comes. */
interface ScheduleEvent {
  readonly type: "schedule";
  readonly task: number;
  readonly t: number;
}

/** Bytes of the session's memory were taken: `what` says for whom. Whoever subscribes first hears of all that is taken. */
interface MemoryEvent {
  readonly type: "memory";
  readonly what: string;
  /** In the session's memory. */
  readonly offset: number;
  readonly bytes: number;
  readonly t: number;
}

/** A plan was loaded: its actors are those from here on. Whoever subscribes first hears of all that are loaded already. */
interface PlanEvent {
  readonly type: "plan";
  readonly plan: LoadedPlan;
  readonly t: number;
}

/** The session or one of its ranks came into another state of its life. */
interface StateEvent {
  readonly type: "state";
  readonly of: string;
  readonly value: string;
  readonly t: number;
}

/** Why the session has ended; `task` is the actor that it came from, if one did. */
interface FailureEvent {
  readonly type: "failure";
  readonly task?: number;
  readonly reason: string;
  readonly t: number;
}

/** All that happens in a session, in order. Times are milliseconds on its clock. */
export type SessionEvent =
  | LaunchedEvent
  | DoneEvent
  | MessageEvent
  | CreditEvent
  | ScheduleEvent
  | MemoryEvent
  | PlanEvent
  | StateEvent
  | FailureEvent;

/** One step as users see it. */
export interface StepMetrics {
  /** Name of the plan that ran: training and evaluation share a session. */
  readonly plan: string;
  readonly step: number;
  /** Milliseconds since the step before. */
  readonly ms: number;
  readonly outputs: Readonly<Record<string, number>>;
}
