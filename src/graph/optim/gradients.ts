/** @file What happens to gradients of parameters before an optimizer gets them. */
import type { DType } from "../../ir/dtype.ts";
import type { Attrs, Op } from "../../ir/graph.ts";
import type { Builder } from "../builder.ts";
import { emit, type Tensor } from "../tensor.ts";
import { movedTo } from "./everywhere.ts";

export interface Trained {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
}

/** Gradients as what travels between ranks; the parts of a sum are rounded each by itself. */
export function rounded(builder: Builder, { parameter, gradient }: Trained, dtype: DType, { at }: Op): Trained {
  const cast = (x: Tensor, attrs: Attrs, suffix: string) =>
    builder.apply("cast", [x], attrs, { name: `${parameter.name}.grad.${suffix}`, at })[0]!;
  const short = cast(gradient, { dtype, parts: true }, dtype);
  return { parameter, gradient: cast(short, { dtype: gradient.dtype }, gradient.dtype) };
}

/** Divided by the scale of the loss. */
export function unscaled(builder: Builder, gradients: readonly Trained[], scale: Tensor, { at }: Op): Trained[] {
  const body = () => {
    const inverse = movedTo(builder, emit("reciprocal", [scale]), "lossScale.inverse");
    return gradients.map(({ parameter, gradient }) => {
      const ins = [gradient, inverse(gradient.placement)];
      const name = `${parameter.name}.grad.unscaled`;
      return { parameter, gradient: builder.apply("mul", ins, {}, { name })[0]! };
    });
  };
  return builder.within("lossScale", body, { absolute: true, at });
}
