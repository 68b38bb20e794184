/** @file Arrays as users hand them in and get them out: data with its shape, in row-major order. */
import type { DType, TypedArrays } from "./dtype.ts";
import { FeedError } from "./errors.ts";

/** Data with its shape: what goes into a session and what comes out. */
export interface NdArray<out S extends (number | string)[] = (number | string)[], out D extends DType = DType> {
  readonly shape: S;
  readonly dtype: D;
  /** Row-major; as many elements as the shape has. */
  readonly data: TypedArrays[D];
}

const constructors = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

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
  const wanted = constructors[dtype];
  if (!wanted)
    throw new FeedError("SL6002", `there is no dtype "${dtype}"`, {
      subject: text,
      choices: Object.keys(constructors),
    });
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

const describe = (value: unknown): string =>
  value === null || typeof value !== "object" ? String(value) : (value.constructor?.name ?? "a bare object");
