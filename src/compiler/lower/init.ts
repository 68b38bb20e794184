/**
 * @file Programs that fill a state before the first step. Random values are functions of the seed, the state's key and
 * the element's index in the whole tensor, so every layout starts from the same bits.
 */
import { callOn, fill } from "../../graph/ops/lowering.ts";
import { itemSize } from "../../ir/dtype.ts";
import type { Init } from "../../ir/graph.ts";
import { seedKey, streamOf } from "../../ir/philox.ts";
import type { State } from "../../ir/plan.ts";
import type { Call } from "../../ir/program.ts";
import { boxesOf, extents, localIndex, region, size } from "../../sbp/boxes.ts";
import type { Draft } from "../draft.ts";
import { loops, rowMajor } from "../strides.ts";

export function initialise({ graph, options }: Draft, state: State, member: number): Call[] {
  const held = region(state.layout, state.shape, graph.placements[state.placement]!, member);
  const count = size(held);
  const { init, buffer } = state;
  if (!count) return [];
  if (init.kind === "constant") return [fill(state.dtype, count, init.value, { buffer })];
  const key = [...seedKey(options.seed ?? 0), streamOf(init.key)];
  const global = rowMajor(state.shape);
  const local = rowMajor(extents(held));
  return boxesOf(held).flatMap((box) => {
    const base = box.reduce((sum, [lo], d) => sum + lo * global[d]!, 0);
    const start = box.reduce((sum, [lo], d) => sum + localIndex(held[d]!, lo) * local[d]!, 0);
    return loops(
      box.map(([lo, hi]) => hi - lo),
      global,
      local,
    ).map((walk): Call => {
      const offset = (start + walk.offsetB) * itemSize[state.dtype];
      const at = offset ? { buffer, offset } : { buffer };
      const numbers = [...distribution(init), ...key, ...walk.extents, ...walk.a, base + walk.offsetA];
      return callOn(state.dtype, "philox", ...numbers, at);
    });
  });
}

const distribution = (init: Exclude<Init, { kind: "constant" }>): number[] =>
  init.kind === "uniform" ? [0, init.low, init.high] : [1, init.mean, init.deviation];
