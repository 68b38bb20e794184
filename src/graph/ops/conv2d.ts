/**
 * @file Convolution (cross-correlation, as everywhere) of images `[..., C, H, W]` with filters `[K, C, R, S]`, and its two
 * gradients, which need the size that is lost: `attrs.size` is the height and width of the image, or of the filter.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, Dim, Shape, TensorType } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import type { LocalType, Rule } from "../../sbp/rule.ts";
import { count, showShape } from "../dims.ts";
import type { LocalTensor, OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { checkFloats } from "./checks.ts";
import { callOn } from "./lowering.ts";
import { checkGradientOf, leading, pair, sizeOf, splittable, windowsOf } from "./windows.ts";

const sum = P("sum");

function checkOperands(x: TensorType, w: TensorType): void {
  if (x.shape.length < 3 || w.shape.length !== 4)
    throw new ShapeError(
      "SL1114",
      `takes [..., C, H, W] and [K, C, R, S], got ${showShape(x.shape)} and ${showShape(w.shape)}`,
      { hint: "a dim that is missing is made with .unsqueeze" },
    );
  if (x.shape.at(-3) !== w.shape[1])
    throw new ShapeError("SL1115", `the image has ${x.shape.at(-3)} channels, the filters have ${w.shape[1]}`, {
      hint: "make the two equal",
    });
}

/** The shape of what filters make of an image. */
function convolved(x: TensorType, w: TensorType, attrs: Attrs): Shape {
  checkOperands(x, w);
  return [...x.shape.slice(0, -3), w.shape[0] as Dim, ...windowsOf(sizeOf(x), sizeOf(w), attrs)];
}

/** Sizes as the kernels take them: N, C, H, W, K, R, S, OH, OW, then strides and padding. */
function sizes(x: LocalType, w: LocalType, y: LocalType, attrs: Attrs): number[] {
  const [stride, padding] = [pair(attrs, "stride"), pair(attrs, "padding")];
  const images = count(x.shape.slice(0, -3));
  return [images, ...x.shape.slice(-3), w.shape[0]!, ...w.shape.slice(-2), ...y.shape.slice(-2), ...stride, ...padding];
}

const flopsOf = (x: LocalType, w: LocalType, y: LocalType): number =>
  2 * count(x.shape.slice(0, -3)) * count(w.shape) * count(y.shape.slice(-2));

/** Kernel sizes, and its operands in order; none when there is nothing to write. */
function lower(
  kernel: "conv2d" | "conv2d_grad_x" | "conv2d_grad_w",
  numbers: readonly number[],
  all: readonly LocalTensor[],
) {
  return count(all.at(-1)!.shape) ? [callOn(all[0]!.dtype, kernel, ...numbers, ...all.map(({ arg }) => arg))] : [];
}

const window = (w: { readonly shape: readonly number[] }) => w.shape.slice(-2) as [number, number];

/** (image, filters) → image. */
export const conv2d: OpDef = {
  kind: "conv2d",
  infer([x, w], attrs) {
    const dtype = checkFloats([x!, w!]);
    return [{ shape: convolved(x!, w!, attrs), dtype }];
  },
  rules({ ins: [x, w], attrs, parts }) {
    const channel = x!.shape.length - 3;
    return [
      ...leading(x!.shape, 3).map((dim): Rule => ({ ins: [S(dim), B], outs: [S(dim)] })),
      ...splittable(x!.shape, window(w!), attrs, parts).map((i): Rule => {
        const dim = S(channel + 1 + i);
        return { ins: [dim, B], outs: [dim] };
      }),
      { ins: [B, S(0)], outs: [S(channel)] },
      { ins: [S(channel), S(1)], outs: [sum] },
      { ins: [sum, B], outs: [sum] },
      { ins: [B, sum], outs: [sum] },
    ];
  },
  gradient: ({ ins: [x, w], grads: [g], attrs }) => [
    () => emit("conv2dGradInput", [w!, g!], { ...attrs, size: [...sizeOf(x!)] }),
    () => emit("conv2dGradFilter", [x!, g!], { ...attrs, size: [...sizeOf(w!)] }),
  ],
  lower: ({ ins: [x, w], outs: [y], attrs }) => lower("conv2d", sizes(x!, w!, y!, attrs), [x!, w!, y!]),
  followed: (rank) => [rank - 3, 1, 2],
  flops: ([x, w], [y]) => flopsOf(x!, w!, y!),
};

/** (filters, gradient of the output) → gradient of the image. */
export const conv2dGradInput: OpDef = {
  kind: "conv2dGradInput",
  infer([w, dy], attrs) {
    const x: TensorType = {
      shape: [...dy!.shape.slice(0, -3), w!.shape[1] as Dim, ...pair(attrs, "size")],
      dtype: checkFloats([w!, dy!]),
    };
    checkGradientOf("SL1115", convolved(x, w!, attrs), dy!);
    return [x];
  },
  rules({ ins: [w, dy], outs: [dx], attrs, parts }) {
    const channel = dy!.shape.length - 3;
    return [
      ...leading(dy!.shape, 3).map((dim): Rule => ({ ins: [B, S(dim)], outs: [S(dim)] })),
      ...splittable(dx!.shape, window(w!), attrs, parts).map((i): Rule => {
        const dim = S(channel + 1 + i);
        return { ins: [B, dim], outs: [dim] };
      }),
      { ins: [S(1), B], outs: [S(channel)] },
      { ins: [S(0), S(channel)], outs: [sum] },
      { ins: [sum, B], outs: [sum] },
      { ins: [B, sum], outs: [sum] },
    ];
  },
  lower: ({ ins: [w, dy], outs: [dx], attrs }) => lower("conv2d_grad_x", sizes(dx!, w!, dy!, attrs), [w!, dy!, dx!]),
  flops: ([w, dy], [dx]) => flopsOf(dx!, w!, dy!),
};

/** (image, gradient of the output) → gradient of the filters. */
export const conv2dGradFilter: OpDef = {
  kind: "conv2dGradFilter",
  infer([x, dy], attrs) {
    const w: TensorType = {
      shape: [dy!.shape.at(-3) as Dim, x!.shape.at(-3) as Dim, ...pair(attrs, "size")],
      dtype: checkFloats([x!, dy!]),
    };
    checkGradientOf("SL1115", convolved(x!, w, attrs), dy!);
    return [w];
  },
  rules({ ins: [x], attrs, parts }) {
    const channel = x!.shape.length - 3;
    const spatial = splittable(x!.shape, pair(attrs, "size"), attrs, parts).map((i) => channel + 1 + i);
    return [
      ...[...leading(x!.shape, 3), ...spatial].map((dim): Rule => ({ ins: [S(dim), S(dim)], outs: [sum] })),
      { ins: [B, S(channel)], outs: [S(0)] },
      { ins: [S(channel), B], outs: [S(1)] },
      { ins: [sum, B], outs: [sum] },
      { ins: [B, sum], outs: [sum] },
    ];
  },
  lower: ({ ins: [x, dy], outs: [dw], attrs }) => lower("conv2d_grad_w", sizes(x!, dw!, dy!, attrs), [x!, dy!, dw!]),
  flops: ([x, dy], [dw]) => flopsOf(x!, dw!, dy!),
};
