/**
 * @file A plan as text: what lies where, what moves, what it costs, and why. For reading in a terminal: columns, at most
 * 120 characters wide; what is longer goes on in the next line, and nothing is left out.
 */
import { showPlacement } from "../../ir/placement.ts";
import type { PlanData } from "../../ir/plan.ts";
import { count } from "../format.ts";
import { boxing } from "./boxing.ts";
import { joins } from "./joins.ts";
import { memory } from "./memory.ts";
import { parameters } from "./parameters.ts";
import { pipeline } from "./pipeline.ts";
import { schedule } from "./schedule.ts";
import { signatures } from "./signatures.ts";
import { tensors } from "./tensors.ts";

export function explain(plan: PlanData): string {
  const sections: readonly (readonly string[])[] = [
    header(plan),
    ...pipeline(plan),
    ["Memory of a rank", ...memory(plan)],
    ["Parameters", ...parameters(plan)],
    [
      "Tensors: how each lies, what a rank holds and a step takes; the next best layout, why it lost, and by how much it",
      "  would change compute, boxing and memory of the whole plan",
      ...tensors(plan),
    ],
    ["Signatures: how each op works on the mesh", ...signatures(plan)],
    ["Boxing: bytes between ranks in one step", ...boxing(plan)],
    ["Schedule: tasks of a step, in the order in which they start", ...schedule(plan)],
    ...joins(plan),
  ];
  return sections.map((lines) => lines.join("\n")).join("\n\n");
}

function header(plan: PlanData): string[] {
  const ops = plan.graph.ops.length;
  const axes = [...new Set(plan.placements.map((placement) => placement.axes.map(({ name }) => name).join(",")))];
  return [
    `plan ${plan.name} · ${plan.hash.slice(0, 12)} · seed ${plan.seed}`,
    ...plan.placements.map((placement) => `  on ${showPlacement(placement)}`),
    `  ${count(ops)} ops in ${plan.tasks.length} tasks; layouts are written axis by axis: ${axes.join(" or ")}`,
  ];
}
