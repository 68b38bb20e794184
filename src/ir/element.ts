/**
 * @file Elements on the host: from numbers to what typed arrays hold, and back. Only float16, bfloat16 and int64 differ:
 * 16-bit floats are bit patterns, int64 is BigInt.
 */
import { arrayType, type DType, type TypedArrays } from "./dtype.ts";

/** How a 16-bit float divides its bits behind the sign. */
const halves = { float16: { exponent: 5, mantissa: 10 }, bfloat16: { exponent: 8, mantissa: 7 } };
export type Half = keyof typeof halves;
/** 2⁶³: the first whole number that int64 does not have. */
const beyond = 2 ** 63;

/** Does a dtype have this value? Floats have any number, rounded; the others only their own. */
export function hasElement(dtype: DType, value: unknown): boolean {
  if (dtype === "bool") return value === 0 || value === 1 || typeof value === "boolean";
  if (dtype === "int64")
    return typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
  return typeof value === "number" && (dtype !== "int32" || value === (value | 0));
}

/** The element for a number: rounded to the nearest, of two the even one; int64 saturates. */
export function toElement(dtype: DType, value: number | bigint): number | bigint {
  if (typeof value === "bigint") return dtype === "int64" ? value : toElement(dtype, Number(value));
  if (dtype === "int64") return value >= beyond ? BigInt(beyond) - 1n : BigInt(Math.max(Math.trunc(value), -beyond));
  return dtype === "float16" || dtype === "bfloat16" ? halfBits(dtype, value) : value;
}

/** The number that an element stands for: of int64 the nearest one. */
export function fromElement(dtype: DType, element: number | bigint): number {
  return dtype === "float16" || dtype === "bfloat16" ? halfValue(dtype, Number(element)) : Number(element);
}

/** Numbers as a typed array of a dtype. */
export function toElements<D extends DType>(dtype: D, values: ArrayLike<number | bigint>): TypedArrays[D] {
  const data = new (arrayType(dtype))(values.length);
  for (let i = 0; i < values.length; i++) data[i] = toElement(dtype, values[i]!) as never;
  return data;
}

/** The numbers that the elements of a typed array stand for. */
export const fromElements = (dtype: DType, data: ArrayLike<number | bigint>): Float64Array =>
  Float64Array.from({ length: data.length }, (_, i) => fromElement(dtype, data[i]!));

/** The pattern of a number in 16 bits: IEEE 754 binary16, or the upper half of binary32. */
export function halfBits(dtype: Half, value: number): number {
  const { exponent: e, mantissa: m } = halves[dtype];
  const bias = 2 ** (e - 1) - 1;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const infinity = (2 ** e - 1) * 2 ** m;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return infinity + 2 ** (m - 1);
  if (size === 0) return sign;
  // Numbers between 2^p and 2^(p+1) are multiples of 2^(p−m); subnormal ones share the spacing of the smallest p.
  const p = Math.max(1 - bias, exponentOf(size));
  const steps = roundToEven(size * 2 ** (m - p));
  return sign + Math.min(infinity, steps + (p - 1 + bias) * 2 ** m);
}

/** The number that a pattern stands for. */
export function halfValue(dtype: Half, bits: number): number {
  const { exponent: e, mantissa: m } = halves[dtype];
  const bias = 2 ** (e - 1) - 1;
  const sign = bits & 0x8000 ? -1 : 1;
  const power = (bits & 0x7fff) >> m;
  const fraction = bits & (2 ** m - 1);
  if (power === 2 ** e - 1) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (power ? 2 ** m + fraction : fraction) * 2 ** (Math.max(power, 1) - bias - m);
}

/** p with 2^p ≤ size < 2^(p+1); −1023 for numbers that a double stores as subnormal. */
function exponentOf(size: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  return (view.getUint16(0) >> 4) - 1023;
}

function roundToEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
