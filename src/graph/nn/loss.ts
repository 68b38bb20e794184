/** @file Losses: functions, not modules, since they have no parameters. */
import { emit, type Tensor } from "../tensor.ts";
import type { Dim, Drop, SameShape, Shape, ShapeError, Show } from "../types/shape.ts";

type LabelsFit<S extends Shape, L extends Shape> =
  SameShape<Drop<S, [Dim]>, L> extends true
    ? unknown
    : ShapeError<`softmaxCrossEntropy: logits ${Show<S>} want labels ${Show<Drop<S, [Dim]>>}, got ${Show<L>}`>;

/**
 * Logits `[..., classes]` and class ids `[...]` give a loss for each row. An id that is no class gives loss 0 and no
 * gradient, so padding can be masked with −1. Throws ShapeError SL1018.
 *
 * @example
 * const loss = nn.softmaxCrossEntropy(net(image), label).mean();
 */
export function softmaxCrossEntropy<S extends Shape, L extends Shape>(
  logits: Tensor<S, "float32">,
  labels: Tensor<L, "int32"> & LabelsFit<S, L>,
): Tensor<Drop<S, [Dim]>, "float32"> {
  return emit("softmaxCrossEntropy", [logits, labels] as unknown as readonly [Tensor, Tensor]) as never;
}
