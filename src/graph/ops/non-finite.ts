/** @file Is any element no finite number? 1 or 0, as int32, so that the largest of what ranks found is the answer. */
import { P, S } from "../../ir/layout.ts";
import { count, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { checkFloats } from "./checks.ts";
import { callOn } from "./lowering.ts";

export const nonFinite: OpDef = {
  kind: "nonFinite",
  infer([x]) {
    checkFloats([x!]);
    return [{ shape: [], dtype: "int32" }];
  },
  rules: ({ ins: [x] }) => range(x!.shape.length).map((dim) => ({ ins: [S(dim)], outs: [P("max")] })),
  lower: ({ ins: [x], outs: [y] }) => [callOn(x!.dtype, "non_finite", count(x!.shape), x!.arg, y!.arg)],
  flops: ([x]) => count(x!.shape),
};
