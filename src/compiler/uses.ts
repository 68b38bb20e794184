/**
 * @file Who uses which value, across tasks, and which values are only another reading of the same bytes: what decides about
 * slots, registers and edges.
 */
import type { Op } from "../ir/graph.ts";
import { type Draft, producers, type TaskDraft } from "./draft.ts";

export interface Uses {
  readonly taskOf: ReadonlyMap<number, TaskDraft>;
  /** The value whose memory a value shares: itself, unless it is only another reading of the same bytes. */
  origin(value: number): number;
  /** By task the ops that read a value (or another reading of it); the sink has none. */
  of(value: number): ReadonlyMap<TaskDraft, readonly Op[]>;
}

/** Ops whose result has the bytes of what they take, on every rank. */
export const readings: ReadonlySet<string> = new Set(["reshape", "stopGradient"]);

/** The ops that give another reading of their input's bytes, so that nothing is computed and nothing copied. */
export function findReadings({ graph, boxing }: Pick<Draft, "graph" | "boxing">): ReadonlySet<number> {
  const produced = producers(graph);
  const found = new Set<number>();
  for (const op of graph.ops) {
    const relabels = boxing.get(op.id)?.kind === "relabel";
    if (relabels || (readings.has(op.kind) && isMade(produced, op.inputs[0]!))) found.add(op.id);
  }
  return found;
}

/** Whether the step makes the value and nobody changes it: no input, whose slots the host fills, and no state. */
function isMade(produced: readonly Op[], value: number): boolean {
  const { kind, writes, inputs } = produced[value]!;
  if (kind === "boxing" || readings.has(kind)) return isMade(produced, inputs[0]!);
  return kind !== "input" && kind !== "state" && !writes?.some((state) => state !== null);
}

export function findUses({ graph, tasks, boxing }: Draft): Uses {
  const produced = producers(graph);
  const taskOf = new Map(tasks.flatMap((t) => t.ops.map((op) => [op, t] as const)));
  const aliases = findReadings({ graph, boxing });
  const relabels = (op: Op) => aliases.has(op.id);
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
