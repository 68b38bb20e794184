/** @file The number of this step, from 1 on: a state that one op increments, read on any placement. */
import type { StateKind } from "../ir/graph.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import type { Builder } from "./builder.ts";
import type { Tensor } from "./tensor.ts";

/** One value a placement, made when first asked for. */
export function onEach(make: (placement: PlacementData) => Tensor): (placement: PlacementData) => Tensor {
  const made = new Map<string, Tensor>();
  return (placement) => {
    const key = showPlacement(placement);
    const tensor = made.get(key) ?? make(placement);
    made.set(key, tensor);
    return tensor;
  };
}

/** Counts steps in a state that lives on `home`; not those that are skipped. */
export function countSteps(
  builder: Builder,
  name: string,
  kind: StateKind,
  home: PlacementData,
  skipped?: Tensor,
): (placement: PlacementData) => Tensor {
  const init = { kind: "constant", value: 0 } as const;
  const before = builder.state({ name, kind, shape: [], dtype: "int32", init, checkpoint: true }, home);
  const now = builder.apply(
    "increment",
    skipped ? [before, skipped] : [before],
    skipped ? { by: 1, guarded: true } : { by: 1 },
    { name: `${name}.increment`, writes: [name] },
  )[0]!;
  return onEach((placement) =>
    placement === now.placement
      ? now
      : builder.apply("to", [now], { layout: null }, { placement, name: `${name}.to` })[0]!,
  );
}
