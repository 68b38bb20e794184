/** @file What is at hand where an op is written as nodes of ONNX, and the type of what writes one. */
import type { DType } from "../../ir/dtype.ts";
import type { Attrs, Dim, Shape } from "../../ir/graph.ts";
import type { OnnxAttrs } from "./messages.ts";

/** An operand: what the model calls it, and what it is. */
export interface Operand {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Site {
  readonly ins: readonly Operand[];
  /** What the op's outputs are. */
  readonly outs: readonly { readonly shape: Shape; readonly dtype: DType }[];
  readonly attrs: Attrs;
  /** Appends a node of one output, and gives that. An input that is left out is "". */
  node(type: string, inputs: readonly string[], attrs?: OnnxAttrs): string;
  nodes(type: string, inputs: readonly string[], attrs: OnnxAttrs, outputs: number): readonly string[];
  scalar(dtype: DType, value: number): string;
  ints(values: readonly number[]): string;
  constant(dtype: DType, shape: readonly number[], values: readonly number[]): string;
  /** A dim's extent, as a list of one int64. */
  extent(dim: Dim): string;
  /** As a list of int64. */
  shape(shape: Shape): string;
}

/** Writes an op, and gives the names of its outputs; an operand's own name where nothing is done. */
export type Write = (site: Site) => string | readonly string[];
export type Table = Readonly<Record<string, Write>>;
