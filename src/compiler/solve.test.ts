import fc from "fast-check";
import { expect, test } from "vitest";
import { type Problem, solve } from "./solve.ts";

/** Up to six variables of up to three options, tables over one or two of them, whole costs so that sums are exact. */
const problems = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 }),
    pairs: fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 8 }),
    costs: fc.infiniteStream(fc.nat(50)),
  })
  .map(({ sizes, pairs, costs }): Problem => {
    const draw = (n: number) => Float64Array.from({ length: n }, () => costs.next().value as number);
    const edges = pairs
      .map(([a, b]) => [a % sizes.length, b % sizes.length] as const)
      .filter(([a, b]) => a !== b)
      .map((variables) => ({ variables, cost: draw(sizes[variables[0]]! * sizes[variables[1]]!) }));
    return { sizes, tables: [...sizes.map((n, v) => ({ variables: [v], cost: draw(n) })), ...edges] };
  });

function bruteForce({ sizes, tables }: Problem): number {
  let picks: number[][] = [[]];
  for (const n of sizes) picks = picks.flatMap((p) => Array.from({ length: n }, (_, i) => [...p, i]));
  const costOf = (pick: readonly number[]) =>
    tables.reduce((s, t) => s + t.cost[t.variables.reduce((at, v) => at * sizes[v]! + pick[v]!, 0)]!, 0);
  return Math.min(...picks.map(costOf));
}

test("the pick is as cheap as the best of all picks, and proven so", () => {
  fc.assert(
    fc.property(problems, (problem) => {
      const { cost, bound, pick } = solve(problem);
      expect(cost).toBe(bruteForce(problem));
      expect(bound).toBe(cost);
      expect(pick).toHaveLength(problem.sizes.length);
    }),
    { numRuns: 300 },
  );
});

test("with tables too large to eliminate exactly the bound stays below the cost", () => {
  fc.assert(
    fc.property(problems, (problem) => {
      const best = bruteForce(problem);
      const { cost, bound } = solve(problem, { cap: 1 });
      expect(bound).toBeLessThanOrEqual(best);
      expect(cost).toBeGreaterThanOrEqual(best);
    }),
    { numRuns: 300 },
  );
});

test("ties go to the lower option", () => {
  const cost = Float64Array.from([1, 0, 0]);
  expect(solve({ sizes: [3], tables: [{ variables: [0], cost }] }).pick).toEqual([1]);
});
