/**
 * @file The tasks of a step in the order in which they start, with the kernels that they run. Tasks of repeated blocks are
 * one row, by the first of them: a task may reach from one block into the next, so names are alike if their numbers are
 * equally far from each other.
 */
import type { PlanData, TaskTemplate } from "../../ir/plan.ts";
import { launchOrder } from "../../ir/schedule.ts";
import { steps } from "../alike.ts";
import { ranges, table, tally } from "../format.ts";

/** Fewer are as easily read one by one. */
const least = 3;

export function schedule(plan: PlanData): string[] {
  const alike = new Map<string, { readonly places: number[]; readonly cells: readonly string[] }>();
  const rows = launchOrder(plan).map((task, place) => {
    const cells = [task.stream, ranksOf(plan, task), task.name, kernels(task)];
    const key = JSON.stringify(cells.with(2, steps(task.name)));
    const known = alike.get(key) ?? { places: [], cells };
    alike.set(key, known);
    known.places.push(place);
    return { place, cells, group: known };
  });
  return table(
    [{ title: "", right: true }, { title: "stream" }, { title: "ranks" }, { title: "task" }, { title: "kernels" }],
    rows.flatMap(({ place, cells, group: { places } }) => {
      if (places.length < least) return [[`${place}`, ...cells]];
      if (place !== places[0]) return [];
      return [[`${place} … ${places.at(-1)}`, ...cells.with(2, `${cells[2]} ×${places.length}`)]];
    }),
  );
}

const ranksOf = ({ placements }: PlanData, task: TaskTemplate): string =>
  task.stream === "host" ? "host" : ranges(placements[task.placement]!.ranks);

const kernels = ({ classes }: TaskTemplate): string =>
  tally((classes[0]?.program ?? []).map(({ kernel }) => kernel))
    .map(([name, n]) => (n > 1 ? `${name} ×${n}` : name))
    .join(", ");
