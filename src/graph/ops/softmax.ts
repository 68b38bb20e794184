/**
 * @file Softmax along `attrs.dim` and its logarithm, with their gradients from the output. Lines along the dim are
 * independent of each other, so every other dim may be split.
 */
import type { Attrs, TensorType } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import type { LocalType, Rule, Site } from "../../sbp/rule.ts";
import { checkDim, count, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { floats } from "./checks.ts";
import { callOn } from "./lowering.ts";
import { splitLogSoftmax, splitLogSoftmaxGrad, splitSoftmax, splitSoftmaxGrad } from "./split-classes.ts";

/** max, exp, sum, division: about this many operations an element. */
const flopsPerElement = 8;
const flops = ([x]: readonly LocalType[]) => flopsPerElement * count(x!.shape);

function infer(ins: readonly TensorType[], attrs: Attrs): TensorType[] {
  checkDim(ins[0]!, attrs.dim as number);
  return floats(ins);
}

const otherDims = ({ ins, attrs }: Site): Rule[] =>
  range(ins[0]!.shape.length)
    .filter((dim) => dim !== attrs.dim)
    .map((dim) => ({ ins: ins.map(() => S(dim)), outs: [S(dim)] }));

/** The kernel's view of a tensor: outer, along the dim, inner. */
function lines({ shape }: LocalType, attrs: Attrs): [outer: number, mid: number, inner: number] {
  const dim = attrs.dim as number;
  return [count(shape.slice(0, dim)), shape[dim]!, count(shape.slice(dim + 1))];
}

const forward = (kind: string, logs: number, expansions: OpDef["expansions"] & {}): OpDef => ({
  kind,
  infer,
  rules: otherDims,
  expansions,
  gradient: ({ outs: [y], grads: [g], attrs }) => [() => emit(`${kind}Grad`, [y!, g!], attrs)],
  lower({ ins: [x], outs: [y], attrs }) {
    const sizes = lines(y!, attrs);
    return count(sizes) ? [callOn(y!.dtype, "softmax", logs, ...sizes, x!.arg, y!.arg)] : [];
  },
  flops,
});

const backward = (kind: string, logs: number, expansions: OpDef["expansions"] & {}): OpDef => ({
  kind,
  infer,
  // Linear in the gradient of the output.
  rules: (site) => [...otherDims(site), { ins: [B, P("sum")], outs: [P("sum")] }],
  expansions,
  lower({ ins: [y, dy], outs: [dx], attrs }) {
    const sizes = lines(dx!, attrs);
    return count(sizes) ? [callOn(dx!.dtype, "softmax_grad", logs, ...sizes, y!.arg, dy!.arg, dx!.arg)] : [];
  },
  flops,
});

export const softmax = forward("softmax", 0, splitSoftmax);
export const softmaxGrad = backward("softmaxGrad", 0, splitSoftmaxGrad);
export const logSoftmax = forward("logSoftmax", 1, splitLogSoftmax);
export const logSoftmaxGrad = backward("logSoftmaxGrad", 1, splitLogSoftmaxGrad);
