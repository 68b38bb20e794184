/** @file The tasks of a step in the order in which they start, with the kernels that they run. */
import type { PlanData, TaskTemplate } from "../../ir/plan.ts";
import { launchOrder } from "../../ir/schedule.ts";
import { ranges, table, tally } from "../format.ts";

export function schedule(plan: PlanData): string[] {
  return table(
    [{ title: "", right: true }, { title: "stream" }, { title: "ranks" }, { title: "task" }, { title: "kernels" }],
    launchOrder(plan).map((task, place) => [`${place}`, task.stream, ranksOf(plan, task), task.name, kernels(task)]),
  );
}

const ranksOf = ({ placements }: PlanData, task: TaskTemplate): string =>
  task.stream === "host" ? "host" : ranges(placements[task.placement]!.ranks);

const kernels = ({ classes }: TaskTemplate): string =>
  tally((classes[0]?.program ?? []).map(({ kernel }) => kernel))
    .map(([name, n]) => (n > 1 ? `${name} ×${n}` : name))
    .join(", ");
