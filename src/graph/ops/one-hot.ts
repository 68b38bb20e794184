/** @file Ids [...] to rows [..., attrs.depth]: 1 where the id stands, 0 elsewhere; only zeros for an id out of range. */
import { ShapeError } from "../../ir/errors.ts";
import { B, S } from "../../ir/layout.ts";
import { count, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { interval } from "./blocks.ts";
import { checkDType } from "./checks.ts";
import { call } from "./lowering.ts";

export const oneHot: OpDef = {
  kind: "oneHot",
  infer([ids], attrs) {
    const depth = attrs.depth as number;
    checkDType(ids!, "int32");
    if (!Number.isSafeInteger(depth) || depth < 0) throw new ShapeError("SL1088", `${depth} is no number of classes`);
    return [{ shape: [...ids!.shape, depth], dtype: "float32" }];
  },
  rules({ ins: [ids] }) {
    const rank = ids!.shape.length;
    return [...range(rank).map((d) => ({ ins: [S(d)], outs: [S(d)] })), { ins: [B], outs: [S(rank)] }];
  },
  lower({ ins: [ids], outs: [y] }) {
    const last = y!.shape.length - 1;
    if (count(y!.shape) === 0) return [];
    return [call("one_hot", count(ids!.shape), y!.shape[last]!, interval(y!, last)[0], ids!.arg, y!.arg)];
  },
};
