/** @file Ops that write states in place: the optimizers' updates and the step counter. Their outputs are the states. */
import type { Attrs, TensorType } from "../../ir/graph.ts";
import { B, S } from "../../ir/layout.ts";
import type { Rule, Site } from "../../sbp/rule.ts";
import { count, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { checkDType, checkFloats, checkSame } from "./checks.ts";
import { guarded } from "./guarded.ts";
import { call, callOn } from "./lowering.ts";

const number = (attrs: Attrs, name: string) => attrs[name] as number;

/** Tensors of the parameter's shape are split alike; scalars are replicated. */
export const byElement =
  (scalars: number) =>
  ({ ins, outs }: Site): Rule[] =>
    range(ins[0]!.shape.length).map((dim) => ({
      ins: ins.map((_, i) => (i < ins.length - scalars ? S(dim) : B)),
      outs: outs.map(() => S(dim)),
    }));

export function checkLike(ins: readonly TensorType[]): void {
  checkFloats(ins);
  for (const type of ins) checkSame(ins[0]!, type);
}

/**
 * AdamW: (parameter, m, v, gradient, learning rate, step) → (parameter, m, v); step is 1 the first time. Source:
 * Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, with ε outside the root as PyTorch has it.
 */
export const adamW: OpDef = guarded({
  kind: "adamW",
  infer(ins) {
    checkLike(ins.slice(0, 4));
    checkFloats(ins.slice(0, 5));
    return ins.slice(0, 3);
  },
  rules: byElement(2),
  inPlace: [
    [0, 0],
    [1, 1],
    [2, 2],
  ],
  lower({ ins, attrs }) {
    const n = count(ins[0]!.shape);
    const options = ["beta1", "beta2", "eps", "weightDecay"].map((name) => number(attrs, name));
    return n ? [callOn(ins[0]!.dtype, "adamw", n, ...ins.map(({ arg }) => arg), ...options)] : [];
  },
  flops: ([p]) => 12 * count(p!.shape),
});

/** SGD: (parameter, gradient, learning rate), or with momentum (parameter, velocity, gradient, learning rate). */
export const sgd: OpDef = guarded({
  kind: "sgd",
  infer(ins) {
    checkLike(ins.slice(0, -1));
    checkFloats(ins);
    return ins.slice(0, -2);
  },
  rules: byElement(1),
  inPlace: [
    [0, 0],
    [1, 1],
  ],
  lower({ ins, attrs }) {
    const n = count(ins[0]!.shape);
    const [p, velocity] = [ins[0]!, ins.length === 4 ? ins[1]!.arg : null];
    const [gradient, rate] = [ins.at(-2)!, ins.at(-1)!];
    const dampening = 0;
    const numbers = [number(attrs, "momentum"), number(attrs, "weightDecay"), dampening, Number(attrs.nesterov)];
    return n ? [callOn(p.dtype, "sgd", n, p.arg, velocity, gradient.arg, rate.arg, ...numbers)] : [];
  },
  flops: ([p]) => 4 * count(p!.shape),
});

/** Adds `attrs.by` to integers. */
export const increment: OpDef = guarded({
  kind: "increment",
  infer([x]) {
    checkDType(x!, "int32");
    return [x!];
  },
  rules: byElement(0),
  inPlace: [[0, 0]],
  lower({ ins: [x], outs: [y], attrs }) {
    const n = count(x!.shape);
    return n ? [call("increment", n, number(attrs, "by"), x!.arg, y!.arg)] : [];
  },
});
