/** @file The convolution layer. */

import { GraphError, ShapeError } from "../../ir/errors.ts";
import type { Init } from "../../ir/graph.ts";
import { showOperand } from "../infer.ts";
import { userLine } from "../source.ts";
import { emit } from "../tensor.ts";
import { type Module, makeModule } from "./module.ts";
import { type Entry, type Named, own, type Param, scopeOf, useParameter } from "./parameter.ts";

/** One number for both, or [vertical, horizontal]. */
export type Size = number | readonly [vertical: number, horizontal: number];
export const both = (size: Size): [number, number] => (typeof size === "number" ? [size, size] : [...size]);

export interface Conv2dOptions<N extends string> {
  readonly name?: N;
  /** Default 1. */
  readonly stride?: Size;
  /** Zeros around the image. Default 0. */
  readonly padding?: Size;
}
type Parameters<In extends number, Out extends number, N extends string> = Named<
  N,
  Param<".weight", [Out, In, number, number]> | Param<".bias", [Out]>
>;

/**
 * Convolution of images `[..., inputs, height, width]` with `outputs` filters of `size`: weight `[outputs, inputs, …size]`,
 * bias `[outputs]`, both uniform at first in ±1/√(inputs · size), as PyTorch's are. Height and width become
 * ⌊(extent + 2·padding − size) / stride⌋ + 1.
 *
 * Throws GraphError SL1118 for channels or sizes that are no positive integers, and when it is called ShapeError SL1119 for
 * a tensor of other channels, SL1111 to SL1113 for an image that the filters do not fit.
 *
 * @example
 * const conv = nn.conv2d(3, 16, 3, { padding: 1, name: "conv1" }); // parameters conv1.weight, conv1.bias
 */
export function conv2d<In extends number, Out extends number, N extends string = never>(
  inputs: In,
  outputs: Out,
  size: Size,
  { name, stride = 1, padding = 0 }: Conv2dOptions<N> = {},
): Module<[In, number, number], [Out, number, number], Parameters<In, Out, N>> {
  const window = both(size);
  const subject = `nn.conv2d(${inputs}, ${outputs}, ${window.join("×")})`;
  const wrong = [inputs, outputs, ...window].find((n) => !Number.isSafeInteger(n) || n < 1);
  if (wrong !== undefined)
    throw new GraphError("SL1118", `${wrong} is no number of channels and no size`, {
      subject,
      at: userLine(),
      hint: "give whole numbers from 1 on",
    });
  const bound = 1 / Math.sqrt(inputs * window[0] * window[1]);
  const init = (key: string): Init => ({ kind: "uniform", low: -bound, high: bound, key });
  const parameters = own(name, {
    weight: { shape: [outputs, inputs, ...window], init },
    bias: { shape: [outputs], init },
  });
  const [weight, bias] = parameters as readonly [Entry<never>, Entry<never>];
  return makeModule({ parameters }, (x) => {
    if (x.shape.at(-3) !== inputs)
      throw new ShapeError(
        "SL1119",
        `expected [..., ${inputs}, height, width], got ${showOperand(x.builder.shown(x.id))}`,
        {
          subject,
          at: userLine(),
          hint: "make it for the image's channels, or .permute its dims",
        },
      );
    const [w, b] = [useParameter(weight, x), useParameter(bias, x)];
    const body = () => {
      const y = emit("conv2d", [x, w], { stride: both(stride), padding: both(padding) });
      return emit("add", [y, emit("broadcastTo", [b], { shape: [outputs, 1, 1], dims: [0] })]);
    };
    return x.builder.within(scopeOf(w), body, { absolute: true });
  }) as never;
}
