/**
 * @file A tensor of the logical graph, as users hold it: a value of a graph under construction, with methods that add
 * ops. The types carry shape and dtype; the class behind them is the same for all.
 *
 * The methods take the shape from `this`, so that `Tensor` itself stays a plain covariant record: comparing two tensor
 * types compares their shapes and never looks into the methods. In element-wise ops equal shapes take the first
 * overload, which has no conditional type: it is cheap and works in functions that are generic over dims. The second
 * broadcasts and carries the message.
 */
import type { Attrs } from "../ir/graph.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Builder } from "./builder.ts";
import { range } from "./dims.ts";
import { type Layout, ordered, type UserLayout } from "./layout.ts";
import type { Placement } from "./placement.ts";
import type {
  Broadcast,
  BroadcastFits,
  DimOf,
  DType,
  MatMul,
  MatMulFits,
  Reduced,
  SameFits,
  Shape,
} from "./types/shape.ts";

interface TensorMethods {
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
  /** The larger of two elements. Has no gradient yet. */
  maximum<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32">): Tensor<S, "float32">;
  maximum<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"maximum", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  /** The smaller of two elements. Has no gradient yet. */
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
  /** Element-wise: are the integers equal? */
  equal<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "int32">,
    other: Tensor<S2, "int32"> & SameFits<"equal", S, S2>,
  ): Tensor<S, "bool">;

  /** `[..., M, K] x [..., K, N]`, leading dims broadcast. */
  matmul<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & MatMulFits<S, S2>,
  ): Tensor<MatMul<S, S2>, "float32">;

  /** Over one dim, or over all. */
  sum<S extends Shape, I extends DimOf<S> = never>(
    this: Tensor<S, "float32">,
    dim?: I,
  ): Tensor<Reduced<S, I>, "float32">;
  /** Over one dim, or over all: the sum over the count of the whole tensor. */
  mean<S extends Shape, I extends DimOf<S> = never>(
    this: Tensor<S, "float32">,
    dim?: I,
  ): Tensor<Reduced<S, I>, "float32">;
  /** Over one dim, or over all. Has no gradient yet. */
  max<S extends Shape, I extends DimOf<S> = never>(
    this: Tensor<S, "float32">,
    dim?: I,
  ): Tensor<Reduced<S, I>, "float32">;
  /** Over one dim, or over all. Has no gradient yet. */
  min<S extends Shape, I extends DimOf<S> = never>(
    this: Tensor<S, "float32">,
    dim?: I,
  ): Tensor<Reduced<S, I>, "float32">;
  /** Index of the largest element along a dim, the first of equals. */
  argmax<S extends Shape, I extends DimOf<S>>(this: Tensor<S, "float32">, dim: I): Tensor<Reduced<S, I>, "int32">;

  /** `e^x / Σ e^x` along a dim. */
  softmax<S extends Shape, I extends DimOf<S>>(this: Tensor<S, "float32">, dim: I): Tensor<S, "float32">;
  /** Logarithm of the softmax along a dim. */
  logSoftmax<S extends Shape, I extends DimOf<S>>(this: Tensor<S, "float32">, dim: I): Tensor<S, "float32">;

  /** Moves the tensor: other ranks, another layout, or both. Without a layout the compiler chooses it. */
  to<S extends Shape, D extends DType, Axes extends string>(
    this: Tensor<S, D>,
    placement: Placement<Axes>,
    layout?: Layout<Axes, S>,
  ): Tensor<S, D>;
}

/** A tensor of the logical graph: what it is, nothing about where its bytes lie. */
export interface Tensor<out S extends Shape = Shape, out D extends DType = DType> extends TensorMethods {
  readonly shape: S;
  readonly dtype: D;
  /** By structure: `fc1.matmul`. */
  readonly name: string;
  readonly placement: PlacementData;
  /** Id of the value in the logical graph. */
  readonly id: number;
  /** The graph that it belongs to. */
  readonly builder: Builder;
}

/** Adds an op with one output. The placement is that of the inputs. */
export const emit = (kind: string, ins: readonly [Tensor, ...Tensor[]], attrs: Attrs = {}): Tensor =>
  ins[0].builder.apply(kind, ins, attrs)[0]!;

const arithmetic = (kind: string, scalar: (x: number) => Attrs) =>
  function (this: Tensor, other: Tensor | number): Tensor {
    return typeof other === "number" ? emit("affine", [this], scalar(other)) : emit(kind, [this, other]);
  };
const pair = (kind: string) =>
  function (this: Tensor, other: Tensor): Tensor {
    return emit(kind, [this, other]);
  };
const unary = (kind: string) =>
  function (this: Tensor): Tensor {
    return emit(kind, [this]);
  };
const reduction = (kind: string) =>
  function (this: Tensor, dim?: number): Tensor {
    return emit(kind, [this], { dims: dim === undefined ? range(this.shape.length) : [dim], keep: false });
  };
const alongDim = (kind: string) =>
  function (this: Tensor, dim: number): Tensor {
    return emit(kind, [this], { dim });
  };

/** What every tensor can do at run time; the types say which of it fits. */
const methods = {
  add: arithmetic("add", (c) => ({ mul: 1, add: c })),
  sub: arithmetic("sub", (c) => ({ mul: 1, add: -c })),
  mul: arithmetic("mul", (c) => ({ mul: c, add: 0 })),
  div: arithmetic("div", (c) => ({ mul: 1 / c, add: 0 })),
  maximum: pair("maximum"),
  minimum: pair("minimum"),
  equal: pair("equal"),
  matmul(this: Tensor, other: Tensor): Tensor {
    return emit("matmul", [this, other], { transposeA: false, transposeB: false });
  },
  neg: unary("neg"),
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  relu: unary("relu"),
  cast(this: Tensor, dtype: DType): Tensor {
    return emit("cast", [this], { dtype });
  },
  sum: reduction("sum"),
  mean: reduction("mean"),
  max: reduction("max"),
  min: reduction("min"),
  argmax(this: Tensor, dim: number): Tensor {
    return emit("argmax", [this], { dim });
  },
  softmax: alongDim("softmax"),
  logSoftmax: alongDim("logSoftmax"),
  to(this: Tensor, placement: Placement, layout?: Layout): Tensor {
    const attrs = { layout: layout ? ordered(placement.data, layout as UserLayout) : null };
    return this.builder.apply("to", [this], attrs, { placement: placement.data })[0]!;
  },
} satisfies Record<keyof TensorMethods, unknown>;

/** Only for the builder, which alone makes values. */
export function makeTensor(fields: Omit<Tensor, keyof TensorMethods>): Tensor {
  return Object.freeze(Object.assign(Object.create(methods), fields)) as Tensor;
}
