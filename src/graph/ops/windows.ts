/**
 * @file Windows over the last two dims of images: what convolution and pooling share. `attrs.stride` and `attrs.padding`
 * are [vertical, horizontal].
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, Dim, Shape, TensorType } from "../../ir/graph.ts";
import { range, sameShape, showShape } from "../dims.ts";

export type Pair = readonly [vertical: number, horizontal: number];
export const pair = (attrs: Attrs, name: string): Pair => attrs[name] as unknown as Pair;

/** Height and width. Throws ShapeError SL1111 when they are still names. */
export function sizeOf({ shape }: TensorType): Pair {
  const [height, width] = shape.slice(-2) as [Dim, Dim];
  if (typeof height === "number" && typeof width === "number") return [height, width];
  throw new ShapeError("SL1111", `height and width must be numbers, got ${showShape(shape)}`, {
    hint: "declare the input with numbers for the last two dims",
  });
}

/** Extents of the output: how many windows there are each way. Throws ShapeError SL1112, SL1113. */
export function windowsOf(image: Pair, window: Pair, attrs: Attrs): [height: number, width: number] {
  const [stride, padding] = [pair(attrs, "stride"), pair(attrs, "padding")];
  const fits = (n: number, least: number) => Number.isSafeInteger(n) && n >= least;
  if (![...stride, ...window].every((n) => fits(n, 1)) || !padding.every((n) => fits(n, 0)))
    throw new ShapeError(
      "SL1112",
      `cannot move a window of ${window.join("×")} by ${stride.join("×")} with padding ${padding.join("×")}`,
      { hint: "give whole numbers: windows and strides from 1 on, padding from 0 on" },
    );
  const along = (i: 0 | 1) => Math.floor((image[i] + 2 * padding[i] - window[i]) / stride[i]) + 1;
  const [height, width] = [along(0), along(1)];
  if (height < 1 || width < 1)
    throw new ShapeError("SL1113", `a window of ${window.join("×")} does not fit into ${image.join("×")}`, {
      hint: "pad the image, or take a smaller window",
    });
  return [height, width];
}

/** Throws ShapeError, with the code of the op's file, for a gradient that is not of the windows' output. */
export function checkGradientOf(code: "SL1115" | "SL1116", output: Shape, dy: TensorType): void {
  if (sameShape(output, dy.shape)) return;
  throw new ShapeError(code, `the gradient is ${showShape(dy.shape)}, its output is ${showShape(output)}`, {
    hint: "give the gradient of what these windows make of the image",
  });
}

/**
 * The spatial dims of an image, 0 and 1, that may be split over `parts` ranks: where windows lie side by side without
 * padding and every rank's share is whole windows, no window straddles two ranks.
 */
export const splittable = (image: readonly number[], window: Pair, attrs: Attrs, parts: number): (0 | 1)[] =>
  ([0, 1] as const).filter((i) => {
    const stride = pair(attrs, "stride")[i];
    const sideBySide = window[i] === stride && pair(attrs, "padding")[i] === 0;
    return sideBySide && (stride === 1 || image.at(i - 2)! % (parts * stride) === 0);
  });

/** Dims before the last `tail` ones. */
export const leading = (shape: Shape, tail: number): number[] => range(shape.length - tail);
