/** @file Who uses which value, across tasks: what decides about slots, registers and edges. */
import type { Op } from "../ir/graph.ts";
import { type Draft, producers, type TaskDraft } from "./draft.ts";

export interface Uses {
  readonly taskOf: ReadonlyMap<number, TaskDraft>;
  /** The value whose memory a value shares: itself, unless it is only another reading of the same bytes. */
  origin(value: number): number;
  /** By task the ops that read a value (or another reading of it); the sink has none. */
  of(value: number): ReadonlyMap<TaskDraft, readonly Op[]>;
}

export function findUses({ graph, tasks, boxing }: Draft): Uses {
  const produced = producers(graph);
  const taskOf = new Map(tasks.flatMap((t) => t.ops.map((op) => [op, t] as const)));
  const relabels = (op: Op) => boxing.get(op.id)?.kind === "relabel";
  const origin = (value: number): number => {
    const op = produced[value]!;
    return relabels(op) ? origin(op.inputs[0]!) : value;
  };
  const by = graph.values.map(() => new Map<TaskDraft, Op[]>());
  for (const task of tasks)
    for (const op of task.ops.map((id) => graph.ops[id]!)) {
      if (relabels(op)) continue;
      for (const input of op.inputs) {
        const users = by[origin(input)]!;
        const ops = users.get(task);
        if (ops) ops.push(op);
        else users.set(task, [op]);
      }
    }
  const sink = tasks.find((t) => t.kind === "sink")!;
  for (const id of Object.values(graph.outputs)) by[origin(id)]!.set(sink, []);
  return { taskOf, origin, of: (value) => by[value]! };
}
