/**
 * @file A pipeline schedule as an order of ops. The schedule says what each rank of the pipeline does when; run on a clock
 * that counts actions, it gives one order of all of them, which each rank keeps for its own. Ops follow the action that
 * they belong to; transfers go out behind it. What runs once a step goes before all, or behind what it hangs on.
 */
import { userLine } from "../../graph/source.ts";
import { LayoutError, ScheduleError } from "../../ir/errors.ts";
import type { Schedule } from "../../ir/pipeline.ts";
import type { PlacementData } from "../../ir/placement.ts";
import { showRanks } from "../../ir/placement.ts";
import { type Draft, producers } from "../draft.ts";
import { type ScheduleName, schedule } from "../pipeline/schedule.ts";
import { simulateSchedule } from "../pipeline/simulate.ts";
import type { InTime } from "./in-time.ts";
import { roundsOf, type Turn } from "./order.ts";
import { findStages, type Stages } from "./stages.ts";

/** What is to be scheduled, and how: a name, a schedule of the user's, or 1F1B where there is a backward pass. */
export type Wanted = ScheduleName | Schedule | undefined;

/** Undefined when there is no pipeline to schedule. */
export function scheduled(draft: Draft, each: InTime, count: number, wanted: Wanted): readonly Turn[] | undefined {
  const found = findStages(draft, each);
  const { stages, places } = found;
  const trains = places.some((place) => place?.backward);
  if (wanted === undefined && (stages.length < 2 || !trains)) return undefined;
  const ranks = pipelineRanks(stages.map(({ placement }) => draft.graph.placements[placement]!));
  checkRounds(draft, each);
  const plan = fitting(draft, found, ranks, count, wanted ?? "1f1b");
  const { spans } = simulateSchedule(plan, { forward: 1, inputGradient: 1, weightGradient: 1 });
  const actions = spans
    .filter(({ stream, action }) => stream === "compute" && action.kind.length === 1)
    .toSorted((a, b) => a.start - b.start || a.rank - b.rank)
    .map(({ action }) => action);
  return turnsOf(draft, each, found, actions);
}

type Actions = readonly { readonly stage: number; readonly kind: string; readonly microBatch: number }[];

function turnsOf({ graph }: Draft, each: InTime, { places }: Stages, actions: Actions): readonly Turn[] {
  const makers = producers(graph);
  const early: boolean[] = [];
  for (const op of graph.ops)
    early[op.id] = each[op.id] === undefined && op.inputs.every((id) => early[makers[id]!.id]!);
  const once = (now: boolean, turn: number) =>
    graph.ops.flatMap((op): Turn[] =>
      each[op.id] === undefined && early[op.id] === now ? [{ op: op.id, microBatch: undefined, turn }] : [],
    );
  const does = new Map<string, number[]>();
  for (const [op, place] of places.entries()) {
    if (!place) continue;
    const kind = place.kind === "T" ? (place.backward ? "I" : "F") : place.kind;
    const key = `${place.stage} ${kind}`;
    does.set(key, [...(does.get(key) ?? []), op]);
  }
  const ofAction = (stage: number, kind: string): readonly number[] => {
    if (kind !== "B") return does.get(`${stage} ${kind}`) ?? [];
    return [...(does.get(`${stage} I`) ?? []), ...(does.get(`${stage} W`) ?? [])].sort((a, b) => a - b);
  };
  return [
    ...once(true, 0),
    ...actions.flatMap(({ stage, kind, microBatch }, i) =>
      ofAction(stage, kind).map((op): Turn => ({ op, microBatch, turn: i + 1 })),
    ),
    ...once(false, actions.length + 1),
  ];
}

/** The rank of the pipeline that each placement is: placements that share a device share it. */
function pipelineRanks(placements: readonly PlacementData[]): readonly number[] {
  const groups: Set<number>[] = [];
  for (const { ranks } of placements) {
    const meets = groups.filter((group) => ranks.some((rank) => group.has(rank)));
    const joined = new Set([...meets.flatMap((group) => [...group]), ...ranks]);
    const at = meets.length ? groups.indexOf(meets[0]!) : groups.length;
    groups[at] = joined;
    for (const group of meets.slice(1)) groups.splice(groups.indexOf(group), 1);
  }
  return placements.map(({ ranks }) => groups.findIndex((group) => group.has(ranks[0]!)));
}

/** The schedule for these stages. Throws OptionError SL5001 to SL5004 as `schedule`, ScheduleError SL5025, SL5011, SL5012. */
function fitting(
  { graph }: Draft,
  { stages }: Stages,
  ranks: readonly number[],
  microBatches: number,
  wanted: ScheduleName | Schedule,
): Schedule {
  const p = Math.max(...ranks) + 1;
  const named = typeof wanted === "string";
  const chunks = named && wanted === "interleaved" ? { chunks: Math.ceil(stages.length / p) } : {};
  const found = named ? schedule(wanted, { ranks: p, microBatches, ...chunks }) : wanted;
  const here = stages.map((stage, i) => {
    const { ranks: on } = graph.placements[stage.placement]!;
    return `stage ${i} on ranks ${showRanks(on)}, which are rank ${ranks[i]} of the pipeline`;
  });
  const refuse = (what: string, next: string) =>
    new ScheduleError("SL5025", what, {
      subject: `schedule "${found.name}"`,
      at: userLine(),
      details: here,
      hint: next,
    });
  if (found.microBatches !== microBatches)
    throw refuse(
      `it has ${found.microBatches} micro-batches, and the batch is cut into ${microBatches}`,
      `compile with as many micro-batches as the schedule has`,
    );
  if (found.stages.join() !== ranks.join())
    throw refuse(
      `it wants stages on ranks ${found.stages.join(" ")} of the pipeline, and the graph has them on ${ranks.join(" ")}`,
      "move what passes between modules with .to(placement) so that stages lie so, or take another schedule",
    );
  return found;
}

/** Throws LayoutError SL5026: within a schedule no micro-batch waits for those behind it. */
function checkRounds(draft: Draft, each: InTime): void {
  const rounds = roundsOf(draft, each);
  const late = draft.graph.ops.find(({ id }) => each[id] !== undefined && rounds[id]! > 0);
  if (!late) return;
  throw new LayoutError("SL5026", "it takes what all micro-batches add up to, and each of them takes it in turn", {
    subject: late.name,
    at: late.at,
    choices: ["compile without a schedule, on one placement", "a norm of each row alone, such as nn.layerNorm"],
  });
}
