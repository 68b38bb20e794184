/**
 * @file Ids [...] to rows [..., attrs.depth] of `attrs.dtype`: 1 where the id stands, 0 elsewhere; only zeros for an id out
 * of range.
 */
import { type DType, isHalf, numberTypes } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import { B, S } from "../../ir/layout.ts";
import { count, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { interval } from "./blocks.ts";
import { checkDType, checkOneOf } from "./checks.ts";
import { callOn } from "./lowering.ts";

export const oneHot: OpDef = {
  kind: "oneHot",
  infer([ids], attrs) {
    const depth = attrs.depth as number;
    checkDType(ids!, "int32");
    if (!Number.isSafeInteger(depth) || depth < 0)
      throw new ShapeError("SL1088", `${depth} is no number of classes`, { hint: "give a whole number from 0 on" });
    const type = { shape: [...ids!.shape, depth], dtype: attrs.dtype as DType };
    checkOneOf(
      type,
      numberTypes.filter((dtype) => !isHalf(dtype)),
    );
    return [type];
  },
  rules({ ins: [ids] }) {
    const rank = ids!.shape.length;
    return [...range(rank).map((d) => ({ ins: [S(d)], outs: [S(d)] })), { ins: [B], outs: [S(rank)] }];
  },
  lower({ ins: [ids], outs: [y] }) {
    const last = y!.shape.length - 1;
    if (count(y!.shape) === 0) return [];
    return [callOn(y!.dtype, "one_hot", count(ids!.shape), y!.shape[last]!, interval(y!, last)[0], ids!.arg, y!.arg)];
  },
};
