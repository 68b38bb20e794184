/** @file Discrete choices as a problem: what is picked from, what picks cost, and what it takes to change one for the better. */
import { sumsOf } from "./eliminate.ts";
import { type Factor, Factors } from "./factors.ts";

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

const indexOf = (sizes: readonly number[], { variables }: Table, pick: readonly number[]) => {
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
  const factors = new Factors(sizes, false);
  const touching = sizes.map(() => ({ cost: [] as Factor[], memory: [] as Factor[] }));
  for (const t of tables) {
    const cost = factors.from(t.variables, t.cost);
    for (const v of t.variables) touching[v]!.cost.push(cost);
    if (!t.memory) continue;
    const memory = factors.from(t.variables, t.memory);
    for (const v of t.variables) touching[v]!.memory.push(memory);
  }
  let used = evaluate(problem, pick).memory;
  for (let moved = true, round = 0; moved && round < 20; round++) {
    moved = false;
    for (const v of sizes.keys()) {
      const costs = sumsOf(sizes, touching[v]!.cost, pick, v);
      const memories = sumsOf(sizes, touching[v]!.memory, pick, v);
      const was = pick[v]!;
      let now = was;
      for (let option = 0; option < costs.length; option++)
        if (costs[option]! < costs[now]! && used - memories[was]! + memories[option]! <= limit) now = option;
      if (now === was) continue;
      used += memories[now]! - memories[was]!;
      pick[v] = now;
      moved = true;
    }
  }
}
