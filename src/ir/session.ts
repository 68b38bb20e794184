/** @file What a session says of itself: a typed vocabulary from which traces, metrics and views derive. */
import type { Message } from "./message.ts";

/** Everything on the bus, in order. `done` is an executor's report of one firing. */
export type SessionEvent =
  | { readonly type: "message"; readonly message: Message }
  | { readonly type: "fire"; readonly task: number; readonly seq: number; readonly t: number }
  | {
      readonly type: "done";
      readonly task: number;
      readonly seq: number;
      readonly thread: number;
      readonly start: number;
      readonly end: number;
    }
  | { readonly type: "state"; readonly of: string; readonly value: string; readonly t: number }
  | { readonly type: "failure"; readonly task?: number; readonly reason: string; readonly t: number };

/** One step as users see it. */
export interface StepMetrics {
  /** Name of the plan that ran: training and evaluation share a session. */
  readonly plan: string;
  readonly step: number;
  /** Milliseconds since the step before. */
  readonly ms: number;
  readonly outputs: Readonly<Record<string, number>>;
}
