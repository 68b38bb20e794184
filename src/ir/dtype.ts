/**
 * @file Element types: what one element is, in memory and in a kernel. One row a dtype; all that the rest of the code asks
 * of one is read here.
 *
 * float16 and bfloat16 are for storage: their elements are 16-bit patterns, which ops widen to float32 to compute with.
 */

export type DType = "float32" | "float64" | "float16" | "bfloat16" | "int32" | "int64" | "bool";

/** The typed array that holds elements of a dtype on the host; those of float16 and bfloat16 are bit patterns. */
export interface TypedArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
}
export type AnyArray = TypedArrays[DType];

interface ArrayType<D extends DType> {
  readonly name: string;
  new (elements: number): TypedArrays[D];
  new (buffer: ArrayBufferLike, offset: number, elements: number): TypedArrays[D];
}

interface Row<D extends DType> {
  /** As messages and kernels' names write it. */
  readonly short: string;
  readonly family: "float" | "integer" | "bool";
  /** Place in the order of promotion: the later one of two wins, but see `promote`. */
  readonly width: number;
  /** Code in the arguments of kernels. */
  readonly code: number;
  readonly bytes: number;
  readonly array: ArrayType<D>;
}

const rows: { readonly [D in DType]: Row<D> } = {
  bool: { short: "bool", family: "bool", width: 0, code: 2, bytes: 1, array: Uint8Array },
  int32: { short: "i32", family: "integer", width: 1, code: 1, bytes: 4, array: Int32Array },
  int64: { short: "i64", family: "integer", width: 2, code: 4, bytes: 8, array: BigInt64Array },
  float16: { short: "f16", family: "float", width: 3, code: 5, bytes: 2, array: Uint16Array },
  bfloat16: { short: "bf16", family: "float", width: 3, code: 6, bytes: 2, array: Uint16Array },
  float32: { short: "f32", family: "float", width: 4, code: 0, bytes: 4, array: Float32Array },
  float64: { short: "f64", family: "float", width: 5, code: 3, bytes: 8, array: Float64Array },
};

export const dtypes = Object.keys(rows) as readonly DType[];
export const isDType = (name: unknown): name is DType => typeof name === "string" && Object.hasOwn(rows, name);

const ofFamily = (family: string): readonly DType[] => dtypes.filter((dtype) => rows[dtype].family === family);
export const floatTypes = ofFamily("float");
export const numberTypes = [...ofFamily("integer"), ...floatTypes];
export const isFloat = (dtype: DType): boolean => rows[dtype].family === "float";
export const isInteger = (dtype: DType): boolean => rows[dtype].family === "integer";
/** Stored in 16 bits: nothing computes with it. */
export const isHalf = (dtype: DType): boolean => isFloat(dtype) && rows[dtype].bytes === 2;

const column = <T>(read: (row: Row<DType>) => T) =>
  Object.fromEntries(dtypes.map((dtype) => [dtype, read(rows[dtype] as Row<DType>)])) as Readonly<Record<DType, T>>;
/** Bytes of one element. */
export const itemSize = column(({ bytes }) => bytes);
/** How kernels number dtypes. */
export const kernelCode = column(({ code }) => code);
export const shortName = column(({ short }) => short);

/** Bounds of the numbers that a dtype holds; int64's upper one is 2⁶³, which stands for the largest there is. */
const bounds: Partial<Record<DType, readonly [least: number, most: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
};
export const boundsOf = (dtype: DType): readonly [least: number, most: number] =>
  bounds[dtype] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** The constructor of a dtype's typed array. */
export const arrayType = <D extends DType>(dtype: D): ArrayType<D> => rows[dtype].array as ArrayType<D>;

/**
 * The dtype that holds what two dtypes hold: floats before integers before bool, then the wider one; float32 of float16
 * and bfloat16. As PyTorch promotes tensors.
 *
 * @example
 * promote("int64", "float16"); // "float16"
 */
export function promote(a: DType, b: DType): DType {
  if (a !== b && isHalf(a) && isHalf(b)) return "float32";
  return rows[a].width >= rows[b].width ? a : b;
}

/** `f32[128,784]`, the way types are written in messages. */
export const showType = (type: { readonly shape: readonly (number | string)[]; readonly dtype: DType }): string =>
  `${shortName[type.dtype]}[${type.shape.join(",")}]`;
