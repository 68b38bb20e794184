/**
 * @file Methods of tensors that work element by element, as types. In those of two tensors equal shapes take the first
 * overload, which has no conditional type: it is cheap and works in functions that are generic over dims. The second
 * broadcasts and carries the message.
 */
import type { Tensor } from "../tensor.ts";
import type { Broadcast, BroadcastFits, DimOf, DType, Shape } from "./shape.ts";

/** Dtypes of numbers. */
export type Num = "float32" | "int32";

/** Element-wise, with NumPy's broadcasting, or with a number. */
interface Comparison<Op extends string, Takes extends DType = Num> {
  <S extends Shape, D extends Takes>(
    this: Tensor<S, D>,
    other: Tensor<NoInfer<S>, NoInfer<D>> | number,
  ): Tensor<S, "bool">;
  <S extends Shape, D extends Takes, S2 extends Shape>(
    this: Tensor<S, D>,
    other: Tensor<S2, NoInfer<D>> & BroadcastFits<Op, S, S2>,
  ): Tensor<Broadcast<S, S2>, "bool">;
}
interface Logic<Op extends string> {
  <S extends Shape>(this: Tensor<S, "bool">, other: Tensor<NoInfer<S>, "bool">): Tensor<S, "bool">;
  <S extends Shape, S2 extends Shape>(
    this: Tensor<S, "bool">,
    other: Tensor<S2, "bool"> & BroadcastFits<Op, S, S2>,
  ): Tensor<Broadcast<S, S2>, "bool">;
}

export interface ElementMethods {
  /** Element-wise, with NumPy's broadcasting; or with a number. */
  add<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32"> | number): Tensor<S, "float32">;
  add<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"add", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  sub<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32"> | number): Tensor<S, "float32">;
  sub<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"sub", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  mul<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32"> | number): Tensor<S, "float32">;
  mul<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"mul", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  /** By a number: multiplied by its reciprocal. */
  div<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32"> | number): Tensor<S, "float32">;
  div<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"div", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  /** The larger of two elements. Equals share the gradient, half each. */
  maximum<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32">): Tensor<S, "float32">;
  maximum<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"maximum", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  /** The smaller of two elements. Equals share the gradient, half each. */
  minimum<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32">): Tensor<S, "float32">;
  minimum<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"minimum", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;

  neg<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  exp<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** Natural logarithm. */
  log<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  sqrt<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  relu<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** To another dtype. Floats go to integers towards zero; to bool, as "not zero". */
  cast<S extends Shape, D extends DType>(this: Tensor<S>, dtype: D): Tensor<S, D>;
  readonly equal: Comparison<"equal", DType>;
  readonly notEqual: Comparison<"notEqual", DType>;
  readonly less: Comparison<"less">;
  readonly lessEqual: Comparison<"lessEqual">;
  readonly greater: Comparison<"greater">;
  readonly greaterEqual: Comparison<"greaterEqual">;
  readonly logicalAnd: Logic<"logicalAnd">;
  readonly logicalOr: Logic<"logicalOr">;
  logicalNot<S extends Shape>(this: Tensor<S, "bool">): Tensor<S, "bool">;

  abs<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  square<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  tanh<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** 1 / (1 + e^−x) */
  sigmoid<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))) */
  gelu<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** −1, 0 or 1. Nothing is learnt through it. */
  sign<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** 1 / x */
  reciprocal<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** To a fixed power. Negative elements have whole powers only, others are NaN. */
  pow<S extends Shape>(this: Tensor<S, "float32">, exponent: number): Tensor<S, "float32">;
  /** Held within bounds, which may be infinite. The gradient passes within them and on them. */
  clamp<S extends Shape>(this: Tensor<S, "float32">, low: number, high: number): Tensor<S, "float32">;
  /** Running sums along a dim. */
  cumsum<S extends Shape>(this: Tensor<S, "float32">, dim: DimOf<S>): Tensor<S, "float32">;
  /** The same values, through which nothing is learnt. */
  stopGradient<S extends Shape, D extends DType>(this: Tensor<S, D>): Tensor<S, D>;
}
