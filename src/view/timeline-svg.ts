/** @file A step of a plan as a picture: what each rank computes when, and what moves, as it was simulated. */
import { isTransfer } from "../compiler/pipeline/action.ts";
import { userLine } from "../graph/source.ts";
import { OptionError, showGiven } from "../ir/errors.ts";
import type { PlanData } from "../ir/plan.ts";
import type { SimulatedSpan, Simulation } from "../simulate.ts";
import { seconds } from "./format.ts";
import { expectGiven } from "./given.ts";
import { chunksOf } from "./schedule-svg.ts";
import { type Drawn, drawSpans } from "./spans-svg.ts";

export interface TimelineOptions {
  /** Default: the plan's name, and its schedule's. */
  readonly title?: string;
  /** Seconds at which the picture ends, so that several have one scale. Default: when the step does. */
  readonly until?: number;
}

/** The last step of a simulation. Throws OptionError SL1075 for a title that is none and an end before the step's. */
export function renderTimeline(plan: PlanData, simulation: Simulation, options: TimelineOptions): string {
  const draw = drawer(plan);
  const last = [...simulation.spans()].filter(({ step, stream }) => step === simulation.steps - 1 && stream !== "host");
  // What a step has before its first action, a constant say, may be done long before, while others end the step before.
  const acting = last.filter(({ task }) => draw.actionOf(task));
  const begin = Math.min(...(acting.length > 0 ? acting : last).map(({ start }) => start));
  const spans = last.filter(({ end }) => end > begin);
  const length = Math.max(...spans.map(({ end }) => end)) - begin;
  expectGiven(
    options.title === undefined || typeof options.title === "string",
    options.title,
    "renderTimeline, option title",
    ["a text"],
  );
  const { title = [plan.name, plan.pipeline?.schedule.name].filter(Boolean).join(", "), until = length } = options;
  if (!(Number.isFinite(until) && until >= length))
    throw new OptionError(
      "SL1075",
      `it is ${typeof until === "number" ? seconds(until) : showGiven(until)}, and the step takes ${seconds(length)}`,
      {
        subject: "renderTimeline, option until",
        at: userLine(),
        choices: [`seconds ≥ ${length}`],
      },
    );
  const ranks = plan.memory.map(({ rank }) => rank);
  const { bubble } = simulation;
  return drawSpans({
    title,
    facts: [
      ...(plan.pipeline ? [`${plan.pipeline.schedule.microBatches} micro-batches`] : []),
      `a step of ${seconds(length)}`,
      ...(bubble === undefined ? [] : [`bubble ${(100 * bubble).toFixed(1)} % of computing`]),
    ],
    rows: ranks.map((rank) => `rank ${rank}`),
    spans: joined(
      spans.map((span) => ({
        ...draw.look(span),
        row: ranks.indexOf(span.rank),
        start: Math.max(0, span.start - begin),
        end: span.end - begin,
      })),
    ),
    until,
    tick: (time) => seconds(time),
  });
}

function drawer({ tasks, pipeline }: PlanData) {
  const actions = new Map(tasks.map(({ name, action }) => [name, action]));
  const chunks = pipeline ? chunksOf(pipeline.schedule) : [];
  return {
    actionOf: (task: string) => actions.get(task),
    look({ task, stream }: SimulatedSpan): Pick<Drawn, "work" | "label" | "chunk"> {
      const action = actions.get(task);
      const chunk = action ? chunks[action.stage]! : 0;
      const work = stream === "comm" ? "T" : action && !isTransfer(action.kind) ? action.kind : "O";
      return { work, label: action ? String(action.microBatch) : "", chunk };
    },
  };
}

/** The tasks of an action that follow each other at once are one box. Spans of a row come by stream, then by start. */
function joined(spans: readonly Drawn[]): Drawn[] {
  const boxes: Drawn[] = [];
  for (const span of spans) {
    const before = boxes.at(-1);
    const { row, work, label, chunk, start, end } = span;
    const goes =
      work !== "T" &&
      before?.end === start &&
      before.row === row &&
      before.work === work &&
      before.label === label &&
      before.chunk === chunk;
    if (goes) boxes[boxes.length - 1] = { ...before, end };
    else boxes.push(span);
  }
  return boxes;
}
