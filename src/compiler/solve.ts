/**
 * @file Least Σ cost over discrete choices: each variable takes one option, tables charge for the options of their
 * variables. Variables are eliminated one by one, fewest neighbours first: dynamic programming, exact on chains, trees
 * and series-parallel graphs. A table past `cap` entries is split (mini-buckets, Dechter & Rish 2003), which keeps a
 * lower bound; then single changes improve the pick while any pays. Ties go to the lower option.
 */

export interface Table {
  readonly variables: readonly number[];
  /** Cost by the options of `variables`, the last varying fastest. */
  readonly cost: Float64Array;
}

export interface Problem {
  /** Number of options of each variable. */
  readonly sizes: readonly number[];
  readonly tables: readonly Table[];
}

export interface Solution {
  readonly pick: readonly number[];
  readonly cost: number;
  /** No pick costs less; equal to `cost` when the pick is proven best. */
  readonly bound: number;
}

const indexOf = (sizes: readonly number[], table: Table, pick: readonly number[]) =>
  table.variables.reduce((at, v) => at * sizes[v]! + pick[v]!, 0);

const union = (tables: readonly Table[]) => [...new Set(tables.flatMap((t) => t.variables))];

/** min over `x` of Σ tables, as a table over the other variables. */
function minimiseOver(sizes: readonly number[], tables: readonly Table[], x: number): Table {
  const variables = union(tables)
    .filter((v) => v !== x)
    .sort((a, b) => a - b);
  const stride = (t: Table, v: number) => {
    const at = t.variables.indexOf(v);
    return at < 0 ? 0 : t.variables.slice(at + 1).reduce((s, u) => s * sizes[u]!, 1);
  };
  const strides = tables.map((t) => variables.map((v) => stride(t, v)));
  const strideOfX = tables.map((t) => stride(t, x));
  const base = tables.map(() => 0);
  const digits = variables.map(() => 0);
  const cost = new Float64Array(variables.reduce((s, v) => s * sizes[v]!, 1));
  for (let i = 0; i < cost.length; i++) {
    let best = Number.POSITIVE_INFINITY;
    for (let option = 0; option < sizes[x]!; option++) {
      let sum = 0;
      for (let k = 0; k < tables.length; k++) sum += tables[k]!.cost[base[k]! + option * strideOfX[k]!]!;
      if (sum < best) best = sum;
    }
    cost[i] = best;
    for (let d = variables.length - 1; d >= 0; d--) {
      const wraps = ++digits[d]! === sizes[variables[d]!]!;
      for (let k = 0; k < tables.length; k++)
        base[k]! += wraps ? -strides[k]![d]! * (sizes[variables[d]!]! - 1) : strides[k]![d]!;
      if (!wraps) break;
      digits[d] = 0;
    }
  }
  return { variables, cost };
}

/** Groups tables so that no group spans more than `cap` combinations. */
function bucket(sizes: readonly number[], tables: readonly Table[], cap: number): Table[][] {
  const groups: Table[][] = [];
  for (const table of [...tables].sort((a, b) => b.cost.length - a.cost.length)) {
    const room = Math.max(cap, table.cost.length);
    const fits = groups.find((g) => union([...g, table]).reduce((s, v) => s * sizes[v]!, 1) <= room);
    if (fits) fits.push(table);
    else groups.push([table]);
  }
  return groups;
}

export function solve(problem: Problem, cap = 1 << 17): Solution {
  const { sizes } = problem;
  const live = new Set(problem.tables);
  const left = new Set(sizes.keys());
  const trace: { x: number; from: Table[] }[] = [];
  let bound = 0;
  while (left.size) {
    const touching = new Map([...left].map((v) => [v, [] as Table[]]));
    for (const t of live) for (const v of t.variables) touching.get(v)?.push(t);
    const width = (v: number) => union(touching.get(v)!).reduce((s, u) => s * sizes[u]!, 1);
    const x = [...left].reduce((a, b) => (width(b) < width(a) ? b : a));
    const from = touching.get(x)!;
    trace.push({ x, from });
    left.delete(x);
    for (const t of from) live.delete(t);
    for (const group of bucket(sizes, from, cap)) {
      const rest = minimiseOver(sizes, group, x);
      if (rest.variables.length) live.add(rest);
      else bound += rest.cost[0]!;
    }
  }
  const pick: number[] = sizes.map(() => 0);
  for (const { x, from } of trace.reverse()) pick[x] = cheapest(sizes, from, pick, x);
  improve(problem, pick);
  return { pick, bound, cost: problem.tables.reduce((s, t) => s + t.cost[indexOf(sizes, t, pick)]!, 0) };
}

function cheapest(sizes: readonly number[], tables: readonly Table[], pick: number[], x: number): number {
  let best = Number.POSITIVE_INFINITY;
  let arg = 0;
  const was = pick[x]!;
  for (let option = 0; option < sizes[x]!; option++) {
    pick[x] = option;
    const sum = tables.reduce((s, t) => s + t.cost[indexOf(sizes, t, pick)]!, 0);
    if (sum < best) [best, arg] = [sum, option];
  }
  pick[x] = was;
  return arg;
}

function improve({ sizes, tables }: Problem, pick: number[]): void {
  const touching = sizes.map((_, v) => tables.filter((t) => t.variables.includes(v)));
  const costOf = (v: number) => touching[v]!.reduce((s, t) => s + t.cost[indexOf(sizes, t, pick)]!, 0);
  for (let moved = true, round = 0; moved && round < 20; round++) {
    moved = false;
    for (const v of sizes.keys()) {
      const was = pick[v]!;
      const before = costOf(v);
      pick[v] = cheapest(sizes, touching[v]!, pick, v);
      if (pick[v] !== was && costOf(v) < before) moved = true;
      else pick[v] = was;
    }
  }
}
