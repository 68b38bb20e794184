/** @file One number where several placements need it, and one number made of what several placements have. */
import type { PlacementData } from "../../ir/placement.ts";
import { showPlacement } from "../../ir/placement.ts";
import type { Builder } from "../builder.ts";
import { onEach } from "../counter.ts";
import { emit, type Tensor } from "../tensor.ts";

/** One number, wherever it is needed. */
export type Everywhere = (placement: PlacementData) => Tensor;

/** A value that lives on one placement, moved to others. */
export const movedTo = (builder: Builder, value: Tensor, name: string): Everywhere =>
  onEach((placement) =>
    placement === value.placement
      ? value
      : builder.apply("to", [value], { layout: null }, { placement, name: `${name}.to` })[0]!,
  );

/** `of` every tensor, put together by the op `join`: on each placement first, then at `home`. */
export function overAll(
  tensors: readonly Tensor[],
  of: (tensor: Tensor) => Tensor,
  join: "add" | "maximum",
  home: PlacementData,
  name: string,
): Tensor {
  const found = new Map<string, Tensor>();
  for (const tensor of tensors) {
    const key = showPlacement(tensor.placement);
    const [one, others] = [of(tensor), found.get(key)];
    found.set(key, others ? emit(join, [others, one]) : one);
  }
  return [...found.values()]
    .map((each) => movedTo(each.builder, each, name)(home))
    .reduce((a, b) => emit(join, [a, b]));
}
