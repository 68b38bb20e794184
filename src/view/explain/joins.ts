/** @file What one kernel call does of several ops, as lines of `explain`: alike runs are counted. */
import type { PlanData } from "../../ir/plan.ts";
import { bytes, count, table, tally } from "../format.ts";

/** The section, or none where every op has a call of its own. */
export function joins({ graph, tasks }: PlanData): string[][] {
  const all = tasks.flatMap(({ joined }) => joined ?? []);
  if (all.length === 0) return [];
  const kindOf = new Map(graph.ops.map(({ name, kind }) => [name, kind]));
  const texts = tally(all.map(({ ops }) => ops.map((op) => kindOf.get(op)).join(" + ")));
  const rows = texts.map(([text, times]) => {
    const alike = all.filter(({ ops }) => ops.map((op) => kindOf.get(op)).join(" + ") === text);
    const saved = alike.reduce((sum, one) => sum + one.saved, 0);
    return [text, alike[0]!.ops[0]!, count(times), bytes(saved)];
  });
  const total = all.reduce((sum, { saved }) => sum + saved, 0);
  return [
    [
      "Joined: ops that one kernel call does, and what a rank need not write and read again in one step",
      ...table(
        [
          { title: "ops" },
          { title: "the first begins with" },
          { title: "times", right: true },
          { title: "saved", right: true },
        ],
        rows,
      ),
      `  ${bytes(total)} in all`,
    ],
  ];
}
