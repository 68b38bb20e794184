/** @file Element types and their sizes. */

export type DType = "float32" | "int32" | "bool";

/** Bytes of one element, by dtype. */
export const itemSize: Readonly<Record<DType, number>> = { float32: 4, int32: 4, bool: 1 };

export interface TypedArrays {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
}

/** `f32[128,784]`, the way types are written in messages. */
export const showType = (type: { readonly shape: readonly (number | string)[]; readonly dtype: DType }): string =>
  `${{ float32: "f32", int32: "i32", bool: "bool" }[type.dtype]}[${type.shape.join(",")}]`;
