/**
 * @file Comparisons and logic, element by element with NumPy's broadcasting. They answer with truth values, which have
 * no gradient and which nothing reduces: so there are no partials.
 */
import { type DType, dtypes, kernelCode, numberTypes } from "../../ir/dtype.ts";
import { broadcastShapes } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { splits } from "./broadcast.ts";
import { checkAlike, checkDType, checkOneOf } from "./checks.ts";
import { elementwise, inRow, inWalk } from "./elementwise.ts";
import { alike } from "./rules.ts";

/** Opcodes of the `compare` kernel. */
const code = {
  equal: 0,
  notEqual: 1,
  less: 2,
  lessEqual: 3,
  greater: 4,
  greaterEqual: 5,
  logicalAnd: 6,
  logicalOr: 7,
};

const comparison = (kind: keyof typeof code, takes: readonly DType[]): OpDef => ({
  kind,
  infer(ins) {
    checkOneOf(ins[0]!, takes);
    checkAlike(ins);
    return [{ shape: broadcastShapes(ins.map(({ shape }) => shape)), dtype: "bool" }];
  },
  rules: splits,
  ...elementwise(({ ins: [a] }) => inWalk("compare", [code[kind], kernelCode[a!.dtype]])),
});

export const equal = comparison("equal", dtypes);
export const notEqual = comparison("notEqual", dtypes);
export const less = comparison("less", numberTypes);
export const lessEqual = comparison("lessEqual", numberTypes);
export const greater = comparison("greater", numberTypes);
export const greaterEqual = comparison("greaterEqual", numberTypes);
export const logicalAnd = comparison("logicalAnd", ["bool"]);
export const logicalOr = comparison("logicalOr", ["bool"]);

export const logicalNot: OpDef = {
  kind: "logicalNot",
  infer([x]) {
    checkDType(x!, "bool");
    return [x!];
  },
  rules: alike,
  ...elementwise(() => inRow("logical_not")),
};
