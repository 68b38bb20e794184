/** @file Plans that are made, and run on arrays: the value and the bytes are right after every step. */
import { expect } from "vitest";
import type { PlacementData } from "../../../src/ir/placement.ts";
import { extents, regions } from "../../../src/sbp/boxes.ts";
import { type BoxingPlan, planBoxing } from "../../../src/sbp/boxing.ts";
import { layoutKey } from "../../../src/sbp/canonical.ts";
import { hierarchical, type Model, sharedMemory } from "../../../src/sbp/link.ts";
import { coordinate } from "../../../src/sbp/mesh.ts";
import { trafficOf } from "../../../src/sbp/traffic.ts";
import { assemble, execute, scatter } from "./arrays.ts";
import { generator, type Pair, product } from "./meshes.ts";

const fast = { alpha: 1e-6, beta: 1e-10 };

/** Two ranks a host, a slow network. */
export const hosts: Model = hierarchical({
  host: (rank) => rank >> 1,
  memory: fast,
  local: fast,
  remote: { alpha: 2e-5, beta: 1e-9 },
});
/** Collectives much cheaper than transfers. */
const rings: Model = { ...hosts, axis: () => fast, between: () => ({ alpha: 5e-5, beta: 4e-9 }), least: fast };
/** Bytes first. */
export const bytes: Model = { ...sharedMemory, objective: "bytes" };
export const models: readonly Model[] = [sharedMemory, hosts, rings, bytes];

const dtype = "float32";
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** What was checked so far, for reports; `lastBytes` were counted in the last run. */
export const checked = { pairs: 0, planned: 0, slowest: 0, kinds: new Map<string, number>(), lastBytes: 0 };

/** Plans and runs; throws what does not agree. */
export function check({ shape, from, to }: Pair, model: Model = sharedMemory): BoxingPlan {
  const start = performance.now();
  const plan = planBoxing({ shape, dtype, from, to }, model);
  const took = performance.now() - start;
  checked.pairs++;
  checked.planned += took;
  checked.slowest = Math.max(checked.slowest, took);

  const random = generator(7);
  const value = Array.from({ length: product(shape) }, () => Math.floor(random() * 200) - 100);
  let tensor = scatter(value, shape, from.placement, from.layout, random);
  const received = new Map(plan.ranks.map((rank) => [rank, 0]));
  for (const step of plan.steps) {
    checked.kinds.set(step.kind, (checked.kinds.get(step.kind) ?? 0) + 1);
    const done = execute(step, tensor);
    expect(done.received, plan.text).toEqual(step.received);
    expect(sum(done.received), plan.text).toBe(step.bytes);
    const traffic = trafficOf(step, { shape, dtype }).map((link) => [`${link.from} > ${link.to}`, link.bytes] as const);
    expect(new Map(traffic), plan.text).toEqual(done.links);
    expect(traffic.length, plan.text).toBe(done.links.size);
    expect(assemble(done.tensor), plan.text).toEqual(value);
    for (const [member, n] of done.received.entries()) {
      const rank = done.tensor.on.ranks[member]!;
      received.set(rank, received.get(rank)! + n);
    }
    tensor = done.tensor;
  }
  checked.lastBytes = sum([...received.values()]);
  expect([...received.values()]).toEqual(plan.received);
  expect(sum(plan.received)).toBe(plan.bytes);
  expect(tensor.on).toEqual(plan.steps.length > 0 ? to.placement : from.placement);
  expect(layoutKey(tensor.layout, to.placement)).toBe(layoutKey(to.layout, to.placement));
  tensor.shards.forEach((shard, member) => {
    expect(shard.length).toBe(product(localShape(to.layout, shape, to.placement, member)));
  });
  return plan;
}

/** The balanced split, written a second time; splits by hand are asked of the algebra. */
function localShape(
  layout: Pair["to"]["layout"],
  shape: readonly number[],
  on: PlacementData,
  member: number,
): number[] {
  if (layout.some(([, sbp]) => sbp.kind === "S" && sbp.part)) return extents(regions(layout, shape, on)[member]!);
  const local = [...shape];
  for (const [axis, sbp] of layout) {
    if (sbp.kind !== "S") continue;
    const parts = on.axes.find(({ name }) => name === axis)!.size;
    local[sbp.dim] = Math.floor((local[sbp.dim]! + parts - 1 - coordinate(on, member, axis)) / parts);
  }
  return local;
}
