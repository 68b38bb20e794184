/** @file What actors say to each other: ids only, so that a message can cross a process. */

/**
 * - `req`: firing `seq` of task `from` has put something into slot `slot` of register `register`;
 * - `ack`: task `from` is done with it;
 * - `eos`: no further `req` will come in this run; ordered behind the last one;
 * - `abort`: the session ends now, `reason` says why.
 *
 * Between tasks of one process `req` and `ack` leave when the work is *launched*; `thread` and `ticket` say when it is
 * true: once thread `thread` has done `ticket` launches. Without them it is true already.
 */
export interface Message {
  readonly type: "req" | "ack" | "eos" | "abort";
  readonly from: number;
  readonly to: number;
  /** Index of the edge of the actor graph that it travels on. */
  readonly edge: number;
  readonly register: number;
  readonly slot: number;
  readonly seq: number;
  readonly thread?: number;
  readonly ticket?: number;
  /** Actual sizes of dims whose extent is symbolic. */
  readonly extents?: readonly number[];
  readonly reason?: string;
  /** Milliseconds on the session's clock. */
  readonly t: number;
}
