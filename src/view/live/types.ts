/**
 * @file What the live view shows of a session, as it is sent to the page: a frame, a few times a second. The page's script
 * reads it in a browser, so this file has types alone.
 */

/**
 * What an actor is at: a thread has it in hand, or in its queue with all that it needs; or it waits for data, for a slot, or
 * for its turn, whether a thread was given it ahead of that or not.
 */
export type Activity = "works" | "queued" | "data" | "slot" | "turn";

export interface LiveFrame {
  /** Where the session stands in its life. */
  readonly status: string;
  /** Why it has failed. */
  readonly failure?: string;
  /** The last step that ended, and how many of its plan end in a second by now. */
  readonly step?: { readonly plan: string; readonly step: number; readonly rate: number };
  readonly curves: readonly LiveCurve[];
  readonly ranks: readonly LiveRank[];
  readonly tasks: readonly LiveTask[];
}

/** An output that is one number, by the steps of its plan that were seen. */
export interface LiveCurve {
  readonly name: string;
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** Shares of the last seconds. */
export interface LiveRank {
  readonly rank: number;
  readonly compute: number;
  readonly communication: number;
  /** The one that works for it, where that works for other ranks too. */
  readonly thread?: number;
}

/** The slots of a register: those that are there, and those that readers hold. Without a free one its task stands still. */
export interface LiveSlots {
  readonly held: number;
  readonly of: number;
}

/** A task of the plan, over all of its ranks. */
export interface LiveTask {
  /** Id in the plan. */
  readonly id: number;
  /** Firings begun on the rank that is the furthest. */
  readonly fired: number;
  /** Shares of the last seconds: they add up to 1. */
  readonly shares: Readonly<Record<Activity, number>>;
  /** The share in which it held others up: another task waited for it, and it for none. */
  readonly awaited: number;
  /** Of its registers, on all ranks, the one with the fewest free; absent where it gives nothing. */
  readonly slots?: LiveSlots;
  /** What it is at, in words, each with the number of ranks. */
  readonly now: readonly (readonly [text: string, ranks: number])[];
}

/**
 * What is sent of a frame: what is not as the reader already has it. Shares that have moved by less than a hundredth are
 * left out. What changes with every step are columns over all tasks in their order, as counts and values in turn: `[3, 7,
 * 2, 6]` is 7 of three tasks, 6 of the next two.
 */
export interface LiveChange extends Pick<LiveFrame, "status" | "failure" | "step"> {
  /** Nothing of what came before holds. */
  readonly whole: boolean;
  /** Points from a place on: those before it stay. */
  readonly curves: readonly (LiveCurve & { readonly from: number })[];
  readonly ranks: readonly LiveRank[];
  readonly tasks: readonly Omit<LiveTask, "fired">[];
  readonly fired: readonly number[];
  /** Of `slots`; 0 where there are none. */
  readonly held: readonly number[];
}
