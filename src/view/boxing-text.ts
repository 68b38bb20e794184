/** @file What boxing does, in a few words: `P(sum) → B`. */
import type { Op } from "../ir/graph.ts";
import { B, type Layout, showSbp } from "../ir/layout.ts";
import type { PlanData, TaskTemplate } from "../ir/plan.ts";

const sbpOn = (layout: Layout, axis: string | null): string =>
  showSbp(layout.find(([name]) => name === axis)?.[1] ?? B);

/** The step that a boxing op is, and the mesh axis that it runs along. */
export const stepOf = (op: Op): { readonly step: string; readonly axis: string | null } =>
  op.attrs as { readonly step: string; readonly axis: string | null };

/** How the layout on the step's axis changes. */
export function opChange({ layouts }: PlanData, op: Op): string {
  const { axis } = stepOf(op);
  return [op.inputs[0]!, op.outputs[0]!].map((value) => sbpOn(layouts[value]!, axis)).join(" → ");
}

/** The same of a task that may box several tensors at once: `P(sum) → B, 3 tensors`. */
export function changeOf(plan: PlanData, task: TaskTemplate): string {
  const ops = plan.graph.ops.filter((op) => op.kind === "boxing" && task.ops.includes(op.name));
  const changes = [...new Set(ops.map((op) => opChange(plan, op)))].join("; ");
  return ops.length > 1 ? `${changes}, ${ops.length} tensors` : changes;
}
