/**
 * @file Least Σ cost over discrete choices under a limit on Σ memory: each variable takes one option, tables charge cost
 * and memory for the options of their variables. Ties go to the lower option. Costs are whole numbers, so sums are exact.
 */
import { forbidden } from "./factors.ts";
import { solveAt } from "./free.ts";
import { leastMemory, withinLimit } from "./limit.ts";
import type { Problem, Solution } from "./problem.ts";

export type { Problem, Solution, Table } from "./problem.ts";

export interface SolveOptions {
  /** On Σ memory. Default: none. */
  readonly limit?: number;
  /** Entries of a table made by elimination, past which it is split. */
  readonly cap?: number;
  /** False: of a large problem that repeats itself no bound is asked for, only a pick. Default true. */
  readonly prove?: boolean;
}

const wide = 1 << 14;

/** Of all picks that are found the one of least memory. */
export const solveLeast = (problem: Problem): readonly number[] => leastMemory(problem, { cap: wide, prove: false });

/** The cheapest pick found. When nothing was found to fit, the one of least memory found: its memory is past the limit. */
export function solve(
  problem: Problem,
  { limit = Number.POSITIVE_INFINITY, cap = wide, prove = true }: SolveOptions = {},
): Solution {
  const free = solveAt(problem, 0, { cap, prove });
  return free.memory <= limit || free.cost >= forbidden ? free : withinLimit(problem, free, limit, { cap, prove });
}
