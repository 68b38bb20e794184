/** @file A step of a plan as a picture: what each rank computes when, and what moves, as it was simulated. */
import { isTransfer } from "../compiler/pipeline/action.ts";
import { userLine } from "../graph/source.ts";
import { OptionError, showGiven } from "../ir/errors.ts";
import type { PlanData } from "../ir/plan.ts";
import type { SimulatedSpan, Simulation } from "../simulate.ts";
import { seconds } from "./format.ts";
import { chunksOf } from "./schedule-svg.ts";
import { type Drawn, drawSpans } from "./spans-svg.ts";

export interface TimelineOptions {
  /** Default: the plan's name, and its schedule's. */
  readonly title?: string;
  /** Seconds at which the picture ends, so that several have one scale. Default: when the step does. */
  readonly until?: number;
}

/** The last step of a simulation. Throws OptionError SL1075 for an end before the step's. */
export function renderTimeline(plan: PlanData, simulation: Simulation, options: TimelineOptions): string {
  const spans = [...simulation.spans()].filter(({ step }) => step === simulation.steps - 1);
  const begin = Math.min(...spans.map(({ start }) => start));
  const length = Math.max(...spans.map(({ end }) => end)) - begin;
  const { title = [plan.name, plan.pipeline?.schedule.name].filter(Boolean).join(", "), until = length } = options;
  if (!(Number.isFinite(until) && until >= length))
    throw new OptionError("SL1075", `it is ${showGiven(until)}, and the step takes ${length} seconds`, {
      subject: "renderTimeline, option until",
      at: userLine(),
      choices: [`a number ≥ ${length}`],
    });
  const ranks = plan.memory.map(({ rank }) => rank);
  const draw = drawer(plan);
  const bubble = bubbleOf(plan, spans);
  return drawSpans({
    title,
    facts: [
      ...(plan.pipeline ? [`${plan.pipeline.schedule.microBatches} micro-batches`] : []),
      `a step of ${seconds(length)}`,
      ...(bubble === undefined ? [] : [`bubble ${(100 * bubble).toFixed(1)} % of computing`]),
    ],
    rows: ranks.map((rank) => `rank ${rank}`),
    spans: spans
      .filter(({ stream }) => stream !== "host")
      .map((span) => ({
        ...draw(span),
        row: ranks.indexOf(span.rank),
        start: span.start - begin,
        end: span.end - begin,
      })),
    until,
    tick: (time) => seconds(time),
  });
}

/**
 * The waiting of the rank that waits most, between its first and its last action in these spans of one step, as a share of
 * what its actions take; undefined where there is no pipeline.
 */
function bubbleOf(plan: PlanData, spans: readonly SimulatedSpan[]): number | undefined {
  if (!plan.pipeline) return undefined;
  const acts = new Set(
    plan.tasks.flatMap(({ name, action, stream }) => (action && stream === "compute" ? [name] : [])),
  );
  const shares = plan.memory.map(({ rank }) => {
    const own = spans.filter((span) => span.rank === rank && acts.has(span.task));
    const busy = own.reduce((sum, { start, end }) => sum + end - start, 0);
    const [from, to] = [Math.min(...own.map(({ start }) => start)), Math.max(...own.map(({ end }) => end))];
    return busy > 0 ? (to - from - busy) / busy : 0;
  });
  return Math.max(...shares);
}

function drawer({ tasks, pipeline }: PlanData): (span: SimulatedSpan) => Pick<Drawn, "work" | "label" | "chunk"> {
  const actions = new Map(tasks.map(({ name, action }) => [name, action]));
  const chunks = pipeline ? chunksOf(pipeline.schedule) : [];
  return ({ task, stream }) => {
    const action = actions.get(task);
    const chunk = action ? chunks[action.stage]! : 0;
    const work = stream === "comm" ? "T" : action && !isTransfer(action.kind) ? action.kind : "O";
    return { work, label: action ? String(action.microBatch) : "", chunk };
  };
}
