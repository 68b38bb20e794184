/** @file Which dtypes go together, in the type system; `src/ir/dtype.ts` says the same at run time. */
import type { DType } from "../../ir/dtype.ts";

export type Float = "float32" | "float64" | "float16" | "bfloat16";
export type Num = Float | "int32" | "int64";

/** The dtypes that give way to each. */
interface Below {
  bool: never;
  int32: "bool";
  int64: "bool" | "int32";
  float16: "bool" | "int32" | "int64";
  bfloat16: "bool" | "int32" | "int64";
  float32: "bool" | "int32" | "int64" | "float16" | "bfloat16";
  float64: DType;
}

/** The dtype that holds both. */
export type Promote<A extends DType, B extends DType> = B extends A | Below[A] ? A : A extends Below[B] ? B : "float32";

/** The dtype of a quotient. */
export type Quotient<D extends Num> = D extends Float ? D : "float32";
