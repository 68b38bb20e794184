/**
 * @file The two ops that LAMB is made of. Its norms are sums over whole tensors, so they stand between the two as ordinary
 * reductions: split parameters give partial sums, and the compiler adds them up. Source: You et al., "Large batch
 * optimization for deep learning: training BERT in 76 minutes", ICLR 2020.
 */
import { ShapeError } from "../../ir/errors.ts";
import { count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { checkFloats } from "./checks.ts";
import { guarded } from "./guarded.ts";
import { callOn } from "./lowering.ts";
import { byElement, checkLike } from "./update.ts";

/** (parameter, m, v, gradient, step) → (m, v, direction): Adam's step with decay, before the learning rate. */
export const lambDirection: OpDef = guarded({
  kind: "lambDirection",
  infer(ins) {
    checkLike(ins.slice(0, 4));
    return ins.slice(1, 4);
  },
  rules: byElement(1),
  inPlace: [
    [0, 1],
    [1, 2],
  ],
  lower({ ins, outs, attrs }) {
    const n = count(ins[0]!.shape);
    const options = ["beta1", "beta2", "eps", "weightDecay"].map((name) => attrs[name] as number);
    return n ? [callOn(ins[0]!.dtype, "lamb", n, ...ins.map(({ arg }) => arg), ...options, outs[2]!.arg)] : [];
  },
  flops: ([p]) => 12 * count(p!.shape),
});

/** (Σ parameter², Σ direction², learning rate) → the rate times the ratio of the norms; the rate alone where one is 0. */
export const trustedRate: OpDef = {
  kind: "trustedRate",
  infer(ins) {
    const dtype = checkFloats(ins);
    for (const type of ins)
      if (type.shape.length)
        throw new ShapeError("SL1104", `takes numbers, got [${type.shape.join(",")}]`, {
          hint: "reduce it with .sum()",
        });
    return [{ shape: [], dtype }];
  },
  rules: () => [],
  lower: ({ ins, outs }) => [callOn(outs[0]!.dtype, "trusted_rate", ...[...ins, ...outs].map(({ arg }) => arg))],
};
