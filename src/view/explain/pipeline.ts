/** @file The stages of a pipeline: where each is, and what a micro-batch takes there by the model that layouts are chosen by. */
import { durationsOf } from "../../compiler/durations.ts";
import { machineOf } from "../../compiler/machine.ts";
import { isTransfer } from "../../compiler/pipeline/action.ts";
import type { ComputeKind } from "../../ir/pipeline.ts";
import { showRanks } from "../../ir/placement.ts";
import type { PlanData } from "../../ir/plan.ts";
import { sharedMemory } from "../../sbp/link.ts";
import { seconds, table } from "../format.ts";

const kinds: readonly (readonly [kind: ComputeKind, title: string])[] = [
  ["F", "forward"],
  ["B", "backward"],
  ["I", "gradient of the input"],
  ["W", "of the weights"],
];

/** A section, or none where there is no pipeline. */
export function pipeline(plan: PlanData): string[][] {
  if (!plan.pipeline) return [];
  const { schedule, placements } = plan.pipeline;
  const times = timesOf(plan);
  const shown = kinds.filter(([kind]) => placements.some((_, stage) => times.has(`${stage} ${kind}`)));
  const rows = placements.map((placement, stage) => [
    `${stage}`,
    showRanks(plan.placements[placement]!.ranks),
    ...shown.map(([kind]) => seconds((times.get(`${stage} ${kind}`) ?? 0) / schedule.microBatches)),
  ]);
  const title = `Pipeline: schedule ${schedule.name} of ${schedule.microBatches} micro-batches; what one takes by stage`;
  const columns = [
    { title: "stage", right: true },
    { title: "ranks" },
    ...shown.map(([, name]) => ({ title: name, right: true })),
  ];
  return [[title, ...table(columns, rows)]];
}

/** Seconds of the busiest rank, over all micro-batches, by stage and kind. */
function timesOf(plan: PlanData): ReadonlyMap<string, number> {
  const speed = (rank: number) => machineOf(plan.placements.find(({ ranks }) => ranks.includes(rank))!.device);
  const times = new Map<string, number>();
  for (const [id, durations] of durationsOf(plan, { speed, model: sharedMemory }).entries()) {
    const { action, stream } = plan.tasks[id]!;
    if (!action || stream !== "compute" || isTransfer(action.kind)) continue;
    const key = `${action.stage} ${action.kind}`;
    times.set(key, (times.get(key) ?? 0) + Math.max(0, ...durations) / 1e12);
  }
  return times;
}
