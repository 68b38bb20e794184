/** @file Ops that answer with indices or truth values: they have no gradient. */
import { S } from "../../ir/layout.ts";
import { checkDim, count, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { checkDType, checkSame } from "./checks.ts";
import { call } from "./lowering.ts";
import { alike } from "./rules.ts";

/** Element-wise, of integers. */
export const equal: OpDef = {
  kind: "equal",
  infer([a, b]) {
    for (const type of [a!, b!]) checkDType(type, "int32");
    checkSame(a!, b!);
    return [{ shape: a!.shape, dtype: "bool" }];
  },
  rules: alike,
  lower({ ins: [a, b], outs: [y] }) {
    const n = count(y!.shape);
    return n ? [call("equal_i32", n, a!.arg, b!.arg, y!.arg)] : [];
  },
};

/** Index of the largest element along `attrs.dim`, the first of equals. */
export const argmax: OpDef = {
  kind: "argmax",
  infer([x], attrs) {
    checkDType(x!, "float32");
    checkDim(x!, attrs.dim as number);
    return [{ shape: x!.shape.filter((_, d) => d !== attrs.dim), dtype: "int32" }];
  },
  rules({ ins: [x], attrs }) {
    const dim = attrs.dim as number;
    const kept = range(x!.shape.length).filter((d) => d !== dim);
    return kept.map((d) => ({ ins: [S(d)], outs: [S(d < dim ? d : d - 1)] }));
  },
  lower({ ins: [x], outs: [y], attrs }) {
    const dim = attrs.dim as number;
    const [outer, inner] = [count(x!.shape.slice(0, dim)), count(x!.shape.slice(dim + 1))];
    return outer * inner ? [call("argmax", outer, x!.shape[dim]!, inner, x!.arg, y!.arg)] : [];
  },
  flops: ([x]) => count(x!.shape),
};
