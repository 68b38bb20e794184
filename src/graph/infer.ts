/** @file Asks an op for the types of its outputs; what does not fit is said with the operands and the user's line. */
import { showType } from "../ir/dtype.ts";
import { ShapeError } from "../ir/errors.ts";
import type { Attrs, TensorType } from "../ir/graph.ts";
import { opDef } from "./registry.ts";

export interface NamedType extends TensorType {
  readonly name: string;
}

/** `matmul(x: f32[128,784], fc1.weight: f32[256,10])` */
export const showCall = (kind: string, ins: readonly NamedType[]): string =>
  `${kind}(${ins.map((type) => `${type.name}: ${showType(type)}`).join(", ")})`;

/** Types of the outputs. Throws the op's ShapeError with subject and line. */
export function inferTypes(
  kind: string,
  ins: readonly NamedType[],
  attrs: Attrs,
  at: string | undefined,
): readonly TensorType[] {
  try {
    return opDef(kind).infer(ins, attrs);
  } catch (error) {
    if (!(error instanceof ShapeError) || error.subject !== undefined) throw error;
    const { code, what, choices, hint } = error;
    throw new ShapeError(code, what, {
      subject: showCall(kind, ins),
      at,
      choices,
      cause: error,
      ...(hint !== undefined && { hint }),
    });
  }
}
