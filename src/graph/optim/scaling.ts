/**
 * @file Loss scaling as ops: the loss's gradient is the scale instead of 1, the parameters' gradients are divided by it, and
 * a step in which one of them is not finite changes nothing. Whether one is, is a maximum over all elements, P(max) where
 * gradients are split; so all ranks skip alike. The scale is a state. Sources: Micikevicius et al., "Mixed precision
 * training", ICLR 2018; PyTorch's GradScaler, whose rule for the scale this is.
 */
import type { PlacementData } from "../../ir/placement.ts";
import type { Builder } from "../builder.ts";
import type { Scaling } from "../loss-scale.ts";
import { assignState } from "../state.ts";
import { constantLike, emit, type Tensor } from "../tensor.ts";
import { overAll } from "./everywhere.ts";

export interface Scaler {
  /** The scale of this step. */
  readonly scale: Tensor;
  /** 1 in a step that is skipped, else 0. */
  skipped(gradients: readonly Tensor[]): Tensor;
}

/** `name` is unique in the graph; states are named by it. */
export function beginScaling(builder: Builder, name: string, scaling: Scaling, home: PlacementData): Scaler {
  const state = (suffix: string, dtype: "float32" | "int32", value: number) => {
    const init = { kind: "constant", value } as const;
    const declared = { kind: "stat", shape: [], dtype, init, checkpoint: true } as const;
    return builder.state({ name: `${name}${suffix}`, ...declared }, home);
  };
  const scale = state("", "float32", scaling.init);
  return {
    scale,
    skipped(gradients) {
      const found = overAll(gradients, (gradient) => emit("nonFinite", [gradient]), "maximum", home, name);
      if (scaling.growthFactor !== 1 || scaling.backoffFactor !== 1)
        follow(scale, state(".steps", "int32", 0), found, scaling);
      return found;
    },
  };
}

/** Below 1 a scale helps nothing; above, a float32 has no larger power of two. */
const [least, most] = [1, 2 ** 127];

/** What the scale and the steps since it changed become. */
function follow(scale: Tensor, steps: Tensor, found: Tensor, by: Scaling): void {
  const number = (like: Tensor, value: number) => constantLike(like, value, like.dtype, "lossScale");
  const times = (factor: number) => emit("affine", [scale], { mul: factor, add: 0 });
  const overflow = emit("greater", [found, number(found, 0)]);
  const counted = emit("affine", [steps], { mul: 1, add: 1 });
  const grows = emit("greaterEqual", [counted, number(steps, by.growthInterval)]);
  const grown = emit("minimum", [times(by.growthFactor), number(scale, most)]);
  const shrunk = emit("maximum", [times(by.backoffFactor), number(scale, least)]);
  assignState(scale, emit("where", [overflow, shrunk, emit("where", [grows, grown, scale])]));
  assignState(steps, emit("where", [emit("logicalOr", [overflow, grows]), number(steps, 0), counted]));
}
