/** @file Index of the largest element along `attrs.dim`, the first of equals; it has no gradient. */
import { ShapeError } from "../../ir/errors.ts";
import { S } from "../../ir/layout.ts";
import { checkDim, count, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { checkNumbers } from "./checks.ts";
import { callOn } from "./lowering.ts";
import { splitArgmax } from "./split-top-k.ts";

export const argmax: OpDef = {
  kind: "argmax",
  infer([x], attrs) {
    checkNumbers([x!]);
    const dim = attrs.dim as number;
    checkDim(x!, dim);
    if (x!.shape[dim] === 0)
      throw new ShapeError("SL1089", `dim ${dim} has no elements, and so no largest one`, {
        hint: "take a dim of 1 element or more",
      });
    return [{ shape: x!.shape.filter((_, d) => d !== attrs.dim), dtype: "int32" }];
  },
  rules({ ins: [x], attrs }) {
    const dim = attrs.dim as number;
    const kept = range(x!.shape.length).filter((d) => d !== dim);
    return kept.map((d) => ({ ins: [S(d)], outs: [S(d < dim ? d : d - 1)] }));
  },
  expansions: splitArgmax,
  lower({ ins: [x], outs: [y], attrs }) {
    const dim = attrs.dim as number;
    const [outer, inner] = [count(x!.shape.slice(0, dim)), count(x!.shape.slice(dim + 1))];
    return outer * inner ? [callOn(x!.dtype, "argmax", outer, x!.shape[dim]!, inner, x!.arg, y!.arg)] : [];
  },
  flops: ([x]) => count(x!.shape),
};
