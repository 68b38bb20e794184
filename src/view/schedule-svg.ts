/** @file A pipeline schedule as a picture, on the virtual clock. */
import { isTransfer, ranksOf } from "../compiler/pipeline/action.ts";
import { type ScheduleCosts, simulateSchedule } from "../compiler/pipeline/simulate.ts";
import { range } from "../graph/dims.ts";
import { userLine } from "../graph/source.ts";
import { checkOptions, OptionError, showGiven } from "../ir/errors.ts";
import type { Schedule } from "../ir/pipeline.ts";
import { count } from "./format.ts";
import { expectGiven } from "./given.ts";
import { drawSpans } from "./spans-svg.ts";

export interface RenderScheduleOptions {
  /** As of `simulateSchedule`. Default: forward and both parts of backward take 1, messages nothing. */
  readonly costs?: ScheduleCosts;
  /** Time at which the picture ends, so that several have one scale. Default: when the schedule does. */
  readonly until?: number;
}

/**
 * A schedule in time as SVG, 800 wide: rows are ranks, colours kinds of work, numbers micro-batches, gaps the bubble. Of
 * several chunks the later are paler. The same input gives the same bytes; light and dark pages have colours of their own.
 *
 * @throws What `simulateSchedule` does; OptionError SL1074 for an unknown option, SL1075 for what is no schedule and an end before its.
 * @example
 * const svg = renderSchedule(schedule("zbv", { ranks: 4, microBatches: 8 }));
 */
export function renderSchedule(schedule: Schedule, options: RenderScheduleOptions = {}): string {
  checkOptions("SL1074", "renderSchedule", options, ["costs", "until"], userLine);
  expectGiven(Array.isArray(schedule?.lanes), schedule, "renderSchedule, the schedule", [
    'schedule("1f1b", { ranks: 4, microBatches: 8 })',
    "plan.pipeline.schedule",
  ]);
  const { costs = { forward: 1, inputGradient: 1, weightGradient: 1 } } = options;
  const { makespan, bubble, spans } = simulateSchedule(schedule, costs);
  const { until = makespan } = options;
  if (!(Number.isFinite(until) && until >= makespan))
    throw new OptionError("SL1075", `it is ${showGiven(until)}, and the schedule ends at ${makespan}`, {
      subject: "renderSchedule, option until",
      at: userLine(),
      choices: [`a number ≥ ${makespan}`],
    });
  const ranks = ranksOf(schedule);
  const chunks = chunksOf(schedule);
  const last = Math.max(...chunks);
  return drawSpans({
    title: schedule.name,
    facts: [
      `${ranks} ranks`,
      ...(last > 0 ? [`${last + 1} chunks a rank`] : []),
      `${schedule.microBatches} micro-batches`,
      `makespan ${count(short(makespan))}`,
      `bubble ${Math.round(bubble * 1000) / 10} % of computing`,
    ],
    rows: range(ranks).map((rank) => `rank ${rank}`),
    spans: spans.map(({ rank, action: { stage, kind, microBatch }, start, end }) => ({
      row: rank,
      work: isTransfer(kind) ? "T" : kind,
      label: String(microBatch),
      chunk: chunks[stage]!,
      start,
      end,
    })),
    until,
    tick: count,
  });
}

/** At most three decimals. */
const short = (n: number): number => Math.round(n * 1000) / 1000;

/** Of each stage: how many stages before it are on its rank. */
export const chunksOf = ({ stages }: Pick<Schedule, "stages">): number[] =>
  stages.map((rank, stage) => stages.slice(0, stage).filter((other) => other === rank).length);
