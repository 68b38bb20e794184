/**
 * @file Where values come from: inputs, states, constants. `attrs.shape` and `attrs.dtype` are their type. Inputs and
 * states have their bytes before any kernel runs, so they lower to nothing.
 */
import type { DType } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, Shape, TensorType } from "../../ir/graph.ts";
import { count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { call } from "./lowering.ts";
import { alike } from "./rules.ts";

const declared = (_: readonly TensorType[], attrs: Attrs): TensorType[] => [
  { shape: attrs.shape as Shape, dtype: attrs.dtype as DType },
];

const source = (kind: string): OpDef => ({ kind, infer: declared, rules: alike, lower: () => [], flops: () => 0 });

/** `attrs.name` is the name that batches feed. */
export const input = source("input");
/** `attrs.state` is the state that it reads, as it was when the step began. */
export const state = source("state");

/** One number, `attrs.value`, everywhere. */
export const constant: OpDef = {
  kind: "constant",
  infer(ins, attrs) {
    if (attrs.dtype === "bool") throw new ShapeError("SL1012", "takes float32 or int32, got bool");
    return declared(ins, attrs);
  },
  rules: alike,
  lower({ outs: [y], attrs }) {
    const n = count(y!.shape);
    return n ? [call(y!.dtype === "float32" ? "fill" : "fill_i32", n, attrs.value as number, y!.arg)] : [];
  },
};
