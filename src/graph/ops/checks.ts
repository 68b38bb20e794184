/** @file Checks of operand types that several ops make. */
import { boundsOf, type DType, floatTypes, isFloat, numberTypes } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { TensorType } from "../../ir/graph.ts";
import { sameShape, showShape } from "../dims.ts";

/** Throws ShapeError SL1012 when the operand is of none of these dtypes. */
export function checkOneOf(type: TensorType, dtypes: readonly DType[]): void {
  if (dtypes.includes(type.dtype)) return;
  throw new ShapeError("SL1012", `takes ${listed(dtypes)}, got ${type.dtype}`, {
    hint: `convert it with .cast("${dtypes.includes("float32") ? "float32" : dtypes[0]}")`,
  });
}

const listed = (dtypes: readonly DType[]): string =>
  dtypes === floatTypes ? "floats" : dtypes === numberTypes ? "numbers" : dtypes.join(" or ");

/** Throws ShapeError SL1012 when the operand is of another dtype. */
export const checkDType = (type: TensorType, dtype: DType): void => checkOneOf(type, [dtype]);

/** Throws ShapeError SL1012 unless all operands are of the first one's dtype. */
export function checkAlike(ins: readonly TensorType[]): void {
  const { dtype } = ins[0]!;
  const other = ins.find((type) => type.dtype !== dtype);
  if (other)
    throw new ShapeError("SL1012", `takes operands of one dtype, got ${dtype} and ${other.dtype}`, {
      hint: "convert one of them with .cast(…)",
    });
}

/** Throws ShapeError SL1012 unless all operands are floats of one dtype, which is returned. */
export function checkFloats(ins: readonly TensorType[]): DType {
  for (const type of ins) checkOneOf(type, floatTypes);
  checkAlike(ins);
  return ins[0]!.dtype;
}

/** Throws ShapeError SL1012 unless all operands are numbers of one dtype, which is returned. */
export function checkNumbers(ins: readonly TensorType[]): DType {
  for (const type of ins) checkOneOf(type, numberTypes);
  checkAlike(ins);
  return ins[0]!.dtype;
}

/** Throws ShapeError SL1013 when shapes are not equal. */
export function checkSame(a: TensorType, b: TensorType): void {
  if (!sameShape(a.shape, b.shape))
    throw new ShapeError("SL1013", `shapes differ: ${showShape(a.shape)} and ${showShape(b.shape)}`, {
      hint: "give both one shape",
    });
}

const oneLike = (ins: readonly TensorType[], dtype: DType): TensorType[] => {
  for (const type of ins) checkSame(ins[0]!, type);
  return [{ shape: ins[0]!.shape, dtype }];
};

/** Operands of one shape and one float dtype; one output like them. */
export const floats = (ins: readonly TensorType[]): TensorType[] => oneLike(ins, checkFloats(ins));

/** Operands of one shape and one dtype of numbers; one output like them. */
export const numbers = (ins: readonly TensorType[]): TensorType[] => oneLike(ins, checkNumbers(ins));

/** Throws ShapeError SL1009 for NaN, SL1091 when a number cannot be an operand beside integers. */
export function checkScalar({ dtype }: TensorType, value: number): void {
  if (Number.isNaN(value))
    throw new ShapeError("SL1009", "takes a number, got NaN", {
      hint: "give a number; NaN comes of a setting that is missing",
    });
  if (isFloat(dtype)) return;
  const [least, most] = boundsOf(dtype);
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const why =
    Number.isInteger(value) && dtype === "int64" ? "lies beyond ±2⁵³, where numbers have gaps" : `is no ${dtype}`;
  throw new ShapeError("SL1091", `${value} ${why}`, {
    hint: 'give a whole number, or convert the tensor with .cast("float32")',
  });
}
