import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { B, P, S, type Sbp } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import { canonical } from "../../src/sbp/canonical.ts";
import { type Cost, plus } from "../../src/sbp/cost.ts";
import { edgesOf, type Problem } from "../../src/sbp/edges.ts";
import type { Placed } from "../../src/sbp/placed.ts";
import { alphabetOf, search } from "../../src/sbp/search.ts";
import { transferable } from "../../src/sbp/transfer.ts";
import { anyPair, mesh } from "./support/meshes.ts";
import { models } from "./support/plans.ts";

type Costs = readonly (readonly Cost[])[];
const far: Cost = { ticks: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

/** Shortest paths over every edge of the search space between all its layouts, with no guess and no pruning. */
function exhaustive(problem: Problem): { readonly nodes: readonly Placed[]; readonly costs: Costs } {
  const edges = edgesOf({ ...problem, mixed: true });
  const { source, target, collectives, transfer } = edges;
  const nodes = source === target ? source.all() : [...source.all(), ...target.all()];
  const index = new Map(nodes.map((node, i) => [node, i]));
  const before = orderOf(problem);
  const least = (a: Cost, b: Cost) => (before(b, a) < 0 ? b : a);
  const costs = nodes.map((from, i) => {
    const row = nodes.map(
      (to): Cost => (transferable(from) && (from.places === source || to.places === target) ? transfer(from, to) : far),
    );
    for (const edge of collectives(from)) row[index.get(edge.to)!] = least(row[index.get(edge.to)!]!, edge);
    row[i] = { ticks: 0, bytes: 0 };
    return row;
  });
  for (const k of nodes.keys())
    for (const row of costs) for (const j of nodes.keys()) row[j] = least(row[j]!, plus(row[k]!, costs[k]![j]!));
  for (const [i, from] of nodes.entries())
    for (const [j, to] of nodes.entries()) {
      if (to.places === source && from.places !== source) continue;
      const way = `${from.key || "B"} > ${to.key || "B"}`;
      within(edges.pathAtLeast(from, to), costs[i]![j]!, `a path ${way}`);
      if (transferable(from)) within(edges.transferAtLeast(from, to), transfer(from, to), `the transfer ${way}`);
    }
  return { nodes, costs };
}

/** What the search counts on is never too much. */
function within(bound: Cost, exact: Cost, what: string): void {
  if (bound.ticks > exact.ticks || bound.bytes > exact.bytes)
    throw new Error(`${what} costs ${exact.ticks}, ${exact.bytes} bytes, not ${bound.ticks}, ${bound.bytes}`);
}

const orderOf =
  ({ model }: Problem) =>
  (a: Cost, b: Cost): number =>
    model.objective === "bytes" ? a.bytes - b.bytes || a.ticks - b.ticks : a.ticks - b.ticks || a.bytes - b.bytes;

interface Case {
  readonly shape: readonly number[];
  readonly from: PlacementData;
  readonly to: PlacementData;
  readonly also: readonly Sbp[];
  /** One pair in so many is planned. */
  readonly every?: number;
}
const square = mesh([2, 2]);
const six = mesh([3, 2]);
const cube = mesh([2, 2, 2]);
const cases: readonly (readonly [string, Case])[] = [
  ["2 × 2, uneven, P(sum)", { shape: [5, 7], from: square, to: square, also: [P()] }],
  ["3 × 2, P(max)", { shape: [64, 48], from: six, to: six, also: [P("max")] }],
  ["2 × 2, large, P(sum)", { shape: [640, 480], from: square, to: square, also: [P()] }],
  ["three ranks to four, overlapping", { shape: [40, 60], from: mesh([3], [1, 2, 3]), to: square, also: [P()] }],
  ["four ranks to two others", { shape: [400, 60], from: square, to: mesh([2], [5, 7]), also: [P()] }],
  [
    "two ranks to four others, P(min)",
    { shape: [400, 60], from: mesh([2]), to: mesh([4], [2, 3, 4, 5]), also: [P("min")] },
  ],
  [
    "one rank of each of two hosts to the others, P(sum)",
    { shape: [90, 41], from: mesh([2], [0, 2]), to: mesh([2], [3, 1]), also: [P()] },
  ],
  ["2 × 2 × 2, P(sum)", { shape: [60, 96], from: cube, to: cube, also: [P()], every: 37 }],
  ["2 × 2, P(sum) and P(max)", { shape: [64, 48], from: square, to: square, also: [P(), P("max")] }],
];

describe("the plan is the cheapest, by every model", () => {
  test.each(cases)("%s", (_, { also, every = 1, ...one }) => {
    for (const model of models) {
      const alphabet = [...one.shape.map((_, dim) => S(dim)), B, ...also];
      const problem: Problem = { ...one, dtype: "float32", model, alphabet };
      const before = orderOf(problem);
      const { nodes, costs } = exhaustive(problem);
      // A value that is partial by several monoids is of no use on the way: the search leaves it out.
      const { find, edges } = search(problem, true);
      const isEnd = (side: PlacementData) => (node: Placed) =>
        node.places.placement === side && node.monoids.length <= 1;
      const planned: Cost[][] = nodes.map(() => []);
      for (const [i, from] of nodes.entries())
        for (const [j, to] of nodes.entries()) {
          if (!isEnd(one.from)(from) || !isEnd(one.to)(to) || (i * nodes.length + j) % every > 0) continue;
          const cost = find(from.layout, to.layout).reduce(plus, { ticks: 0, bytes: 0 });
          const text = `${from.key || "B"} > ${to.key || "B"}`;
          expect(cost.ticks, text).toBe(costs[i]![j]!.ticks);
          expect(cost.bytes, text).toBe(costs[i]![j]!.bytes);
          planned[i]![j] = cost;
        }
      expect(edges.source.all().length).toBeGreaterThan(3);
      // A detour by any layout on either placement never pays.
      for (const [i, row] of planned.entries())
        for (const [j, cost] of row.entries())
          if (cost)
            for (const k of nodes.keys()) {
              const detour = plus(costs[i]![k]!, costs[k]![j]!);
              if (before(cost, detour) > 0)
                throw new Error(
                  `${nodes[i]!.key} > ${nodes[k]!.key} > ${nodes[j]!.key}: ${detour.ticks} < ${cost.ticks}`,
                );
            }
    }
  });
});

test("what the search counts on is never too much: any ranks, uneven, empty, any order, zigzag, mixed monoids", () => {
  fc.assert(
    fc.property(anyPair, fc.constantFrom(...models), ({ shape, from, to }, model) => {
      const [source, target] = [canonical(from.layout, from.placement), canonical(to.layout, to.placement)];
      const alphabet = alphabetOf(shape, [source, target]);
      const ends = { from: from.placement, to: to.placement };
      const { edges, find } = search({ shape, dtype: "float32", ...ends, model, alphabet, mixed: true }, true);
      const [start, goal] = [edges.source.place(source)!, edges.target.place(target)!];
      const planned = find(source, target).reduce(plus, { ticks: 0, bytes: 0 });
      within(edges.pathAtLeast(start, goal), planned, "the plan");
      if (start === goal || !transferable(start)) return;
      within(edges.pathAtLeast(start, goal), edges.transfer(start, goal), "the transfer, as a path,");
      within(edges.transferAtLeast(start, goal), edges.transfer(start, goal), "the transfer");
    }),
    { numRuns: process.env.LONG ? 20_000 : 1_000, seed: 8 },
  );
});
