/**
 * @file Asks an op for the types of its outputs; what does not fit is said with the operands, as far as they are known by
 * then, and with the user's line.
 */
import { showType } from "../ir/dtype.ts";
import { ShapeError } from "../ir/errors.ts";
import type { Attrs, LogicalGraph, TensorType } from "../ir/graph.ts";
import { type OrderedLayout, showOrdered } from "./layout.ts";
import { opDef } from "./registry.ts";

/** An operand as messages show it. */
export interface Shown extends TensorType {
  readonly name: string;
  /** `{data: S(0), model: B}`; undefined while nobody has said one. */
  readonly layout?: string | undefined;
}

/** `x: f32[128,784] {data: S(0)}` */
export const showOperand = (operand: Shown): string =>
  `${operand.name}: ${showType(operand)}${operand.layout === undefined ? "" : ` ${operand.layout}`}`;

/** `matmul(x: f32[128,784] {data: S(0)}, fc1.weight: f32[256,10])` */
export const showCall = (kind: string, ins: readonly Shown[], beside?: number): string =>
  `${kind}(${[...ins.map(showOperand), ...(beside === undefined ? [] : [beside])].join(", ")})`;

/** The layout that the user gave a value: declared with the input, or asked for by `.to(…)`. */
export function givenLayout(
  { ops, values, placements }: Pick<LogicalGraph, "ops" | "values" | "placements">,
  id: number,
): string | undefined {
  const op = ops.find(({ outputs }) => outputs.includes(id));
  const given = op && (op.kind === "input" || op.kind === "to") ? op.attrs.layout : null;
  return given ? showOrdered(placements[values[id]!.placement]!, given as unknown as OrderedLayout) : undefined;
}

/** Runs a check of a call's operands; a ShapeError that it throws gets the call and the user's line. */
export function checkCall<T>(call: () => string, line: () => string | undefined, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ShapeError) || error.subject !== undefined) throw error;
    const { code, what, choices, hint } = error;
    throw new ShapeError(code, what, {
      subject: call(),
      at: line(),
      choices,
      cause: error,
      ...(hint !== undefined && { hint }),
    });
  }
}

/** Types of the outputs. Throws the op's ShapeError with subject and line; `call` shows its operands. */
export const inferTypes = (
  kind: string,
  ins: readonly TensorType[],
  attrs: Attrs,
  at: string | undefined,
  call: () => string,
): readonly TensorType[] =>
  checkCall(
    call,
    () => at,
    () => opDef(kind).infer(ins, attrs),
  );
