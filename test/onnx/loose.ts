/**
 * @file Tensors whose shapes and dtypes are known only when a test has been read: the public methods without their
 * types. Everything that the ops' table says goes through here.
 */
import { concat as typedConcat, where as typedWhere } from "sluice";
import { type Tensor, emit as typedEmit } from "../../src/graph/tensor.ts";
import type { DType } from "../../src/ir/dtype.ts";
import type { Attrs } from "../../src/ir/graph.ts";

type Unary =
  | ("neg" | "exp" | "log" | "sqrt" | "relu" | "abs" | "square" | "tanh" | "sigmoid" | "sign" | "reciprocal")
  | ("floor" | "ceil" | "round" | "sin" | "cos" | "erf" | "logicalNot" | "transpose");
type Arithmetic = "add" | "sub" | "mul" | "div";
type Comparison = "equal" | "notEqual" | "less" | "lessEqual" | "greater" | "greaterEqual";
type Pair = "maximum" | "minimum" | "logicalAnd" | "logicalOr" | "matmul";
type AlongDim = "softmax" | "logSoftmax" | "cumsum" | "argmax" | "argmin" | "sum" | "mean" | "max" | "min";

type Methods = { readonly [K in Unary]: () => Loose } & {
  readonly [K in Arithmetic | Comparison]: (other: Loose | number) => Loose;
} & { readonly [K in Pair]: (other: Loose) => Loose } & { readonly [K in AlongDim]: (dim: number) => Loose };

export interface Loose extends Methods {
  readonly id: number;
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  clamp(low: number, high: number): Loose;
  pow(exponent: number): Loose;
  cast(dtype: DType): Loose;
  reshape(shape: readonly number[]): Loose;
  squeeze(dim: number): Loose;
  unsqueeze(dim: number): Loose;
  permute(dims: readonly number[]): Loose;
  slice(dim: number, start: number, stop?: number): Loose;
  pad(dim: number, before: number, after: number, value?: number): Loose;
  gather(ids: Loose, dim?: number): Loose;
  scatterAdd(ids: Loose, size: number): Loose;
  takeAlong(ids: Loose, dim: number): Loose;
  oneHot(depth: number): Loose;
  topK(k: number, dim: number): { readonly values: Loose; readonly indices: Loose };
}

export const loose = (tensor: Tensor): Loose => tensor as unknown as Loose;

/** An op that has no method. */
export const emit = (kind: string, ins: readonly [Loose, ...Loose[]], attrs: Attrs = {}): Loose =>
  loose(typedEmit(kind, ins as unknown as readonly [Tensor, ...Tensor[]], attrs));

export const concat = typedConcat as unknown as (tensors: readonly Loose[], dim: number) => Loose;
export const where = typedWhere as unknown as (condition: Loose, x: Loose | number, y: Loose | number) => Loose;
