/**
 * @file The `attrs.k` largest elements along `attrs.dim`, in falling order, and their indices. Of equals the first comes
 * first; NaN counts as the largest.
 */
import { ShapeError } from "../../ir/errors.ts";
import { S } from "../../ir/layout.ts";
import { checkDim, count, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { checkNumbers } from "./checks.ts";
import { callOn } from "./lowering.ts";
import { splitTopK } from "./split-top-k.ts";

export const topK: OpDef = {
  kind: "topK",
  infer([x], attrs) {
    const [k, dim] = [attrs.k as number, attrs.dim as number];
    const dtype = checkNumbers([x!]);
    checkDim(x!, dim);
    const extent = x!.shape[dim]!;
    if (!Number.isSafeInteger(k) || k < 0 || (typeof extent === "number" && k > extent))
      throw new ShapeError("SL1089", `dim ${dim} has no ${k} largest elements, it has ${extent}`, {
        hint: `give a whole number from 0 to ${extent}`,
      });
    const shape = x!.shape.with(dim, k);
    return [
      { shape, dtype },
      { shape, dtype: "int32" },
    ];
  },
  rules: ({ ins: [x], attrs }) =>
    range(x!.shape.length)
      .filter((d) => d !== attrs.dim)
      .map((d) => ({ ins: [S(d)], outs: [S(d), S(d)] })),
  expansions: splitTopK,
  gradient: ({ ins: [x], outs: [, indices], grads: [g], attrs }) => [
    () => emit("addAlong", [g!, indices!], { dim: attrs.dim!, shape: x!.shape }),
  ],
  lower({ ins: [x], outs: [values, indices], attrs }) {
    if (count(values!.shape) === 0) return [];
    const dim = attrs.dim as number;
    const [outer, inner] = [count(x!.shape.slice(0, dim)), count(x!.shape.slice(dim + 1))];
    const args = [outer, x!.shape[dim]!, inner, attrs.k as number];
    return [callOn(x!.dtype, "top_k", ...args, x!.arg, values!.arg, indices!.arg)];
  },
  flops: ([x], _, attrs) => count(x!.shape) * (attrs.k as number),
};
