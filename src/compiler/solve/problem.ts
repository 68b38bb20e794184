/** @file Discrete choices as a problem: what is picked from, what picks cost, and what it takes to change one for the better. */
import { addTo } from "./factors.ts";

export interface Table {
  readonly variables: readonly number[];
  /** Cost by the options of `variables`, the last varying fastest. Equal tables may share one array. */
  readonly cost: Float64Array;
  /** Memory, likewise; absent: none. */
  readonly memory?: Float64Array;
}

export interface Problem {
  /** Number of options of each variable. */
  readonly sizes: readonly number[];
  readonly tables: readonly Table[];
}

export interface Solution {
  readonly pick: readonly number[];
  readonly cost: number;
  readonly memory: number;
  /** No pick that fits costs less; equal to `cost` when the pick is proven best, −∞ where no bound was sought. */
  readonly bound: number;
}

/** Where a table says what a pick costs. */
export const indexOf = (sizes: readonly number[], { variables }: Table, pick: readonly number[]): number => {
  let at = 0;
  for (const v of variables) at = at * sizes[v]! + pick[v]!;
  return at;
};

export function evaluate({ sizes, tables }: Problem, pick: readonly number[]): { cost: number; memory: number } {
  let [cost, memory] = [0, 0];
  for (const t of tables) {
    const at = indexOf(sizes, t, pick);
    cost += t.cost[at]!;
    memory += t.memory?.[at] ?? 0;
  }
  return { cost, memory };
}

/** Changes of one variable that pay and fit, until there is none. */
export function improve(problem: Problem, pick: number[], limit: number): void {
  const { sizes, tables } = problem;
  const touching = sizes.map((): Table[] => []);
  for (const t of tables) for (const v of t.variables) touching[v]!.push(t);
  let used = evaluate(problem, pick).memory;
  /** Variables that nothing has changed around since they were looked at are left out. */
  const settled = Uint8Array.from(sizes, (size, v) => Number(size === 1 || !touching[v]!.length));
  const limited = limit < Number.POSITIVE_INFINITY;
  const costs = new Float64Array(sizes.reduce((a, b) => Math.max(a, b), 0));
  const memories = new Float64Array(costs.length);
  for (let moved = true, round = 0; moved && round < 20; round++) {
    moved = false;
    for (const [v, size] of sizes.entries()) {
      if (settled[v]) continue;
      costs.fill(0);
      memories.fill(0);
      for (const { variables, cost, memory } of touching[v]!) {
        addTo(costs, sizes, variables, cost, pick, v);
        if (memory && limited) addTo(memories, sizes, variables, memory, pick, v);
      }
      const was = pick[v]!;
      let [now, fits] = [was, true];
      for (let option = 0; option < size; option++) {
        if (costs[option]! >= costs[now]!) continue;
        if (!limited || used - memories[was]! + memories[option]! <= limit) now = option;
        else fits = false; // it may later, when others have given way
      }
      settled[v] = Number(fits);
      if (now === was) continue;
      if (limited) used += memories[now]! - memories[was]!;
      pick[v] = now;
      moved = true;
      for (const { variables } of touching[v]!) for (const u of variables) if (u !== v) settled[u] = 0;
    }
  }
}
