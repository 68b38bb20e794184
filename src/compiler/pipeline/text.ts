/**
 * @file Schedules as text that people read and write: a head of three lines, then one line a rank and stream.
 *
 *     schedule: 1f1b
 *     micro-batches: 2
 *     stages: 0 1
 *     0 compute: 0F0 0F1 0B0 0B1
 *     0 comm: 0SEND_F0 0SEND_F1 0RECV_B0 0RECV_B1
 */
import { userLine } from "../../graph/source.ts";
import { OptionError, ScheduleError, showGiven } from "../../ir/errors.ts";
import type { Action, ActionKind, Schedule, ScheduleLane } from "../../ir/pipeline.ts";
import { isTransfer, kinds, textOf } from "./action.ts";
import { checkSchedule } from "./check.ts";
import { hasTransfers, withTransfers } from "./transfers.ts";

const actionPattern = new RegExp(`^(\\d+)(${kinds.join("|")})(\\d+)$`);
const linePattern = /^(?:(?<head>[a-z-]+)|(?<rank>\d+)(?:\s+(?<stream>[a-z]+))?)\s*:(?<rest>.*)$/;
/** Of a stage or a micro-batch: a slip of the finger should not fill memory. */
const highestNumber = 65_535;
const heads = ["schedule", "micro-batches", "stages"];

/**
 * A schedule as text; `parseSchedule` reads it back. An action is `<stage><kind><micro-batch>`, with the letters of
 * PyTorch's schedules: F forward, B backward, I and W its two parts (gradient of the input, of the weights), SEND_F and
 * RECV_F activations, SEND_B and RECV_B gradients. `stages` has the rank of each stage.
 *
 * @throws ScheduleError SL5010 for a name that is more than a line, or holds `#`, or spaces at its ends.
 * @example
 * printSchedule(schedule("gpipe", { ranks: 1, microBatches: 2 }));
 * // schedule: gpipe
 * // micro-batches: 2
 * // stages: 0
 * // 0 compute: 0F0 0F1 0B0 0B1
 */
