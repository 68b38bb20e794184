/** @file Random problems for the solver: a DAG of ops with fan-out, whole costs so that sums are exact. */
import type { Problem, Table } from "../../src/compiler/solve/solve.ts";

/** A linear congruential generator: the same problem for the same seed. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Kind {
  readonly ops: number;
  /** How far back an input may come from. */
  readonly reach: number;
  /** How many of the ops have a second input. */
  readonly joins: number;
  /** Options of an op: two, and up to this many more. */
  readonly more: number;
}

export function randomProblem({ ops, reach, joins, more }: Kind, seed: number): Problem {
  const draw = random(seed);
  const whole = (n: number) => Math.floor(draw() * n);
  const sizes = Array.from({ length: ops }, () => 2 + whole(more + 1));
  const fill = (n: number, most: number) => Float64Array.from({ length: n }, () => whole(most));
  const tables = sizes.map(
    (n, v): Table => ({ variables: [v], cost: fill(n, 20), memory: fill(n, 9).map((m) => m + 1) }),
  );
  for (let v = 1; v < ops; v++) {
    const back = () => Math.max(0, v - 1 - Math.floor(draw() * draw() * reach));
    const from = new Set(draw() < joins ? [back(), back()] : [back()]);
    for (const u of from) tables.push({ variables: [u, v], cost: fill(sizes[u]! * sizes[v]!, 20) });
  }
  return { sizes, tables };
}

/** The least cost of all picks that fit, by trying them all. */
export function bruteForce({ sizes, tables }: Problem, limit = Number.POSITIVE_INFINITY): number {
  const pick: number[] = [];
  const sum = (of: (t: Table) => Float64Array | undefined) =>
    tables.reduce((s, t) => s + (of(t)?.[t.variables.reduce((at, v) => at * sizes[v]! + pick[v]!, 0)] ?? 0), 0);
  const visit = (v: number): number => {
    if (v === sizes.length) return sum((t) => t.memory) <= limit ? sum((t) => t.cost) : Number.POSITIVE_INFINITY;
    let best = Number.POSITIVE_INFINITY;
    for (let option = 0; option < sizes[v]!; option++) {
      pick[v] = option;
      best = Math.min(best, visit(v + 1));
    }
    return best;
  };
  return visit(0);
}
