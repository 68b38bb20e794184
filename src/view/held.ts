/** @file How many bytes of a value the rank holds that holds the most. */
import { itemSize } from "../ir/dtype.ts";
import type { PlanData } from "../ir/plan.ts";
import { regions, size } from "../sbp/boxes.ts";
import { Cache } from "../sbp/cache.ts";

/** By value of the plan's graph. Values alike are looked at once. */
export function heldBytes({ graph, layouts }: PlanData): (value: number) => number {
  const known = new Cache<number>();
  return (id) => {
    const { shape, dtype, placement } = graph.values[id]!;
    const elements = known.get(JSON.stringify([placement, shape, layouts[id]]), () => {
      const held = regions(layouts[id]!, shape.map(Number), graph.placements[placement]!);
      return held.reduce((most, region) => Math.max(most, size(region)), 0);
    });
    return elements * itemSize[dtype];
  };
}
