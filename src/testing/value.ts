/** @file Whole tensors in the oracle: numbers in double precision, whatever the dtype, drawn in a fixed order. */
import { type DType, isFloat, isInteger } from "../ir/dtype.ts";

/** The type of a tensor whose dims are numbers. */
export interface Type {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export interface Value extends Type {
  readonly data: Float64Array;
}

/** Elements of a shape. */
export const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Numbers in [0, 1), the same for the same seed: a linear congruential generator with the constants of Numerical Recipes. */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Range {
  readonly from: number;
  readonly to: number;
  /** Whole numbers for floats too, so that some are equal and some are 0. */
  readonly whole?: boolean;
}

/** Values of some types: numbers of the range, whole ones for integers, and 0 or 1 for bool. */
export function draw(types: readonly Type[], { from, to, whole = false }: Range, random: () => number): Value[] {
  const number = () => from + random() * (to - from);
  const one = (dtype: DType) => {
    if (dtype === "bool") return Number(random() < 0.5);
    return whole || isInteger(dtype) ? Math.round(number()) : number();
  };
  return types.map(({ shape, dtype }) => ({
    shape,
    dtype,
    data: Float64Array.from({ length: count(shape) }, () => one(dtype)),
  }));
}

/** An element at which two tensors, or two copies of one, differ. */
export interface Difference {
  /** Of floats relative to the largest element, so that a rule is as false of small numbers; else 0 or infinite. */
  readonly error: number;
  /** Flat index. */
  readonly at: number;
  readonly got: number;
  readonly wanted: number;
}

/** What differences of this tensor are relative to: its largest number, or 1 where all are 0. */
function scaleOf({ dtype, data }: Value): number {
  if (!isFloat(dtype)) return 0;
  const largest = data.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  return largest || 1;
}

/** The difference of two numbers beside a scale; infinite where only one of them is a number. */
export function difference(a: number, b: number, scale: number): number {
  const d = a === b ? 0 : Math.abs(a - b) / scale;
  return Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
}

/** The element where two values differ most. */
export function farthest(got: Value, wanted: Value): Difference {
  let worst: Difference = { error: 0, at: 0, got: 0, wanted: 0 };
  const scale = scaleOf(wanted);
  got.data.forEach((x, at) => {
    const error = difference(x, wanted.data[at]!, scale);
    if (error > worst.error) worst = { error, at, got: x, wanted: wanted.data[at]! };
  });
  return worst;
}

/** The largest difference between two values. */
export const between = (a: Value, b: Value): number => farthest(a, b).error;
