/** @file Losses: functions, not modules, since they have no parameters. */
import { checkTensors } from "../operand.ts";
import { asIds, emit, type Tensor } from "../tensor.ts";
import type { Id } from "../types/arrays.ts";
import type { Float } from "../types/dtype.ts";
import type { Dim, Drop, SameFits, SameShape, Shape, ShapeError, Show } from "../types/shape.ts";

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
export function softmaxCrossEntropy<S extends Shape, D extends Float, L extends Shape>(
  logits: Tensor<S, D>,
  labels: Tensor<L, Id> & LabelsFit<S, L>,
): Tensor<Drop<S, [Dim]>, D> {
  const [x, ids] = [logits, labels] as unknown as readonly [Tensor, Tensor];
  checkTensors("nn.softmaxCrossEntropy", [x, ids]);
  return emit("softmaxCrossEntropy", [x, asIds(ids)]) as never;
}

/**
 * Logits `[..., classes]` and a distribution over the classes for each row, of the same shape, give a loss for each row:
 * −Σ targets · log softmax(logits).
 *
 * @example
 * const loss = nn.denseCrossEntropy(student(image), teacher(image).softmax(1)).mean();
 */
export function denseCrossEntropy<S extends Shape, D extends Float, S2 extends Shape>(
  logits: Tensor<S, D>,
  targets: Tensor<S2, NoInfer<D>> & SameFits<"denseCrossEntropy", S, S2>,
): Tensor<Drop<S, [Dim]>, D> {
  const [x, target] = [logits, targets] as unknown as readonly [Tensor, Tensor];
  checkTensors("nn.denseCrossEntropy", [x, target]);
  const dim = x.shape.length - 1;
  const losses = emit("mul", [target, emit("logSoftmax", [x], { dim })]);
  return emit("neg", [emit("sum", [losses], { dims: [dim], keep: false })]) as never;
}
