/**
 * @file The proof that a schedule runs to its end, whatever its actions take: it is whole, and nothing waits for itself.
 * Where something does, every stream stands still at one action, and these name the circle.
 */
import { userLine } from "../../graph/source.ts";
import { checkOptions, OptionError, ScheduleError, showGiven } from "../../ir/errors.ts";
import type { Schedule } from "../../ir/pipeline.ts";
import { laneName, textOf } from "./action.ts";
import { checkSchedule } from "./check.ts";
import { clock } from "./clock.ts";
import { type Wait, type Waits, waitsOf } from "./waits.ts";
import { faultsOf } from "./whole.ts";

export interface VerifyOptions {
  /**
   * Messages of one kind that each side of a pair of neighbouring stages has room for: a send waits until one before was
   * received, a receive until one before was read. Unlimited unless given.
   */
  readonly buffers?: number;
}

const shown = 5;
/** Faults that are looked for. */
const most = 1000;

/**
 * Proves that a schedule is whole and safe: every stage does forward and backward of every micro-batch once, on its own
 * rank, what passes between ranks is sent and received, and no order of the streams makes them wait for each other.
 *
 * @throws ScheduleError SL5011 for actions that are missing, there twice or in the wrong place; SL5012 for a schedule that
 *   would deadlock, naming the circle rank by rank and action by action, and how many `buffers` would do. OptionError
 *   SL1074, SL1075 for options that cannot be.
 * @example
 * verifySchedule(schedule("zbv", { ranks: 4, microBatches: 8 }), { buffers: 2 });
 */
export function verifySchedule(schedule: Schedule, options: VerifyOptions = {}): void {
  checkOptions("SL1074", "verifySchedule", options, ["buffers"], userLine);
  provenWaits("verifySchedule", schedule, options.buffers);
}

/** What the actions of a schedule wait for, once it is proven that they all come to be. */
export function provenWaits(call: string, schedule: Schedule, buffers?: number): Waits {
  checkSchedule(call, schedule);
  if (buffers !== undefined && !(Number.isSafeInteger(buffers) && buffers >= 1))
    throw new OptionError("SL1075", `it is ${showGiven(buffers)}`, {
      subject: `${call}, option buffers`,
      at: userLine(),
      choices: ["a whole number ≥ 1"],
    });
  const subject = `schedule "${schedule.name}"`;
  const faults = faultsOf(schedule, most);
  if (faults.length > 0)
    throw new ScheduleError("SL5011", `it is not whole: ${faults[0]}`, {
      subject,
      at: userLine(),
      details: [
        ...faults.slice(1, shown),
        ...(faults.length > shown
          ? [`and ${faults.length < most ? faults.length - shown : "many"} more of the kind`]
          : []),
      ],
      hint: "let every stage do F and B, or F, I and W, once with every micro-batch, and send what the next rank reads",
    });
  const waits = waitsOf(schedule, buffers);
  if (isSafe(waits)) return waits;
  const circle = circleOf(waits);
  const enough = buffers === undefined ? undefined : leastBuffers(schedule, buffers);
  throw new ScheduleError("SL5012", `it would deadlock: ${circle.length} actions wait for each other`, {
    subject,
    at: userLine(),
    details: circle.map(({ n, wait }) => `${nameOf(schedule, waits, n)} ${reason(waits, wait)}`),
    hint:
      enough === undefined
        ? "move one of them, so that each stands behind what it reads"
        : `give { buffers: ${enough} }, or move one of them`,
  });
}

const isSafe = (waits: Waits): boolean => clock(waits, () => 0).end.every(Number.isFinite);

/** The fewest buffers, more than `from`, that make a schedule safe; undefined if none do. */
function leastBuffers(schedule: Schedule, from: number): number | undefined {
  for (let n = from + 1; n <= schedule.microBatches; n++) if (isSafe(waitsOf(schedule, n))) return n;
  return undefined;
}

interface Stuck {
  readonly n: number;
  readonly wait: Wait;
}

/**
 * A shortest circle among the streams' heads, the first actions that never start: each waits for one that stands on some
 * stream, hence at that stream's head or behind it.
 */
function circleOf(waits: Waits): Stuck[] {
  const { end } = clock(waits, () => 0);
  const isStuck = (n: number) => end[n] === Number.POSITIVE_INFINITY;
  const heads = new Map<number, number>();
  for (const [n, lane] of waits.lanes.entries()) if (isStuck(n) && !heads.has(lane)) heads.set(lane, n);
  let best: Stuck[] | undefined;
  for (const head of heads.values()) {
    const path = wayBack(head);
    if (path && (best === undefined || path.length < best.length)) best = path;
  }
  return best!;

  function wayBack(start: number): Stuck[] | undefined {
    const paths = new Map<number, Stuck[]>([[start, []]]);
    for (const [n, path] of paths)
      for (const wait of waits.waits[n]!.filter(({ on, why }) => why !== "order" && isStuck(on))) {
        const head = heads.get(waits.lanes[wait.on]!)!;
        const behind: Stuck[] = head === wait.on ? [] : [{ n: wait.on, wait: { on: head, why: "order" } }];
        const longer = [...path, { n, wait }, ...behind];
        if (head === start) return longer;
        if (!paths.has(head)) paths.set(head, longer);
      }
    return undefined;
  }
}

const nameOf = (schedule: Schedule, { actions, lanes }: Waits, n: number): string =>
  `${laneName(schedule.lanes[lanes[n]!]!)}: ${textOf(actions[n]!)}`;

function reason({ actions }: Waits, { on, why }: Wait): string {
  const text = textOf(actions[on]!);
  if (why === "order") return `stands behind ${text}`;
  return why === "data" ? `reads what ${text} makes` : `needs the buffer that ${text} frees`;
}
