/** @file What the explorer says of tasks, of the registers between them, and of the ranks' memory. */
import { groupBy } from "../../ir/group.ts";
import type { Action } from "../../ir/pipeline.ts";
import type { PlanData, TaskTemplate } from "../../ir/plan.ts";
import { changeOf } from "../boxing-text.ts";
import { bytes } from "../format.ts";
import { kernelsOf } from "../physical-text.ts";
import type { Toner } from "../tone.ts";
import type { CollectiveInfo, RankMemoryInfo, RegisterInfo, TaskInfo } from "./types.ts";

/** In the order given. `opOf` gives the place of an op. */
export function tasksOf(
  plan: PlanData,
  order: readonly TaskTemplate[],
  opOf: ReadonlyMap<string, number>,
  toner: Toner,
): TaskInfo[] {
  const collectives = new Map(plan.collectives.map((each) => [each.task, each]));
  return order.map((task): TaskInfo => {
    const collective = collectives.get(task.id);
    return {
      id: task.id,
      name: task.name,
      kind: task.kind,
      stream: task.stream,
      placement: task.placement,
      ops: task.ops.flatMap((op) => opOf.get(op) ?? []),
      tone: task.stream === "host" ? null : toner.ops(task.ops),
      ...(task.action && { action: actionText(task.action) }),
      kernels: kernelsOf(task, plan.placements[task.placement]!.ranks[0]!),
      ...(task.writes.length > 0 && { writes: task.writes }),
      ...(task.joined && {
        joined: task.joined.map(
          ({ ops, saved }) => `${ops.join(" + ")}: ${bytes(saved)} neither written nor read again`,
        ),
      }),
      ...(collective && {
        collective: {
          kind: collective.kind,
          ...(collective.axis !== undefined && { axis: collective.axis }),
          change: changeOf(plan, task),
          bytes: collective.bytes,
          received: [Math.min(...collective.received), Math.max(...collective.received)],
        } satisfies CollectiveInfo,
      }),
    };
  });
}

const kinds: Readonly<Record<string, string>> = {
  F: "forward",
  B: "backward",
  I: "gradients of inputs",
  W: "gradients of weights",
};

const actionText = ({ kind, microBatch, stage }: Action): [string, string] => [
  `${kind}${microBatch}`,
  `${kinds[kind] ?? kind} of micro-batch ${microBatch} in stage ${stage}`,
];

/** Each edge of the plan. `place` gives the place of a task by its id. */
export const registersOf = (plan: PlanData, place: ReadonlyMap<number, number>): RegisterInfo[] =>
  plan.edges.map(({ register, from, to, delay }) => {
    const { buffers, slots } = plan.registers[register]!;
    const size = buffers.reduce((sum, id) => sum + plan.buffers[id]!.bytes, 0);
    return { from: place.get(from)!, to: place.get(to)!, bytes: size, slots, delay };
  });

/** Ranks that need the same are one. */
export const memoryOf = ({ memory }: PlanData): RankMemoryInfo[] =>
  [...groupBy(memory, ({ bytes, byRole }) => JSON.stringify([bytes, byRole])).values()].map((same) => ({
    ranks: same.map(({ rank }) => rank),
    bytes: same[0]!.bytes,
    roles: Object.entries(same[0]!.byRole),
  }));
