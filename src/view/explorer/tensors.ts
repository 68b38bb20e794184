/** @file What the explorer says of tensors: how each lies, and which part of it is on which rank. */
import { itemSize, showType } from "../../ir/dtype.ts";
import type { PlanData } from "../../ir/plan.ts";
import { regions, size } from "../../sbp/boxes.ts";
import { layoutText } from "../../sbp/canonical.ts";
import { usersOf } from "../phase.ts";
import type { RegionInfo, ShardsInfo, TensorInfo } from "./types.ts";

/** By value of the graph, and the shards that they have: alike where shape, layout and placement are. */
export function tensorsOf(plan: PlanData): { readonly tensors: TensorInfo[]; readonly shards: ShardsInfo[] } {
  const { graph, layouts } = plan;
  const users = usersOf(graph);
  const makers = new Map(graph.ops.flatMap((op) => op.outputs.map((value) => [value, op.id] as const)));
  const places = new Map(graph.ops.map(({ id }, i) => [id, i]));
  const known = new Map<string, { readonly place: number; readonly elements: number }>();
  const shards: ShardsInfo[] = [];
  const shardsOf = (value: number, shape: readonly number[]) => {
    const { placement } = graph.values[value]!;
    const layout = layouts[value]!;
    const key = JSON.stringify([placement, shape, layout]);
    const found = known.get(key);
    if (found) return found;
    const held = regions(layout, shape, graph.placements[placement]!);
    const distinct = new Map<string, number>();
    const list: RegionInfo[] = [];
    const of = held.map((region) => {
      const text = JSON.stringify(region);
      const at = distinct.get(text) ?? list.push(region) - 1;
      distinct.set(text, at);
      return at;
    });
    const partial = layout.flatMap(([axis, sbp]): [string, string][] => (sbp.kind === "P" ? [[axis, sbp.monoid]] : []));
    const made = { place: shards.length, elements: Math.max(0, ...held.map(size)) };
    shards.push({ regions: list, of, partial });
    known.set(key, made);
    return made;
  };
  const tensors = graph.values.map((value): TensorInfo => {
    const shape = value.shape.map(Number);
    const { place, elements } = shardsOf(value.id, shape);
    const layout = layouts[value.id]!;
    return {
      name: value.name,
      type: showType(value),
      shape,
      layout: layoutText(layout, graph.placements[value.placement]!),
      placement: value.placement,
      bytes: elements * itemSize[value.dtype],
      from: places.get(makers.get(value.id)!) ?? -1,
      to: users[value.id]!.map(({ id }) => places.get(id)!),
      shards: place,
    };
  });
  return { tensors, shards };
}
