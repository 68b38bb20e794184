/**
 * @file Least Σ cost over discrete choices under a limit on Σ memory. Each variable takes one option; tables charge cost
 * and memory for the options of their variables. Without a limit that binds: elimination, then single changes while any
 * pays where that was not exact. With one, memory gets a price (Lagrange; Everett 1963): the price is sought at which the
 * choice just fits, each price giving a bound. Ties go to the lower option. Costs in whole numbers make all sums exact.
 */
import { decode, eliminate, sumsOf } from "./eliminate.ts";
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
  /** No pick that fits costs less; equal to `cost` when the pick is proven best. */
  readonly bound: number;
}

export interface SolveOptions {
  /** On Σ memory. Default: none. */
  readonly limit?: number;
  /** Entries of a table made by elimination, past which it is split. */
  readonly cap?: number;
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

/** The cheapest pick found. When nothing was found to fit, the one of least memory found: its memory is past the limit. */
export function solve(
  problem: Problem,
  { limit = Number.POSITIVE_INFINITY, cap = 1 << 14 }: SolveOptions = {},
): Solution {
  const free = solveAt(problem, 0, cap);
  return free.memory <= limit ? free : searchPrice(problem, free, limit, cap);
}

/** The problem with memory charged at a price; each sum is computed once. */
function priced({ sizes, tables }: Problem, price: number): Problem {
  const known = new Map<Float64Array, Map<Float64Array, Float64Array>>();
  const charged = tables.map(({ variables, cost, memory }) => {
    if (!memory || price === 0) return { variables, cost };
    const by = known.get(cost) ?? new Map<Float64Array, Float64Array>();
    known.set(cost, by);
    const sum = by.get(memory) ?? cost.map((c, i) => c + price * memory[i]!);
    by.set(memory, sum);
    return { variables, cost: sum };
  });
  return { sizes, tables: charged };
}

/** The cheapest pick found when a unit of memory costs `price`; its bound is on cost and price together. */
function solveAt(problem: Problem, price: number, cap: number): Solution {
  const charged = priced(problem, price);
  const found = eliminate(charged.sizes, charged.tables, cap);
  const pick = decode(charged.sizes, found);
  if (!found.exact) improve(charged, pick, Number.POSITIVE_INFINITY);
  return { pick, bound: found.bound, ...evaluate(problem, pick) };
}

/** Prices are multiples of this, so that price × memory is exact. */
const grain = 2 ** -10;
const steps = 16;

/**
 * The price search. Between a price at which the choice does not fit and one at which it does, the next is that at which
 * the two cost the same; it ends where no choice lies between them.
 */
function searchPrice(problem: Problem, free: Solution, limit: number, cap: number): Solution {
  let over = free;
  let under: Solution | undefined;
  let best: Solution | undefined;
  let { bound } = free;
  const visit = (price: number): Solution => {
    const found = solveAt(problem, price, cap);
    bound = Math.max(bound, found.bound - price * limit);
    if (found.memory > limit) over = found;
    else {
      under = found;
      if (!best || found.cost < best.cost) best = found;
    }
    return found;
  };
  const round = (price: number) => Math.max(grain, Math.round(price / grain) * grain);
  for (let price = round(free.cost / limit), k = 0; !under && k < 24; k++, price *= 4) visit(price);
  if (!under) return { ...over, bound };
  for (let k = 0; k < steps; k++) {
    const [above, below] = [over, under];
    const price = round((below.cost - above.cost) / (above.memory - below.memory));
    const found = visit(price);
    if (found.memory === above.memory || found.memory === below.memory) break;
  }
  const pick = [...best!.pick];
  improve(problem, pick, limit);
  return { pick, ...evaluate(problem, pick), bound };
}

/** Changes of one variable that pay and fit, until there is none. */
function improve(problem: Problem, pick: number[], limit: number): void {
  const { sizes, tables } = problem;
  const factors = new Factors(sizes);
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
