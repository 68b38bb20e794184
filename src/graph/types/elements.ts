/**
 * @file Methods of tensors that work element by element, as types. In those of two tensors equal shapes take the first
 * overload, which has no conditional type: it is cheap and works in functions that are generic over dims. The second
 * broadcasts and carries the message.
 */
import type { Tensor } from "../tensor.ts";
import type { Float, Num, Promote, Quotient } from "./dtype.ts";
import type { Broadcast, BroadcastFits, DimOf, DType, Shape } from "./shape.ts";

/** Element-wise, with NumPy's broadcasting, or with a number. Of two dtypes the one that holds both comes out. */
interface Arithmetic<Op extends string> {
  <S extends Shape, D extends Num>(this: Tensor<S, D>, other: Tensor<NoInfer<S>, NoInfer<D>> | number): Tensor<S, D>;
  <S extends Shape, D extends Num, S2 extends Shape, D2 extends DType>(
    this: Tensor<S, D>,
    other: Tensor<S2, D2> & BroadcastFits<Op, S, S2>,
  ): Tensor<Broadcast<S, S2>, Promote<D, D2>>;
}
interface Division {
  <S extends Shape, D extends Num>(
    this: Tensor<S, D>,
    other: Tensor<NoInfer<S>, NoInfer<D>> | number,
  ): Tensor<S, Quotient<D>>;
  <S extends Shape, D extends Num, S2 extends Shape, D2 extends Num>(
    this: Tensor<S, D>,
    other: Tensor<S2, D2> & BroadcastFits<"div", S, S2>,
  ): Tensor<Broadcast<S, S2>, Promote<Quotient<D>, Quotient<D2>>>;
}
interface Comparison<Op extends string, Takes extends DType = Num> {
  <S extends Shape, D extends Takes>(
    this: Tensor<S, D>,
    other: Tensor<NoInfer<S>, NoInfer<D>> | number,
  ): Tensor<S, "bool">;
  <S extends Shape, D extends Takes, S2 extends Shape>(
    this: Tensor<S, D>,
    other: Tensor<S2, Takes> & BroadcastFits<Op, S, S2>,
  ): Tensor<Broadcast<S, S2>, "bool">;
}
interface Logic<Op extends string> {
  <S extends Shape>(this: Tensor<S, "bool">, other: Tensor<NoInfer<S>, "bool">): Tensor<S, "bool">;
  <S extends Shape, S2 extends Shape>(
    this: Tensor<S, "bool">,
    other: Tensor<S2, "bool"> & BroadcastFits<Op, S, S2>,
  ): Tensor<Broadcast<S, S2>, "bool">;
}
/** A function of each element. */
type Map<Takes extends DType> = <S extends Shape, D extends Takes>(this: Tensor<S, D>) => Tensor<S, D>;

export interface ElementMethods {
  readonly add: Arithmetic<"add">;
  readonly sub: Arithmetic<"sub">;
  readonly mul: Arithmetic<"mul">;
  /** The quotient, which of whole numbers is float32. By a number: multiplied by its reciprocal, but in float64. */
  readonly div: Division;
  /** The larger of two elements. Equals share the gradient, half each. */
  readonly maximum: Arithmetic<"maximum">;
  /** The smaller of two elements. Equals share the gradient, half each. */
  readonly minimum: Arithmetic<"minimum">;

  readonly neg: Map<Num>;
  readonly exp: Map<Float>;
  /** Natural logarithm. */
  readonly log: Map<Float>;
  readonly sqrt: Map<Float>;
  readonly relu: Map<Num>;
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

  readonly abs: Map<Num>;
  readonly square: Map<Num>;
  readonly tanh: Map<Float>;
  /** 1 / (1 + e^−x) */
  readonly sigmoid: Map<Float>;
  /** x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))) */
  readonly gelu: Map<Float>;
  /** −1, 0 or 1. Nothing is learnt through it. */
  readonly sign: Map<Num>;
  /** 1 / x */
  readonly reciprocal: Map<Float>;
  /** The largest whole number that is not above it. Nothing is learnt through it. */
  readonly floor: Map<Float>;
  /** The smallest whole number that is not below it. Nothing is learnt through it. */
  readonly ceil: Map<Float>;
  /** The nearest whole number, from the middle the even one. Nothing is learnt through it. */
  readonly round: Map<Float>;
  readonly sin: Map<Float>;
  readonly cos: Map<Float>;
  /** The error function, 2/√π · ∫₀ˣ e^(−t²) dt. */
  readonly erf: Map<Float>;
  /** To a fixed power. Negative elements have whole powers only, others are NaN. */
  pow<S extends Shape, D extends Float>(this: Tensor<S, D>, exponent: number): Tensor<S, D>;
  /** Held within bounds, which may be infinite. The gradient passes within them and on them. */
  clamp<S extends Shape, D extends Num>(this: Tensor<S, D>, low: number, high: number): Tensor<S, D>;
  /** Running sums along a dim. */
  cumsum<S extends Shape, D extends Num>(this: Tensor<S, D>, dim: DimOf<S>): Tensor<S, D>;
  /** The same values, through which nothing is learnt. */
  stopGradient<S extends Shape, D extends DType>(this: Tensor<S, D>): Tensor<S, D>;
}
