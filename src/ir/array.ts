/** @file Arrays as users hand them in and get them out: data with its shape, in row-major order. */
import { arrayType, type DType, dtypes, isDType, isHalf, type TypedArrays } from "./dtype.ts";
import { type Half, halfBits, halfValue } from "./element.ts";
import { FeedError } from "./errors.ts";

/** Data with its shape: what goes into a session and what comes out. */
export interface NdArray<out S extends (number | string)[] = (number | string)[], out D extends DType = DType> {
  readonly shape: S;
  readonly dtype: D;
  /** Row-major; as many elements as the shape has. */
  readonly data: TypedArrays[D];
}

/**
 * Wraps typed data as an array of a shape; the data is not copied.
 *
 * @param shape extents in elements, integers ≥ 0; `[]` is a scalar
 * @throws FeedError SL6001 an extent is no size, SL6002 the data is of another type, SL6003 the shape and the data
 *   differ in their number of elements
 *
 * @example
 * const images = array([2, 784], "float32", new Float32Array(2 * 784));
 */
export function array<const S extends number[], D extends DType>(
  shape: readonly [...S],
  dtype: D,
  data: TypedArrays[D],
): NdArray<S, D> {
  const text = `array [${shape.join(", ")}] ${dtype}`;
  const bad = shape.findIndex((extent) => !Number.isInteger(extent) || extent < 0);
  if (bad >= 0)
    throw new FeedError("SL6001", `dim ${bad} is ${shape[bad]}`, {
      subject: text,
      hint: "give every dim as an integer ≥ 0",
    });
  if (!isDType(dtype))
    throw new FeedError("SL6002", `there is no dtype "${dtype}"`, { subject: text, choices: dtypes });
  const wanted = arrayType<DType>(dtype);
  if (!(data instanceof wanted))
    throw new FeedError("SL6002", `the data is ${describe(data)}, ${dtype} takes ${wanted.name}`, {
      subject: text,
      hint: `new ${wanted.name}(…)`,
    });
  const elements = shape.reduce((n, extent) => n * extent, 1);
  if (data.length !== elements)
    throw new FeedError("SL6003", `the shape has ${elements} elements, the data ${data.length}`, {
      subject: text,
      hint: "make the shape's product and the length of the data equal",
    });
  return { shape: [...shape] as unknown as S, dtype, data };
}

/**
 * A float16 or bfloat16 array widened to float32; nothing is rounded.
 *
 * @example
 * toFloat32(array([2], "bfloat16", Uint16Array.of(0x3f80, 0x4000))).data; // Float32Array [1, 2]
 */
export const toFloat32 = <S extends (number | string)[]>({
  shape,
  dtype,
  data,
}: NdArray<S, Half>): NdArray<S, "float32"> => ({
  shape,
  dtype: "float32",
  data: Float32Array.from(data, (bits) => halfValue(dtype, bits)),
});

/**
 * A float32 array rounded to 16 bits, to the nearest number, of two to the even one; what is too large becomes infinite.
 *
 * @throws FeedError SL6002 for a dtype that has not 16 bits
 * @example
 * toHalf(array([2], "float32", Float32Array.of(1, 2)), "bfloat16").data; // Uint16Array [0x3f80, 0x4000]
 */
export function toHalf<S extends (number | string)[], D extends Half>(
  { shape, data }: NdArray<S, "float32">,
  dtype: D,
): NdArray<S, D> {
  if (!isDType(dtype) || !isHalf(dtype))
    throw new FeedError("SL6002", `${dtype} is not stored in 16 bits`, {
      subject: "toHalf",
      choices: dtypes.filter(isHalf),
    });
  return { shape, dtype, data: Uint16Array.from(data, (value) => halfBits(dtype, value)) as TypedArrays[D] };
}

const describe = (value: unknown): string =>
  value === null || typeof value !== "object" ? String(value) : (value.constructor?.name ?? "a bare object");
