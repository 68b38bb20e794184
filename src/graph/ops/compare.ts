/**
 * @file Comparisons and logic, element by element with NumPy's broadcasting. They answer with truth values, which have
 * no gradient and which nothing reduces: so there are no partials.
 */
import { type DType, dtypes, kernelCode, numberTypes } from "../../ir/dtype.ts";
import { broadcastShapes, count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { splits } from "./broadcast.ts";
import { checkAlike, checkDType, checkOneOf } from "./checks.ts";
import { addressOf, broadcastStrides, call, stridesOf, walks } from "./lowering.ts";
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
  lower({ ins, outs }) {
    const [a, b, y] = [ins[0]!, ins[1]!, outs[0]!];
    const strides = [broadcastStrides(a.shape, y.shape), broadcastStrides(b.shape, y.shape), stridesOf(y.shape)];
    return walks(y.shape, strides).map(({ extents, strides: [sa, sb], starts }) => {
      const at = [a, b, y].map((t, i) => addressOf(t, starts[i]!));
      return call("compare", code[kind], kernelCode[a.dtype], ...extents, ...sa!, ...sb!, ...at);
    });
  },
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
  lower({ ins: [x], outs: [y] }) {
    const n = count(y!.shape);
    return n ? [call("logical_not", n, x!.arg, y!.arg)] : [];
  },
};
