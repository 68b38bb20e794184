/** @file Checks of operand types that several ops make. */
import type { DType } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { TensorType } from "../../ir/graph.ts";
import { sameShape, showShape } from "../dims.ts";

/** Throws ShapeError SL1012 when the operand is of another dtype. */
export function checkDType(type: TensorType, dtype: DType): void {
  if (type.dtype !== dtype)
    throw new ShapeError("SL1012", `takes ${dtype}, got ${type.dtype}`, { hint: `convert it with .cast("${dtype}")` });
}

/** Throws ShapeError SL1013 when shapes are not equal. */
export function checkSame(a: TensorType, b: TensorType): void {
  if (!sameShape(a.shape, b.shape))
    throw new ShapeError("SL1013", `shapes differ: ${showShape(a.shape)} and ${showShape(b.shape)}`);
}

/** Float operands of one shape; one output like them. */
export function floats(ins: readonly TensorType[]): TensorType[] {
  const first = ins[0]!;
  for (const type of ins) {
    checkDType(type, "float32");
    checkSame(first, type);
  }
  return [{ shape: first.shape, dtype: "float32" }];
}
