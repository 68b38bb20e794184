/** @file The solver's problem as an integer program in CPLEX LP text, and HiGHS to solve it: an oracle. */
import * as highsModule from "highs";
import type { Problem } from "../../src/compiler/solve/solve.ts";

type Load = () => Promise<{ solve(lp: string, options: object): { Status: string; ObjectiveValue: number } }>;
const highs = await (highsModule as unknown as { default: Load }).default();
const term = (factor: number, name: string) => `${factor < 0 ? "-" : "+"} ${Math.abs(factor)} ${name}`;

/** One 0/1 column for each option and for each entry of a table of several variables, whose marginals are the options. */
function lp({ sizes, tables }: Problem, limit: number): string {
  const [goal, memory, rows, columns] = [[] as string[], [] as string[], [] as string[], [] as string[]];
  for (const [v, size] of sizes.entries()) {
    const options = Array.from({ length: size }, (_, option) => `x${v}_${option}`);
    rows.push(`${options.map((x) => `+ ${x}`).join("\n")} = 1`);
    columns.push(...options);
  }
  for (const [k, t] of tables.entries()) {
    const by = new Map<string, string[]>();
    for (const [i, cost] of t.cost.entries()) {
      let left = i;
      const options = t.variables.toReversed().map((v) => {
        const option = left % sizes[v]!;
        left = Math.floor(left / sizes[v]!);
        return `x${v}_${option}`;
      });
      const entry = options.length === 1 ? options[0]! : `y${k}_${i}`;
      goal.push(term(cost, entry));
      if (t.memory) memory.push(term(t.memory[i]!, entry));
      if (options.length > 1) for (const x of options) by.set(x, [...(by.get(x) ?? []), `+ ${entry}`]);
    }
    for (const [x, entries] of by) rows.push(`${entries.join("\n")} - ${x} = 0`);
  }
  if (Number.isFinite(limit)) rows.push(`${memory.join("\n")} <= ${limit}`);
  const named = rows.map((row, i) => `r${i}: ${row}`).join("\n");
  return `Minimize\n${goal.join("\n")}\nSubject To\n${named}\nBinary\n${columns.join("\n")}\nEnd\n`;
}

/** The least cost, or undefined when nothing fits. */
export function integerProgram(problem: Problem, limit = Number.POSITIVE_INFINITY): number | undefined {
  const found = highs.solve(lp(problem, limit), { output_flag: false, mip_rel_gap: 0 });
  return found.Status === "Optimal" ? Math.round(found.ObjectiveValue) : undefined;
}
