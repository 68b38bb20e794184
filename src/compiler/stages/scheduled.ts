/**
 * @file A pipeline schedule as an order of ops. The schedule says what each rank of the pipeline does when; run on a clock
 * that counts actions, it gives one order of all of them, which each rank keeps for its own. Ops follow the action that
 * they belong to; transfers go out behind it. What runs once a step goes before all, or behind what it hangs on.
 */
import { userLine } from "../../graph/source.ts";
import { ScheduleError } from "../../ir/errors.ts";
import type { Action, Schedule } from "../../ir/pipeline.ts";
import { showRanks } from "../../ir/placement.ts";
import type { Pipeline } from "../../ir/plan.ts";
import { type Draft, producers } from "../draft.ts";
import type { InTime } from "../micro/in-time.ts";
import { inTurn, type Turn } from "../micro/order.ts";
import { isTransfer } from "../pipeline/action.ts";
import { type ScheduleName, schedule, scheduleNames } from "../pipeline/schedule.ts";
import { type ScheduleSpan, simulateSchedule } from "../pipeline/simulate.ts";
import { aheadOf } from "./ahead.ts";
import { findStages, type Stages } from "./find.ts";

/** What is to be scheduled, and how: a name, a schedule of the user's, or 1F1B where there is a backward pass. */
export type Wanted = ScheduleName | Schedule | undefined;

export interface Scheduled {
  readonly turns: readonly Turn[];
  readonly pipeline: Pipeline;
  /** By turn. */
  readonly actions: readonly (Action | undefined)[];
}

/** Undefined when there is no pipeline to schedule. */
export function scheduled(draft: Draft, each: InTime, count: number, wanted: Wanted): Scheduled | undefined {
  const { placements, places } = findStages(draft, each);
  const trains = places.some((place) => place?.backward);
  if (wanted === undefined && (placements.length < 2 || !trains)) return undefined;
  const ahead = aheadOf(draft, each);
  const ranks = pipelineRanks(draft, placements);
  const plan = planned(ranks, count, wanted ?? fitting(ranks)[0] ?? "1f1b");
  const parts = partsFor(plan, ranks);
  if (!parts || plan.microBatches !== count) throw misfit(draft, placements, ranks, plan, count);
  const found = findStages(draft, each, () => parts);
  const { spans } = simulateSchedule(plan, costsOf(draft, found, plan.stages.length));
  const first = inTurn(draft, each, count).filter(({ op }) => ahead.has(op));
  const { turns, actions } = turnsOf(draft, each, found, spans, first);
  return { turns, actions, pipeline: { schedule: plan, placements: found.placements } };
}

/** Seconds by the model, of each stage. */
function costsOf({ graph, choices }: Draft, { places }: Stages, stages: number) {
  const cost = new Map(choices.map(({ op, compute }) => [op, compute]));
  // Nothing takes no time: what starts later then stands later, too.
  const sum = (kind: string) => Array.from({ length: stages }, () => (kind === "T" ? 0 : 1e-9));
  const by = { F: sum("F"), I: sum("I"), W: sum("W"), T: sum("T") };
  for (const { id, name } of graph.ops) {
    const place = places[id];
    if (place) by[place.kind][place.stage]! += cost.get(name) ?? 0;
  }
  return { forward: by.F, inputGradient: by.I, weightGradient: by.W };
}

/**
 * Ops in the order in which actions begin, and transfers in the order in which what they take is there: a rank may compute
 * and receive in one order, and must not wait for what is yet to be made while it could compute.
 */
