/** @file What boxing does, in a few words: `P(sum) → B`. */
import type { Op } from "../ir/graph.ts";
import { B, type Layout, showSbp } from "../ir/layout.ts";
import type { PlanData, TaskTemplate } from "../ir/plan.ts";
import { layoutText } from "../sbp/canonical.ts";
import { ranges } from "./format.ts";

const sbpOn = (layout: Layout, axis: string): string => showSbp(layout.find(([name]) => name === axis)?.[1] ?? B);

/** The step that a boxing op is, and the mesh axis that it runs along. */
export const stepOf = (op: Op): { readonly step: string; readonly axis: string | null } =>
  op.attrs as { readonly step: string; readonly axis: string | null };

/** How the layout on the step's axis changes; of a transfer on all axes, with the ranks where these change too. */
export function opChange({ layouts, graph }: PlanData, op: Op): string {
  const { axis } = stepOf(op);
  const ends = [op.inputs[0]!, op.outputs[0]!];
  if (axis !== null) return ends.map((value) => sbpOn(layouts[value]!, axis)).join(" → ");
  const places = ends.map((value) => graph.placements[graph.values[value]!.placement]!);
  const text = ends.map((value, i) => {
    const ranks = places[0] === places[1] ? "" : ` on ${ranges(places[i]!.ranks)}`;
    return layoutText(layouts[value]!, places[i]!) + ranks;
  });
  return text.join(" → ");
}

/** The same of a task that may box several tensors at once: `P(sum) → B, 3 tensors`. */
export function changeOf(plan: PlanData, task: TaskTemplate): string {
  const ops = plan.graph.ops.filter((op) => op.kind === "boxing" && task.ops.includes(op.name));
  const changes = [...new Set(ops.map((op) => opChange(plan, op)))].join("; ");
  return ops.length > 1 ? `${changes}, ${ops.length} tensors` : changes;
}
