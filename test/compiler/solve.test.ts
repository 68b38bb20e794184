/** @file The solver against brute force and an integer program, with and without a limit on memory. */
import { describe, expect, test } from "vitest";
import { type Problem, type Solution, solve } from "../../src/compiler/solve/solve.ts";
import { integerProgram } from "./integer-program.ts";
import { bruteForce, randomProblem } from "./random-problem.ts";

const graphs = Array.from({ length: 200 }, (_, seed) =>
  randomProblem({ ops: 3 + (seed % 6), reach: 8, joins: 0.6, more: 2 }, seed),
);

const leastMemory = ({ tables }: Problem) => tables.reduce((s, t) => s + Math.min(...(t.memory ?? [0])), 0);

test("on random DAGs of up to 8 ops with fan-out the pick is the best of all picks, and proven so", () => {
  for (const problem of graphs) {
    const { cost, bound } = solve(problem);
    expect(cost).toBe(bruteForce(problem));
    expect(bound).toBe(cost);
  }
});

test("chains and trees of many ops are exact, as an integer program finds them", () => {
  for (const [shape, reach] of [
    ["chain", 0],
    ["tree", 30],
  ] as const) {
    const problem = randomProblem({ ops: 40, reach, joins: 0, more: 3 }, 3);
    const { cost, bound } = solve(problem);
    expect(bound, shape).toBe(cost);
    expect(integerProgram(problem), shape).toBe(cost);
  }
});

test("with a limit that binds the pick is the best of those that fit, as an integer program finds it", () => {
  let bound = 0;
  for (const problem of graphs) {
    const free = solve(problem);
    const limit = Math.floor((free.memory + leastMemory(problem)) / 2);
    if (limit >= free.memory) continue;
    bound++;
    const best = bruteForce(problem, limit);
    const got = solve(problem, { limit });
    expect(integerProgram(problem, limit)).toBe(best);
    expect(got.memory).toBeLessThanOrEqual(limit);
    expect(got.cost).toBe(best);
    expect(got.bound).toBeLessThanOrEqual(best);
  }
  expect(bound).toBeGreaterThan(150);
});

test("a large problem with a limit that binds comes within a thousandth of the bound", () => {
  const problem = randomProblem({ ops: 1000, reach: 6, joins: 0.2, more: 4 }, 1);
  const free = solve(problem);
  const limit = Math.floor(free.memory * 0.7);
  const { cost, bound, memory } = solve(problem, { limit });
  expect(memory).toBeLessThanOrEqual(limit);
  expect(cost).toBeGreaterThan(free.cost);
  expect(cost).toBeLessThanOrEqual(bound * 1.001);
});

test("what cannot fit is told from what can", () => {
  for (const problem of graphs.slice(0, 60)) {
    const least = leastMemory(problem);
    expect(solve(problem, { limit: least }).memory).toBe(least);
    expect(solve(problem, { limit: least - 1 }).memory).toBeGreaterThan(least - 1);
  }
});

test("with tables too large to eliminate the bound stays below the best, the cost above", () => {
  for (const problem of graphs) {
    const best = bruteForce(problem);
    const { cost, bound } = solve(problem, { cap: 1 });
    expect(bound).toBeLessThanOrEqual(best);
    expect(cost).toBeGreaterThanOrEqual(best);
  }
});

describe("ties", () => {
  const cost = Float64Array.from([1, 0, 0]);

  test("go to the lower option", () => {
    expect(solve({ sizes: [3], tables: [{ variables: [0], cost }] }).pick).toEqual([1]);
  });

  test("are the same at every run", () => {
    const flat = (problem: Problem): Problem => ({
      ...problem,
      tables: problem.tables.map((t) => ({ ...t, cost: t.cost.map((c) => c % 2) })),
    });
    for (const problem of graphs) expect(solve(flat(problem)).pick).toEqual(solve(flat(problem)).pick);
  });
});

test("repeated blocks cost what they cost when they are solved one by one", () => {
  // A ring of ops in each block is too wide for tables of two; the same block over and over is solved once.
  const block = randomProblem({ ops: 8, reach: 8, joins: 1, more: 2 }, 5);
  const count = 8;
  const step = block.sizes.length - 1;
  const sizes = [block.sizes[0]!, ...Array.from({ length: count }, () => block.sizes.slice(1)).flat()];
  sizes.forEach((_, v) => {
    if (v % step === 0) sizes[v] = block.sizes[0]!;
  });
  const inside = block.tables.filter(({ variables }) => variables.every((v) => v < step));
  const link = (a: number) => Float64Array.from({ length: sizes[a]! * sizes[a + 1]! }, (_, i) => (i * 7) % 13);
  const links = Array.from({ length: step }, (_, v) => link(v));
  const tables = Array.from({ length: count }, (_, k) => [
    ...inside.map((t) => ({ ...t, variables: t.variables.map((v) => v + k * step) })),
    ...links.map((cost, v) => ({ variables: [v + k * step, v + 1 + k * step], cost })),
  ]).flat();
  const problem: Problem = { sizes, tables };
  const got: Solution = solve(problem);
  expect(integerProgram(problem)).toBe(got.cost);
});
