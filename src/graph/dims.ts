/** @file Dims while a graph is built: numbers, or names that `compile` binds. A name equals itself and nothing else. */
import { ShapeError } from "../ir/errors.ts";
import type { Dim, Shape, TensorType } from "../ir/graph.ts";

export const showShape = (shape: Shape): string => `[${shape.join(",")}]`;

/**
 * NumPy's rule, from the right: equal dims, or one of them 1 or missing. Throws ShapeError SL1010.
 *
 * @example
 * broadcastShapes([["batch", 10], [10]]); // ["batch", 10]
 */
export function broadcastShapes(shapes: readonly Shape[]): Dim[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) => {
    const dims = shapes.map((s) => s[i - rank + s.length] ?? 1).filter((dim) => dim !== 1);
    const [first = 1] = dims;
    const other = dims.find((dim) => dim !== first);
    if (other === undefined) return first;
    throw new ShapeError("SL1010", `shapes do not broadcast: dim ${i} is ${first} and ${other}`, {
      choices: [String(first), "1"],
      hint: "aligned from the right, dims must be equal, or one of them 1 or missing",
    });
  });
}

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);

/** Throws ShapeError SL1011 unless `dim` is one of the tensor's. */
export function checkDim(type: TensorType, dim: number): void {
  if (Number.isInteger(dim) && dim >= 0 && dim < type.shape.length) return;
  const rank = type.shape.length;
  throw new ShapeError("SL1011", `there is no dim ${dim}, the tensor has ${rank === 1 ? "1 dim" : `${rank} dims`}`, {
    choices: [...type.shape.keys()].map(String),
    hint: rank === 0 ? "take a tensor with dims" : "dims count from 0",
  });
}

/** Dims in rising order, cut where they do not lie side by side. */
export function adjoining(dims: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const dim of dims) {
    const last = runs.at(-1);
    if (last && last.at(-1) === dim - 1) last.push(dim);
    else runs.push([dim]);
  }
  return runs;
}

/** Elements of a shape of numbers. */
export const count = (shape: readonly number[]): number => shape.reduce((n, dim) => n * dim, 1);

/** 0, 1, … n−1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
