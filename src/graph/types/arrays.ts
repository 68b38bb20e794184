/** @file Methods of tensors that work on whole dims, as types: shapes, ids, products, reductions, moves. */
import type { Layout } from "../layout.ts";
import type { Placement } from "../placement.ts";
import type { Tensor } from "../tensor.ts";
import type { Float, Num } from "./dtype.ts";
import type {
  Behind,
  Dim,
  DimOf,
  DType,
  Insert,
  MatMul,
  MatMulFits,
  Permuted,
  Reduced,
  Shape,
  Splice,
  Transposed,
} from "./shape.ts";

/** Dtypes of ids. */
export type Id = "int32" | "int64";

export interface ArrayMethods {
  /** The same elements in the same order under another shape. Names of dims must stay. */
  reshape<S extends Shape, D extends DType, const T extends Shape>(
    this: Tensor<S, D>,
    shape: readonly [...T],
  ): Tensor<T, D>;
  /** Without a dim, which has extent 1. */
  squeeze<S extends Shape, D extends DType, I extends DimOf<S>>(
    this: Tensor<S, D>,
    dim: I,
  ): Tensor<Splice<S, I, []>, D>;
  /** With a new dim of extent 1 before dim `dim`, or at the end. */
  unsqueeze<S extends Shape, D extends DType, I extends DimOf<[...S, 1]>>(
    this: Tensor<S, D>,
    dim: I,
  ): Tensor<Insert<S, I, 1>, D>;
  /** The last two dims swapped. */
  transpose<S extends Shape, D extends DType>(this: Tensor<S, D>): Tensor<Transposed<S>, D>;
  /** Dim i of the result is dim `dims[i]`. */
  permute<S extends Shape, D extends DType, const P extends readonly DimOf<S>[]>(
    this: Tensor<S, D>,
    dims: P,
  ): Tensor<Permuted<S, P>, D>;
  /** Elements [start, stop) of a dim; to its end without `stop`. */
  slice<S extends Shape, D extends DType, I extends DimOf<S>, const Start extends number, Stop extends number = number>(
    this: Tensor<S, D>,
    dim: I,
    start: Start,
    stop?: Stop,
  ): Tensor<Splice<S, I, [[Start] extends [0] ? Stop : number]>, D>;
  /** `value`, 0 unless given, before and after a dim. */
  pad<S extends Shape, D extends Num, I extends DimOf<S>>(
    this: Tensor<S, D>,
    dim: I,
    before: number,
    after: number,
    value?: number,
  ): Tensor<Splice<S, I, [number]>, D>;

  /** Rows by id: the ids' shape in the place of dim `dim`, the first unless given. An id that is no row reads zeros. */
  gather<S extends Shape, D extends DType, Ids extends Shape, I extends DimOf<S> = 0 & DimOf<S>>(
    this: Tensor<S, D>,
    ids: Tensor<Ids, Id>,
    dim?: I,
  ): Tensor<Splice<S, I, Ids>, D>;
  /** Rows `[...ids, ...row]` added up to `[size, ...row]` where their ids say; an id that is no row is left out. */
  scatterAdd<S extends Shape, D extends Num, Ids extends Shape, N extends Dim>(
    this: Tensor<S, D>,
    ids: Tensor<Ids, Id>,
    size: N,
  ): Tensor<[N, ...Behind<S, Ids>], D>;
  /** An id for each element: the ids have this tensor's other dims. An id that is not there reads 0. */
  takeAlong<S extends Shape, D extends DType, Ids extends Shape>(
    this: Tensor<S, D>,
    ids: Tensor<Ids, Id>,
    dim: DimOf<S>,
  ): Tensor<Ids, D>;
  /** 1 where the id stands in a new last dim, else 0. */
  oneHot<S extends Shape, N extends number>(this: Tensor<S, Id>, depth: N): Tensor<[...S, N], "float32">;
  /** The k largest elements along a dim, in falling order, and their indices; of equals the first comes first. */
  topK<S extends Shape, D extends Num, K extends number, I extends DimOf<S>>(
    this: Tensor<S, D>,
    k: K,
    dim: I,
  ): {
    readonly values: Tensor<Splice<S, I, [K]>, D>;
    readonly indices: Tensor<Splice<S, I, [K]>, "int32">;
  };
  /** Index of the smallest element along a dim, the first of equals. */
  argmin<S extends Shape, I extends DimOf<S>>(this: Tensor<S, Num>, dim: I): Tensor<Reduced<S, I>, "int32">;

  /** `[..., M, K] x [..., K, N]`, leading dims broadcast. */
  matmul<S extends Shape, D extends Float, S2 extends Shape>(
    this: Tensor<S, D>,
    other: Tensor<S2, NoInfer<D>> & MatMulFits<S, S2>,
  ): Tensor<MatMul<S, S2>, D>;

  /** Over one dim, or over all. */
  sum<S extends Shape, D extends Num, I extends DimOf<S> = never>(
    this: Tensor<S, D>,
    dim?: I,
  ): Tensor<Reduced<S, I>, D>;
  /** Over one dim, or over all: the sum over the count of the whole tensor. */
  mean<S extends Shape, D extends Float, I extends DimOf<S> = never>(
    this: Tensor<S, D>,
    dim?: I,
  ): Tensor<Reduced<S, I>, D>;
  /** Over one dim, or over all. Equals share the gradient in equal parts. */
  max<S extends Shape, D extends Num, I extends DimOf<S> = never>(
    this: Tensor<S, D>,
    dim?: I,
  ): Tensor<Reduced<S, I>, D>;
  /** Over one dim, or over all. Equals share the gradient in equal parts. */
  min<S extends Shape, D extends Num, I extends DimOf<S> = never>(
    this: Tensor<S, D>,
    dim?: I,
  ): Tensor<Reduced<S, I>, D>;
  /** Index of the largest element along a dim, the first of equals. */
  argmax<S extends Shape, I extends DimOf<S>>(this: Tensor<S, Num>, dim: I): Tensor<Reduced<S, I>, "int32">;

  /** `e^x / Σ e^x` along a dim. */
  softmax<S extends Shape, D extends Float, I extends DimOf<S>>(this: Tensor<S, D>, dim: I): Tensor<S, D>;
  /** Logarithm of the softmax along a dim. */
  logSoftmax<S extends Shape, D extends Float, I extends DimOf<S>>(this: Tensor<S, D>, dim: I): Tensor<S, D>;

  /** Moves the tensor: other ranks, another layout, or both. Without a layout the compiler chooses it. */
  to<S extends Shape, D extends DType, Axes extends string>(
    this: Tensor<S, D>,
    placement: Placement<Axes>,
    layout?: Layout<Axes, S>,
  ): Tensor<S, D>;
}
