/**
 * @file Clipping by the global norm as ops: all gradients that one `minimize` trains with are multiplied by one factor,
 * min(1, clipNorm / (norm + 1e-6)), where the norm is over all elements of all of them. A square sum is P(sum) where its
 * gradient is split; these are added before the ranks add them up. Sources: Pascanu et al., "On the difficulty of training recurrent
 * neural networks", ICML 2013; PyTorch's clip_grad_norm_, whose formula this is.
 */
import { GraphError, showGiven } from "../../ir/errors.ts";
import type { Op } from "../../ir/graph.ts";
import type { PlacementData } from "../../ir/placement.ts";
import type { Builder } from "../builder.ts";
import { userLine } from "../source.ts";
import { emit, type Tensor } from "../tensor.ts";
import { movedTo, overAll } from "./everywhere.ts";
import type { Trained } from "./gradients.ts";
import { sumOfSquares } from "./squares.ts";

/** Keeps the quotient finite where all gradients are 0. */
const EPS = 1e-6;

/** Throws GraphError SL1060 unless it is a finite number above 0. */
export function checkClipNorm(given: unknown): asserts given is number {
  if (typeof given === "number" && given > 0 && given < Number.POSITIVE_INFINITY) return;
  throw new GraphError("SL1060", `clipNorm cannot be ${showGiven(given)}`, {
    subject: "minimize",
    at: userLine(),
    hint: "give a finite number above 0, such as 1",
  });
}

export interface Clipping {
  readonly gradients: readonly Trained[];
  /** Before clipping, at `home`. */
  readonly norm: Tensor;
}

/** Gradients whose norm is `clipNorm` at most. What is not finite makes the norm so, and a norm of NaN all gradients NaN. */
export function clipped(
  builder: Builder,
  gradients: readonly Trained[],
  clipNorm: number,
  home: PlacementData,
  { at }: Op,
): Clipping {
  const body = () => {
    const squares = overAll(
      gradients.map(({ gradient }) => gradient),
      sumOfSquares,
      "add",
      home,
      "clip.squares",
    );
    const norm = emit("sqrt", [squares]);
    const inverse = emit("reciprocal", [emit("affine", [norm], { mul: 1, add: EPS })]);
    const share = emit("affine", [inverse], { mul: clipNorm, add: 0 });
    const least = emit("clamp", [share], { low: "-Infinity", high: 1 });
    const factor = movedTo(builder, least, "clip.factor");
    const shorter = gradients.map(({ parameter, gradient }) => {
      const name = `${parameter.name}.grad.clipped`;
      const ins = [gradient, factor(gradient.placement)];
      return { parameter, gradient: builder.apply("mul", ins, {}, { name })[0]! };
    });
    return { gradients: shorter, norm };
  };
  return builder.within("clip", body, { absolute: true, at });
}