export function printSchedule(schedule: Schedule): string {
  checkSchedule("printSchedule", schedule);
  const { name, microBatches, stages, lanes } = schedule;
  if (/[#\n\r]/.test(name) || name.trim() !== name || name === "")
    throw new ScheduleError("SL5010", `the name ${JSON.stringify(name)} cannot be read back`, {
      subject: "printSchedule",
      at: userLine(),
      hint: "name it in one line, without # and without spaces at its ends",
    });
  const lines = lanes.map(({ rank, stream, actions }) => [`${rank} ${stream}:`, ...actions.map(textOf)].join(" "));
  return [`schedule: ${name}`, `micro-batches: ${microBatches}`, `stages: ${stages.join(" ")}`, ...lines, ""].join(
    "\n",
  );
}

/**
 * Reads a schedule. Blank lines and what follows `#` do not count; actions are separated by spaces or commas.
 *
 * The head may be left out: then a stage is on the rank that first computes it, micro-batches are as many as the highest
 * number says, and the name is `custom`. So may the stream, which then is `compute`. Where no line has a transfer, what
 * the stages need of each other is sent and received on streams `comm`, each message as early as it can be.
 *
 * Whether the schedule is whole and safe is another question: `verifySchedule`.
 *
 * @throws ScheduleError SL5010, naming line and word, for what cannot be read; OptionError SL1075 for what is no text.
 * @example
 * const s = parseSchedule(`
 *   0: 0F0 0F1 0B0 0B1   # no head, computing alone
 *   1: 1F0 1B0 1F1 1B1
 * `);
 * s.stages; // [0, 1]
 * verifySchedule(s);
 */
export function parseSchedule(text: string): Schedule {
  if (typeof text !== "string")
    throw new OptionError("SL1075", `it is ${showGiven(text)}, not a text`, {
      subject: "parseSchedule",
      at: userLine(),
      choices: ['readFileSync(file, "utf8")', "what printSchedule(schedule) gives"],
    });
  const head = new Map<string, string>();
  const lanes: ScheduleLane[] = [];
  for (const [i, whole] of text.split(/\r?\n/).entries()) {
    const line = whole.replace(/#.*/, "").trim();
    if (line === "") continue;
    const at = i + 1;
    const { head: key, rank, stream = "compute", rest = "" } = linePattern.exec(line)?.groups ?? {};
    if (key === undefined && rank === undefined)
      throw unreadable(at, line.split(/\s/)[0]!, "begins no line of a schedule", [
        ...heads.map((one) => `${one}: …`),
        "0 compute: 0F0 …",
        "0 comm: 0SEND_F0 …",
      ]);
    if (key !== undefined) {
      if (!heads.includes(key)) throw unreadable(at, key, "is nothing that a schedule says", heads);
      if (head.has(key)) throw unreadable(at, key, "is said twice");
      head.set(key, checkedHead(at, key, rest.trim()));
      continue;
    }
    if (stream !== "compute" && stream !== "comm") throw unreadable(at, stream, "is no stream", ["compute", "comm"]);
    if (lanes.some((lane) => lane.rank === Number(rank) && lane.stream === stream))
      throw unreadable(at, `${rank} ${stream}`, "has a line already");
    lanes.push({ rank: Number(rank), stream, actions: words(rest).map((word) => read(at, word)) });
  }
  if (lanes.length === 0) throw unreadable(1, "", "there is no line of actions", ["0 compute: 0F0 …"]);
  const schedule = {
    name: head.get("schedule") ?? "custom",
    microBatches: Number(head.get("micro-batches") ?? 1 + highest(lanes, ({ microBatch }) => microBatch)),
    stages: head.has("stages") ? words(head.get("stages")!).map(Number) : placesOf(lanes),
    lanes,
  };
  return hasTransfers(schedule) ? schedule : withTransfers(schedule);
}

const words = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== "");

const highest = (lanes: readonly ScheduleLane[], of: (action: Action) => number): number =>
  lanes.reduce((most, { actions }) => actions.reduce((a, action) => Math.max(a, of(action)), most), -1);

function checkedHead(at: number, key: string, value: string): string {
  if (key === "schedule" && value === "") throw unreadable(at, key, "has no name");
  if (key === "micro-batches" && !(/^[1-9]\d*$/.test(value) && Number(value) <= highestNumber + 1))
    throw unreadable(at, value, "is no number of micro-batches", [`a whole number from 1 to ${highestNumber + 1}`]);
  if (key === "stages") {
    const bad = words(value).find((word) => !/^\d+$/.test(word));
    if (bad !== undefined || value === "")
      throw unreadable(at, bad ?? key, "is no rank", ["one number for each stage"]);
  }
  return value;
}

function read(at: number, word: string): Action {
  const [, stage, kind, microBatch] = actionPattern.exec(word) ?? [];
  if (kind === undefined)
    throw unreadable(at, word, "is no action", [`<stage><kind><micro-batch>, such as 0F0, with ${kinds.join(" ")}`]);
  if (Math.max(Number(stage), Number(microBatch)) > highestNumber)
    throw unreadable(at, word, "is beyond all schedules", [`stages and micro-batches from 0 to ${highestNumber}`]);
  return { stage: Number(stage), kind: kind as ActionKind, microBatch: Number(microBatch) };
}

/** Where each stage is first computed; a stage that nobody computes is taken to be on rank 0, and found missing there. */
function placesOf(lanes: readonly ScheduleLane[]): number[] {
  const places: number[] = new Array(1 + highest(lanes, ({ stage }) => stage)).fill(-1);
  for (const { rank, actions } of lanes)
    for (const { stage, kind } of actions) if (!isTransfer(kind) && places[stage]! < 0) places[stage] = rank;
  return places.map((rank) => Math.max(0, rank));
}

function unreadable(line: number, word: string, what: string, choices: readonly string[] = []): ScheduleError {
  return new ScheduleError("SL5010", word === "" ? what : `"${word}" ${what}`, {
    subject: `parseSchedule, line ${line}`,
    at: userLine(),
    choices,
    ...(choices.length === 0 && { hint: "say it once, or take it out" }),
  });
}
