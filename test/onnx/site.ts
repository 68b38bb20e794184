/**
 * @file What an entry of the ops' table sees of its node: inputs as tensors of our graph or, where ONNX passes as a
 * tensor what is a parameter for us (axes, shapes, k), as numbers.
 */
import type { DType } from "../../src/ir/dtype.ts";
import { type Loose, where } from "./loose.ts";
import type { OnnxNode } from "./proto.ts";
import type { OnnxTensor } from "./tensors.ts";

/** A test that we do not run; the message is the reason in the documentation. */
export class Uncovered extends Error {}

/** One output of a node: a tensor of the graph, or numbers that are known while it is built. */
export type Result = Loose | OnnxTensor;

export interface Site {
  readonly node: OnnxNode;
  /** Was this optional input given? */
  has(i: number): boolean;
  /** An input as a tensor; throws Uncovered for a dtype that we lack. */
  x(i: number): Loose;
  /** All inputs. */
  all(): Loose[];
  /** An input as numbers. */
  data(i: number): number[];
  shape(i: number): readonly number[];
  dtype(i: number): string;
  /** A tensor of numbers made while the graph is built: an input more. */
  feed(dtype: DType, shape: readonly number[], data: readonly number[]): Loose;
  /** One number everywhere. */
  fill(dtype: DType, shape: readonly number[], value: number): Loose;
  int(name: string, otherwise: number): number;
  float(name: string, otherwise: number): number;
  text(name: string, otherwise: string): string;
  ints(name: string): readonly number[] | undefined;
}

export type Entry = (site: Site) => Result | readonly Result[];
/** By the name of the op. */
export type Table = Readonly<Record<string, Entry>>;

/** A dim counted from the end where it is negative. */
export const dimOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
export const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** Ids of rows, those counted from the end made positive. */
export function ids(site: Site, i: number, extent: number): Loose {
  const given = site.x(i);
  const fromEnd = site.data(i).some((id) => id < 0);
  return (fromEnd ? where(given.less(0), given.add(extent), given) : given).cast("int32");
}