function turnsOf(
  { graph }: Draft,
  each: InTime,
  { places }: Stages,
  spans: readonly ScheduleSpan[],
  ahead: readonly Turn[],
): Pick<Scheduled, "turns" | "actions"> {
  const makers = producers(graph);
  const isAhead = new Set(ahead.map(({ op }) => op));
  const early: boolean[] = [];
  for (const op of graph.ops)
    early[op.id] = isAhead.has(op.id) || (each[op.id] === undefined && op.inputs.every((id) => early[makers[id]!.id]!));
  const once = (now: boolean, turn: number) =>
    graph.ops.flatMap(({ id }): Turn[] =>
      each[id] === undefined && early[id] === now && !isAhead.has(id) ? [{ op: id, microBatch: undefined, turn }] : [],
    );
  const does = new Map<string, number[]>();
  for (const [op, place] of places.entries()) {
    if (!place || isAhead.has(op)) continue;
    const kind = place.kind === "T" ? (place.backward ? "T back" : "T on") : place.kind;
    const key = `${place.stage} ${kind}`;
    does.set(key, [...(does.get(key) ?? []), op]);
  }
  const opsOf = (stage: number, kinds: readonly string[]): readonly number[] =>
    kinds.flatMap((kind) => does.get(`${stage} ${kind}`) ?? []).sort((a, b) => a - b);
  const parts = spans
    .filter(({ action }) => !isTransfer(action.kind))
    .flatMap(({ rank, action, start, end }) => {
      const { stage, kind } = action;
      const sent = kind === "F" ? ["T on"] : kind === "W" ? [] : ["T back"];
      return [
        { at: start, rank, action, ops: opsOf(stage, kind === "B" ? ["I", "W"] : [kind]), sends: false },
        { at: end, rank, action, ops: opsOf(stage, sent), sends: true },
      ];
    })
    .toSorted((a, b) => a.at - b.at || Number(b.sends) - Number(a.sends) || a.rank - b.rank);
  return {
    turns: [
      ...ahead,
      ...once(true, 0),
      ...parts.flatMap(({ action: { microBatch }, ops }, i) =>
        ops.map((op): Turn => ({ op, microBatch, turn: i + 1 })),
      ),
      ...once(false, parts.length + 1),
    ],
    actions: [undefined, ...parts.map(({ action }) => action)],
  };
}

/** The rank of the pipeline that each stage is on: placements that share a device share it. */
function pipelineRanks({ graph }: Draft, placements: readonly number[]): readonly number[] {
  const on = placements.map((placement) => graph.placements[placement]!.ranks);
  const of: number[] = [];
  for (const ranks of on) {
    const known = on.slice(0, of.length).findIndex((others) => others.some((rank) => ranks.includes(rank)));
    of.push(known < 0 ? Math.max(-1, ...of) + 1 : of[known]!);
  }
  return of;
}

function planned(ranks: readonly number[], microBatches: number, wanted: ScheduleName | Schedule): Schedule {
  if (typeof wanted !== "string") return wanted;
  const p = Math.max(...ranks) + 1;
  return schedule(wanted, {
    ranks: p,
    microBatches,
    ...(wanted === "interleaved" && { chunks: Math.ceil(ranks.length / p) }),
  });
}

/** Schedules for stages that lie so, the first of them 1F1B where it is one. */
function fitting(ranks: readonly number[]): readonly ScheduleName[] {
  const enough = 2 * (Math.max(...ranks) + 1); // micro-batches for each of them
  const order: readonly ScheduleName[] = ["1f1b", ...scheduleNames.filter((name) => name !== "1f1b")];
  return order.filter((name) => partsFor(planned(ranks, enough, name), ranks)?.every((parts) => parts === 1));
}

/** In how many each stage must be cut to be those of the schedule; undefined when it has others. */
function partsFor({ stages }: Schedule, ranks: readonly number[]): readonly number[] | undefined {
  const parts = ranks.map(() => 0);
  let at = 0;
  for (const rank of stages) {
    if (ranks[at] !== rank && parts[at]! > 0) at++;
    if (ranks[at] !== rank) return undefined;
    parts[at]!++;
  }
  return at === ranks.length - 1 ? parts : undefined;
}

function misfit(
  { graph }: Draft,
  placements: readonly number[],
  ranks: readonly number[],
  { name, stages, microBatches }: Schedule,
  count: number,
): ScheduleError {
  const what =
    microBatches === count
      ? `it wants stages on ranks ${stages.join(" ")} of the pipeline, and the graph has them on ${ranks.join(" ")}`
      : `it has ${microBatches} micro-batches, and the batch is cut into ${count}`;
  return new ScheduleError("SL5025", what, {
    subject: `schedule "${name}"`,
    at: userLine(),
    details: placements.map(
      (placement, i) =>
        `stage ${i} on ranks ${showRanks(graph.placements[placement]!.ranks)}: rank ${ranks[i]} of the pipeline`,
    ),
    choices: microBatches === count ? fitting(ranks).map((each) => `schedule: "${each}"`) : [],
    hint:
      microBatches === count
        ? "or move what passes between modules with .to(placement) so that stages lie as it wants"
        : "cut the batch into as many micro-batches as the schedule has",
  });
}
