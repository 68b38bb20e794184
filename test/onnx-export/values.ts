/** @file Numbers to feed: the same ones each time. */
import { array, type NdArray } from "sluice";
import { random, streamOf } from "../../src/ir/philox.ts";

const words = (name: string, n: number) => {
  const next = random(0, streamOf(name));
  return Array.from({ length: n }, () => next() / 2 ** 32);
};
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Between −2 and 2. */
export const floats = (name: string, ...shape: number[]): NdArray =>
  array(
    shape,
    "float32",
    Float32Array.from(words(name, size(shape)), (x) => 4 * x - 2),
  );

/** Whole numbers from `from` on, before `to`. */
export const ints = (name: string, from: number, to: number, ...shape: number[]): NdArray =>
  array(
    shape,
    "int32",
    Int32Array.from(words(name, size(shape)), (x) => from + Math.floor(x * (to - from))),
  );

export const truths = (name: string, ...shape: number[]): NdArray =>
  array(
    shape,
    "bool",
    Uint8Array.from(words(name, size(shape)), (x) => Math.round(x)),
  );
