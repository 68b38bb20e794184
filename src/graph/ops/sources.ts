/**
 * @file Where values come from: inputs, states, constants. `attrs.shape` and `attrs.dtype` are their type. Inputs and
 * states have their bytes before any kernel runs, so they lower to nothing.
 */
import { type DType, numberTypes } from "../../ir/dtype.ts";
import type { Attrs, Shape, TensorType } from "../../ir/graph.ts";
import type { Operand } from "../../ir/program.ts";
import type { OpDef } from "../op.ts";
import { fillWith } from "./blocks.ts";
import { checkOneOf, checkScalar } from "./checks.ts";
import { alike } from "./rules.ts";

const declared = (_: readonly TensorType[], attrs: Attrs): TensorType[] => [
  { shape: attrs.shape as Shape, dtype: attrs.dtype as DType },
];

const source = (kind: string): OpDef => ({
  kind,
  moves: true,
  infer: declared,
  rules: alike,
  lower: () => [],
  flops: () => 0,
});

/** `attrs.name` is the name that batches feed. */
export const input = source("input");
/** `attrs.state` is the state that it reads, as it was when the step began. */
export const state = source("state");

/** One number, `attrs.value`, everywhere; an infinity by its name. */
export const constant: OpDef = {
  kind: "constant",
  moves: true,
  infer(ins, attrs) {
    const types = declared(ins, attrs);
    checkOneOf(types[0]!, numberTypes);
    checkScalar(types[0]!, Number(attrs.value));
    return types;
  },
  rules: alike,
  lower: ({ outs: [y], attrs }) => fillWith(y!, attrs.value as Operand),
};
