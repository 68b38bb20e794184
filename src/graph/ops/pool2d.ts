/**
 * @file Pooling over windows of `attrs.window` elements of the last two dims, and its gradients. Padding counts as −∞ for
 * the maximum and as zeros, which are counted, for the mean.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, Shape, TensorType } from "../../ir/graph.ts";
import { B, P, S, type Sbp } from "../../ir/layout.ts";
import type { LocalType, Rule } from "../../sbp/rule.ts";
import { count, showShape } from "../dims.ts";
import type { LocalTensor, OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { checkFloats } from "./checks.ts";
import { callOn } from "./lowering.ts";
import { checkGradientOf, leading, pair, sizeOf, splittable, windowsOf } from "./windows.ts";

/** Kinds of the pooling kernels. */
const code = { max: 0, mean: 1 };
const sum = P("sum");

/** The pooled shape. Throws ShapeError SL1116 for padding that could fill a window. */
function pooled(x: TensorType, attrs: Attrs): Shape {
  checkFloats([x]);
  const window = pair(attrs, "window");
  if (x.shape.length < 2)
    throw new ShapeError("SL1116", `takes [..., H, W], got ${showShape(x.shape)}`, {
      hint: "a dim that is missing is made with .unsqueeze",
    });
  if (window.some((n, i) => 2 * pair(attrs, "padding")[i]! > n))
    throw new ShapeError("SL1116", `padding ${pair(attrs, "padding").join("×")} fills windows of ${window.join("×")}`, {
      hint: "pad by half a window at most",
    });
  return [...x.shape.slice(0, -2), ...windowsOf(sizeOf(x), window, attrs)];
}

/** All dims of the image that may be split, the operands alike. */
function splits(image: LocalType, attrs: Attrs, parts: number, operands: number): Rule[] {
  const lead = leading(image.shape, 2);
  const spatial = splittable(image.shape, pair(attrs, "window"), attrs, parts).map((i) => lead.length + i);
  return [...lead, ...spatial].map((dim) => ({ ins: Array<Sbp>(operands).fill(S(dim)), outs: [S(dim)] }));
}

/** As the kernels take it: planes, H, W, OH, OW, window, strides, padding. */
function sizes(x: LocalType, y: LocalType, attrs: Attrs): number[] {
  const numbers = (["window", "stride", "padding"] as const).flatMap((name) => [...pair(attrs, name)]);
  return [count(x.shape.slice(0, -2)), ...x.shape.slice(-2), ...y.shape.slice(-2), ...numbers];
}

const flops = (x: LocalType, attrs: Attrs) => count(x.shape) * count([...pair(attrs, "window")]);

/** A maximum of maxima and a mean of sums are the whole's. */
const forward = (kind: string, monoid: keyof typeof code, partial: Sbp, gradient: OpDef["gradient"]): OpDef => ({
  kind,
  infer: ([x], attrs) => [{ shape: pooled(x!, attrs), dtype: x!.dtype }],
  rules: ({ ins: [x], attrs, parts }) => [...splits(x!, attrs, parts, 1), { ins: [partial], outs: [partial] }],
  gradient: gradient!,
  lower: ({ ins: [x], outs: [y], attrs }) =>
    count(y!.shape) ? [callOn(y!.dtype, "pool2d", code[monoid], ...sizes(x!, y!, attrs), x!.arg, y!.arg)] : [],
  flops: ([x], _, attrs) => flops(x!, attrs),
});

export const maxPool2d = forward("maxPool2d", "max", P("max"), ({ ins: [x], grads: [g], attrs }) => [
  () => emit("maxPool2dGrad", [x!, g!], attrs),
]);
export const avgPool2d = forward("avgPool2d", "mean", sum, ({ ins: [x], grads: [g], attrs }) => [
  () => emit("avgPool2dGrad", [g!], { ...attrs, size: [...sizeOf(x!)] }),
]);

function backward(
  monoid: keyof typeof code,
  x: LocalTensor | undefined,
  dy: LocalTensor,
  dx: LocalTensor,
  attrs: Attrs,
) {
  const numbers = sizes(dx, dy, attrs);
  return count(dx.shape)
    ? [callOn(dx.dtype, "pool2d_grad", code[monoid], ...numbers, x?.arg ?? null, dy.arg, dx.arg)]
    : [];
}

/** Planes, and what is in one. */
const byPlane = (rank: number) => [rank - 2, 2];

/** (x, dy) → dx: to the first of the largest elements of each window. */
export const maxPool2dGrad: OpDef = {
  kind: "maxPool2dGrad",
  infer([x, dy], attrs) {
    checkFloats([x!, dy!]);
    checkGradientOf("SL1116", pooled(x!, attrs), dy!);
    return [x!];
  },
  rules: ({ outs: [dx], attrs, parts }) => [...splits(dx!, attrs, parts, 2), { ins: [B, sum], outs: [sum] }],
  lower: ({ ins: [x, dy], outs: [dx], attrs }) => backward("max", x, dy!, dx!, attrs),
  followed: byPlane,
  flops: (_, [dx], attrs) => flops(dx!, attrs),
};

/** (dy) → dx of height and width `attrs.size`. */
export const avgPool2dGrad: OpDef = {
  kind: "avgPool2dGrad",
  infer([dy], attrs) {
    const x: TensorType = { shape: [...dy!.shape.slice(0, -2), ...pair(attrs, "size")], dtype: dy!.dtype };
    checkGradientOf("SL1116", pooled(x, attrs), dy!);
    return [x];
  },
  rules: ({ outs: [dx], attrs, parts }) => [...splits(dx!, attrs, parts, 1), { ins: [sum], outs: [sum] }],
  lower: ({ ins: [dy], outs: [dx], attrs }) => backward("mean", undefined, dy!, dx!, attrs),
  followed: byPlane,
  flops: (_, [dx], attrs) => flops(dx!, attrs),
};
