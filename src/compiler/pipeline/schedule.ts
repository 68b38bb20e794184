/** @file `schedule`: the known pipeline schedules by name, and what each of them asks for. */
import { userLine } from "../../graph/source.ts";
import { checkOptions, nearest, OptionError, showGiven } from "../../ir/errors.ts";
import type { Schedule } from "../../ir/pipeline.ts";
import { gpipe, interleaved, type Orders, oneForwardOneBackward, zeroBubble, zeroBubbleV } from "./orders.ts";
import { withTransfers } from "./transfers.ts";

export type ScheduleName = "gpipe" | "1f1b" | "interleaved" | "zb-h1" | "zb-h2" | "zbv";

export interface ScheduleOptions {
  /** Ranks in the pipeline. */
  readonly ranks: number;
  /** Micro-batches of one step. */
  readonly microBatches: number;
  /** Stages a rank. Only `interleaved` has a choice, 2 unless given; `zbv` has two, all others one. */
  readonly chunks?: number;
}

interface Known {
  readonly orders: (p: number, m: number, v: number) => Orders;
  /** The chunks that it has, where there is no choice. */
  readonly chunks?: number;
  /** The fewest micro-batches that fill it, and what does with fewer. */
  readonly least?: (p: number) => { readonly count: number; readonly formula: string; readonly instead: ScheduleName };
}

const known: Readonly<Record<ScheduleName, Known>> = {
  gpipe: { orders: gpipe, chunks: 1 },
  "1f1b": { orders: oneForwardOneBackward, chunks: 1 },
  interleaved: { orders: interleaved },
  "zb-h1": {
    orders: (p, m) => zeroBubble(p, m, 1),
    chunks: 1,
    least: (p) => ({ count: p, formula: "p", instead: "1f1b" }),
  },
  "zb-h2": {
    orders: (p, m) => zeroBubble(p, m, 2),
    chunks: 1,
    least: (p) => ({ count: 2 * p - 1, formula: "2p − 1", instead: "zb-h1" }),
  },
  zbv: {
    orders: zeroBubbleV,
    chunks: 2,
    least: (p) => ({ count: 2 * p - 1, formula: "2p − 1", instead: "zb-h1" }),
  },
};

export const scheduleNames = Object.keys(known) as readonly ScheduleName[];

/**
 * A pipeline schedule: for each rank what it computes in which order, and on a stream beside it what it sends and
 * receives. It is plain data, safe to run (`verifySchedule`), and the same each time.
 *
 * - `gpipe`: all forwards, then all backwards (Huang et al. 2019).
 * - `1f1b`: one forward, one backward by turns: the same bubble, fewer live activations.
 * - `interleaved`: 1F1B over several chunks a rank, stage s on rank s mod p (Narayanan et al. 2021).
 * - `zb-h1`, `zb-h2`: the gradient of the weights apart, to fill the gaps (Qi et al. 2024).
 * - `zbv`: the same over two chunks a rank, placed in a V (Qi et al. 2024).
 *
 * @throws OptionError SL5001 for an unknown name, SL5002 where interleaved micro-batches do not fill whole groups of
 *   ranks, SL5003 for too few of them, SL5004 for chunks that the schedule does not have, SL1074 for an unknown option,
 *   SL1075 for what is no whole number.
 * @example
 * const s = schedule("1f1b", { ranks: 2, microBatches: 2 });
 * s.lanes[0].actions.map(({ kind, microBatch }) => `${kind}${microBatch}`); // ["F0", "F1", "B0", "B1"]
 */
export function schedule(name: ScheduleName, options: ScheduleOptions): Schedule {
  if (!scheduleNames.includes(name)) throw unknown(name);
  const call = `schedule("${name}")`;
  checkOptions("SL1074", call, options, ["ranks", "microBatches", "chunks"], userLine);
  const { orders, chunks: fixed, least } = known[name];
  const { ranks, microBatches, chunks = fixed ?? 2 } = options;
  for (const [option, value] of Object.entries({ ranks, microBatches, chunks }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new OptionError("SL1075", `it is ${showGiven(value)}`, {
        subject: `${call}, option ${option}`,
        at: userLine(),
        choices: ["a whole number ≥ 1"],
      });
  checkChunks(call, name, chunks, fixed);
  if (name === "interleaved" && chunks > 1) checkGroups(call, ranks, microBatches);
  const needed = least?.(ranks);
  if (needed && microBatches < needed.count)
    throw new OptionError(
      "SL5003",
      `${microBatches} micro-batches do not fill ${ranks} ranks, which takes ${needed.formula} = ${needed.count}`,
      {
        subject: call,
        at: userLine(),
        choices: [`microBatches: ${needed.count} or more`, `schedule("${needed.instead}")`],
      },
    );
  const { stages, computing } = orders(ranks, microBatches, chunks);
  const lanes = computing.map((actions, rank) => ({ rank, stream: "compute" as const, actions }));
  return withTransfers({ name, microBatches, stages, lanes });
}

function unknown(name: unknown): OptionError {
  const [meant] = typeof name === "string" ? nearest(name, scheduleNames) : [];
  const isText = typeof name === "string" && name.includes(":");
  const hint = isText ? "read the text of a schedule with parseSchedule(text)" : meant && `did you mean "${meant}"?`;
  return new OptionError("SL5001", `there is no schedule ${showGiven(name)}`, {
    subject: "schedule",
    at: userLine(),
    choices: scheduleNames,
    ...(hint !== undefined && { hint }),
  });
}

function checkChunks(call: string, name: ScheduleName, chunks: number, fixed: number | undefined): void {
  if (fixed === undefined || chunks === fixed) return;
  throw new OptionError("SL5004", `it has ${fixed} chunk${fixed > 1 ? "s" : ""} a rank, not ${chunks}`, {
    subject: call,
    at: userLine(),
    choices: [`chunks: ${fixed}`, `schedule("interleaved") with chunks: ${chunks}`],
    hint: `leave chunks out, as ${name} has no choice of them`,
  });
}

function checkGroups(call: string, ranks: number, microBatches: number): void {
  const over = microBatches % ranks;
  if (over === 0) return;
  const near = [microBatches - over, microBatches - over + ranks].filter((count) => count > 0);
  throw new OptionError(
    "SL5002",
    `${microBatches} micro-batches are no multiple of ${ranks}, and they pass a chunk in groups of as many as there are ranks`,
    {
      subject: call,
      at: userLine(),
      choices: [...near.map((count) => `microBatches: ${count}`), 'schedule("1f1b")'],
    },
  );
}
