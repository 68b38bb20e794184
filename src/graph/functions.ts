/** @file Functions of several tensors, none of which is the first in its own right. */
import { checkDim } from "./dims.ts";
import { checkTensorList, checkTensors } from "./operand.ts";
import { checkAlike, checkSame } from "./ops/checks.ts";
import { constantLike, emit, promoted, type Tensor } from "./tensor.ts";
import type { Num, Promote } from "./types/dtype.ts";
import type { Broadcast, BroadcastFits, DimOf, DType, Insert, Shape, Splice } from "./types/shape.ts";

/**
 * x where the condition is true, else y, with NumPy's broadcasting over all three; x or y may be a number.
 *
 * @example
 * const masked = where(mask, scores, -1e9);
 */
export function where<S extends Shape, D extends Num = "float32">(
  condition: Tensor<S, "bool">,
  x: Tensor<NoInfer<S>, D> | number,
  y: Tensor<NoInfer<S>, D> | number,
): Tensor<S, D>;
export function where<C extends Shape, X extends Shape, D extends DType, Y extends Shape, D2 extends DType>(
  condition: Tensor<C, "bool">,
  x: Tensor<X, D> & BroadcastFits<"where", C, X>,
  y: Tensor<Y, D2> & BroadcastFits<"where", Broadcast<C, X>, Y>,
): Tensor<Broadcast<Broadcast<C, X>, Y>, Promote<D, D2>>;
export function where(condition: Tensor, x: Tensor | number, y: Tensor | number): Tensor {
  checkTensors("where", [condition]);
  checkTensors("where", [condition, x, y], true);
  const { dtype } = [x, y].find((side) => typeof side !== "number") ?? { dtype: "float32" };
  const [a, b] = [x, y].map((side) =>
    typeof side === "number" ? constantLike(condition, side, dtype, "where") : side,
  );
  return emit("where", [condition, ...promoted(a!, b!)]);
}

type SomeTensors<S extends Shape, D extends DType> = readonly [Tensor<S, D>, ...Tensor<Shape, NoInfer<D>>[]];

/**
 * Tensors one after the other along a dim; their other dims are equal. A dim with a name cannot be added up. Throws
 * ShapeError SL1085, SL1086.
 *
 * @example
 * const features = concat([image, text], 1); // [batch, 512] and [batch, 256] give [batch, 768]
 */
export const concat = <S extends Shape, D extends DType, I extends DimOf<S>>(
  tensors: SomeTensors<S, D>,
  dim: I,
): Tensor<Splice<S, I, [number]>, D> =>
  emit("concat", some("concat", tensors as readonly unknown[] as readonly Tensor[]), { dim }) as never;

/** Tensors of one shape side by side in a new dim before dim `dim`, or at the end. Throws ShapeError SL1013. */
export function stack<S extends Shape, D extends DType, I extends DimOf<[...S, 1]>, Rest extends readonly unknown[]>(
  tensors: readonly [Tensor<S, D>, ...{ [K in keyof Rest]: Tensor<NoInfer<S>, NoInfer<D>> }],
  dim: I,
): Tensor<Insert<S, I, number>, D> {
  const all = some("stack", tensors as readonly unknown[] as readonly Tensor[]);
  const [first] = all;
  first.builder.check("stack", all, () => {
    checkDim({ ...first, shape: [...first.shape, 1] }, dim);
    checkAlike(all);
    for (const x of all) checkSame(first, x);
  });
  const rows = all.map((x) => emit("reshape", [x], { shape: x.shape.toSpliced(dim, 0, 1) }));
  return emit("concat", some("stack", rows), { dim }) as never;
}

function some(kind: string, tensors: readonly Tensor[]): readonly [Tensor, ...Tensor[]] {
  checkTensorList(kind, tensors);
  return tensors as readonly [Tensor, ...Tensor[]];
}
