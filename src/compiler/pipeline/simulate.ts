/** @file `simulateSchedule`: a schedule on the virtual clock, and what is said of it: makespan, bubble, live activations. */
import { range } from "../../graph/dims.ts";
import { userLine } from "../../graph/source.ts";
import { checkOptions, OptionError, showGiven } from "../../ir/errors.ts";
import type { Action, Schedule } from "../../ir/pipeline.ts";
import { isTransfer, ranksOf } from "./action.ts";
import { checkSchedule } from "./check.ts";
import { clock } from "./clock.ts";
import { provenWaits } from "./verify.ts";

/** Time of one micro-batch in one stage, in any unit: the same in all stages, or a list by stage. */
export type StageCost = number | readonly number[];

export interface ScheduleCosts {
  readonly forward: StageCost;
  /** `B` takes this and `weightGradient`. */
  readonly inputGradient: StageCost;
  readonly weightGradient: StageCost;
  /** Time of one message. The receiver's stream spends it, once the message was sent. Default 0. */
  readonly communication?: number;
  /** As of `verifySchedule`. */
  readonly buffers?: number;
}

/** One action in time. */
export interface ScheduleSpan {
  readonly rank: number;
  readonly stream: "compute" | "comm";
  readonly action: Action;
  readonly start: number;
  readonly end: number;
}

export interface ScheduleRank {
  readonly rank: number;
  /** Time that it computes. */
  readonly busy: number;
  /** Time that it does not, between its first and its last computing. */
  readonly idle: number;
  /** Most activations held at one time: forwards begun whose whole backward has not ended, one for each chunk. */
  readonly activations: number;
}

export interface ScheduleSimulation {
  /** Time until the last action has ended. */
  readonly makespan: number;
  /** The largest `idle` of a rank, as a share of what it is busy. */
  readonly bubble: number;
  readonly ranks: readonly ScheduleRank[];
  /** By lane of the schedule, in order. */
  readonly spans: readonly ScheduleSpan[];
}

/**
 * Runs a schedule on a clock that only counts: every action starts as soon as the one before it on its stream has ended
 * and what it reads is there.
 *
 * With forward, input gradient F, I, W per stage, GPipe's and 1F1B's bubble is (p − 1)/m (Narayanan et al. 2021);
 * `docs/pipeline.md` has all formulas beside what this function finds.
 *
 * @throws ScheduleError SL5011, SL5012 as `verifySchedule`; OptionError SL1074, SL1075 for costs that cannot be.
 * @example
 * const s = schedule("1f1b", { ranks: 4, microBatches: 8 });
 * const { makespan, bubble } = simulateSchedule(s, { forward: 1, inputGradient: 1, weightGradient: 1 });
 * makespan; // 33
 * bubble; // 0.375
 */
export function simulateSchedule(schedule: Schedule, costs: ScheduleCosts): ScheduleSimulation {
  checkSchedule("simulateSchedule", schedule);
  const cost = costOf("simulateSchedule", schedule, costs);
  const waits = provenWaits("simulateSchedule", schedule, costs.buffers);
  const { start, end } = clock(waits, (n) => cost(waits.actions[n]!));
  const spans = waits.actions.map((action, n): ScheduleSpan => {
    const { rank, stream } = schedule.lanes[waits.lanes[n]!]!;
    return { rank, stream, action, start: start[n]!, end: end[n]! };
  });
  const byRank = range(ranksOf(schedule)).map((): ScheduleSpan[] => []);
  for (const span of spans) if (!isTransfer(span.action.kind)) byRank[span.rank]!.push(span);
  const ranks = byRank.map(useOf);
  return {
    makespan: end.reduce((latest, time) => Math.max(latest, time), 0),
    bubble: Math.max(...ranks.map(({ idle, busy }) => (busy > 0 ? idle / busy : 0))),
    ranks,
    spans,
  };
}

function useOf(computing: readonly ScheduleSpan[], rank: number): ScheduleRank {
  let [busy, live, activations] = [0, 0, 0];
  for (const { action, start, end } of computing) {
    busy += end - start;
    if (action.kind === "F") activations = Math.max(activations, ++live);
    if (action.kind === "B" || action.kind === "W") live--;
  }
  const [first, last] = [computing[0]?.start ?? 0, computing.at(-1)?.end ?? 0];
  return { rank, busy, idle: last - first - busy, activations };
}

const names = ["forward", "inputGradient", "weightGradient", "communication", "buffers"];

/** What an action takes. Checks all costs first. */
function costOf(call: string, { stages }: Schedule, costs: ScheduleCosts): (action: Action) => number {
  checkOptions("SL1074", call, costs, names, userLine);
  const { forward, inputGradient, weightGradient, communication = 0 } = costs;
  const byStage = Object.entries({ forward, inputGradient, weightGradient, communication }).map(([name, given]) => {
    const list = Array.isArray(given) ? (given as readonly number[]) : stages.map(() => given as number);
    const bad = list.findIndex((time) => !(Number.isFinite(time) && time >= 0));
    const single = name === "communication";
    if (list.length === stages.length && bad < 0 && !(single && Array.isArray(given))) return list;
    throw new OptionError("SL1075", bad >= 0 ? `it is ${showGiven(list[bad])}` : `it is a list of ${list.length}`, {
      subject: `${call}, option ${name}`,
      at: userLine(),
      choices: ["a number ≥ 0", ...(single ? [] : [`a list of ${stages.length}, one for each stage`])],
    });
  });
  const [f, i, w, c] = byStage as [readonly number[], readonly number[], readonly number[], readonly number[]];
  return ({ stage, kind }) => {
    if (kind === "F") return f[stage]!;
    if (kind === "B") return i[stage]! + w[stage]!;
    if (kind === "I") return i[stage]!;
    if (kind === "W") return w[stage]!;
    return kind.startsWith("RECV") ? c[stage]! : 0;
  };
}
