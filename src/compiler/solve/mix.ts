/**
 * @file Between a pick that takes too much memory and one that fits: the cheapest that fits and is one of them up to some
 * variable and the other from there on. At the price at which the two cost the same, such a mixture of a large problem is
 * close to the bound, and no single price gives it.
 */
import { forbidden } from "./factors.ts";
import type { Problem, Table } from "./problem.ts";

/** Undefined when no mixture fits, the two picks themselves left aside. */
export function mixture(
  { sizes, tables }: Problem,
  one: readonly number[],
  other: readonly number[],
  limit: number,
): number[] | undefined {
  const touching = sizes.map(() => [] as Table[]);
  for (const t of tables) for (const v of t.variables) touching[v]!.push(t);
  let best: { readonly pick: number[]; readonly cost: number } | undefined;
  for (const [first, second] of [
    [one, other],
    [other, one],
  ] as const) {
    const pick = [...second];
    const sum = sumOf(sizes, tables, pick);
    let at = -1;
    let cost = best?.cost ?? Number.POSITIVE_INFINITY;
    const last = sizes.findLastIndex((_, v) => one[v] !== other[v]);
    for (let v = 0; v < last; v++) {
      if (first[v] === second[v]) continue;
      const before = sumOf(sizes, touching[v]!, pick);
      pick[v] = first[v]!;
      const after = sumOf(sizes, touching[v]!, pick);
      sum.cost += after.cost - before.cost;
      sum.memory += after.memory - before.memory;
      sum.never += after.never - before.never;
      if (sum.never === 0 && sum.memory <= limit && sum.cost < cost) [at, cost] = [v, sum.cost];
    }
    if (at >= 0) best = { pick: sizes.map((_, v) => (v <= at ? first[v]! : second[v]!)), cost };
  }
  return best?.pick;
}

/** Forbidden entries are counted by themselves: they would swallow the others. */
function sumOf(sizes: readonly number[], tables: readonly Table[], pick: readonly number[]) {
  let [cost, memory, never] = [0, 0, 0];
  for (const t of tables) {
    let at = 0;
    for (const v of t.variables) at = at * sizes[v]! + pick[v]!;
    if (t.cost[at]! >= forbidden) never++;
    else cost += t.cost[at]!;
    memory += t.memory?.[at] ?? 0;
  }
  return { cost, memory, never };
}
