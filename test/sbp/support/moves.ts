/** @file Tensors that go from one placement and layout to another, as a graph for the runtime. */
import { graph, type Placement, placement } from "sluice";
import type { Sharded } from "../../../src/actors/shards.ts";
import { compileGraph } from "../../../src/compiler/compile.ts";
import { type Layout, ordered, userLayout } from "../../../src/graph/layout.ts";
import type { DType } from "../../../src/ir/dtype.ts";
import { toElements } from "../../../src/ir/element.ts";
import type { PlacementData } from "../../../src/ir/placement.ts";
import type { PlanData } from "../../../src/ir/plan.ts";
import { canonical } from "../../../src/sbp/canonical.ts";
import { scatter } from "./arrays.ts";
import { type Pair, product } from "./meshes.ts";

/** One tensor with its value. */
export interface Move extends Pair {
  readonly name: string;
  readonly dtype: DType;
  readonly value: readonly number[];
}

const mesh = ({ axes, ranks }: PlacementData): Placement =>
  placement("cpu", Object.fromEntries(axes.map(({ name, size }) => [name, size])), { ranks });

/** The plan in which every move is one `.to(…)`. */
export function planOf(moves: readonly Move[]): PlanData {
  const inputs = Object.fromEntries(
    moves.map(({ name, shape, dtype, from: { placement: on, layout } }) => [
      name,
      { shape: [...shape], dtype, layout: ordered(on, userLayout(layout, on)), placement: on, at: undefined },
    ]),
  );
  const meshes = moves.flatMap(({ from, to }) => [mesh(from.placement), mesh(to.placement)]);
  const { logical } = graph(meshes, { name: "moves", inputs }, (xs) =>
    Object.fromEntries(
      moves.map(({ name, to }) => [
        name,
        xs[name]!.to(mesh(to.placement), userLayout(to.layout, to.placement) as Layout),
      ]),
    ),
  );
  return compileGraph(logical);
}

/** A batch in which every rank has its part; parts of partial values differ wildly. */
export function feedsOf(moves: readonly Move[], random: () => number) {
  return Object.fromEntries(
    moves.map(({ name, shape, dtype, value, from: { placement: on, layout } }) => {
      const held = scatter(value, shape, on, layout, random);
      const shards = new Map(on.ranks.map((rank, m) => [rank, toElements(dtype, held.shards[m]!)]));
      const sharded: Sharded = { shape, dtype, layout: canonical(layout, on), placement: on, shards };
      // The whole is wrong on purpose: the parts are what counts.
      return [name, { shape: [...shape], dtype, data: toElements(dtype, new Array(product(shape)).fill(0)), sharded }];
    }),
  );
}
