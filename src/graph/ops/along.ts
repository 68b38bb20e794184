/**
 * @file An id for every element. `takeAlong` reads x[…, ids[…, k, …], …] along dim `attrs.dim`, ids having x's other
 * dims; `addAlong` is the way back. An id that is not there reads 0 and is not added.
 */
import { itemSize } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { Shape, TensorType } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import type { Rule } from "../../sbp/rule.ts";
import { checkDim, count, range, sameShape, showShape } from "../dims.ts";
import type { LocalTensor, OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { interval } from "./blocks.ts";
import { checkDType, checkNumbers, checkSame } from "./checks.ts";
import { call, callOn } from "./lowering.ts";

/** The whole tensor and the ids: equal but for the dim. */
function check(x: TensorType, ids: TensorType, dim: number): void {
  checkDType(ids, "int32");
  checkDim(x, dim);
  if (x.shape.length !== ids.shape.length || !sameShape(x.shape.toSpliced(dim, 1), ids.shape.toSpliced(dim, 1)))
    throw new ShapeError("SL1086", `${showShape(x.shape)} and ${showShape(ids.shape)} differ beyond dim ${dim}`, {
      hint: `all dims but dim ${dim} must be equal`,
    });
}

const kept = (rank: number, dim: number) => range(rank).filter((d) => d !== dim);

/** outer, rows, inner, ids a row, first row */
const extents = (whole: LocalTensor, ids: LocalTensor, dim: number) => [
  count(whole.shape.slice(0, dim)),
  whole.shape[dim]!,
  count(whole.shape.slice(dim + 1)),
  ids.shape[dim]!,
  interval(whole, dim)[0],
];

export const takeAlong: OpDef = {
  kind: "takeAlong",
  moves: true,
  infer([x, ids], attrs) {
    check(x!, ids!, attrs.dim as number);
    return [{ shape: ids!.shape, dtype: x!.dtype }];
  },
  rules({ ins: [x], attrs }): Rule[] {
    const dim = attrs.dim as number;
    return [
      ...kept(x!.shape.length, dim).map((d) => ({ ins: [S(d), S(d)], outs: [S(d)] })),
      { ins: [B, S(dim)], outs: [S(dim)] },
      { ins: [S(dim), B], outs: [P("sum")] },
      ...monoidNames.map((monoid) => ({ ins: [P(monoid), B], outs: [P(monoid)] })),
    ];
  },
  gradient: ({ ins: [x, ids], grads: [g], attrs }) => [
    () => emit("addAlong", [g!, ids!], { dim: attrs.dim!, shape: x!.shape }),
    undefined,
  ],
  lower({ ins: [x, ids], outs: [y], attrs }) {
    if (count(y!.shape) === 0) return [];
    const args = extents(x!, ids!, attrs.dim as number);
    return [call("take_along", itemSize[y!.dtype], ...args, x!.arg, ids!.arg, y!.arg)];
  },
  flops: () => 0,
};

/** (values, ids) → zeros of `attrs.shape` with the values added where the ids say. */
export const addAlong: OpDef = {
  kind: "addAlong",
  infer([values, ids], attrs) {
    const type: TensorType = { shape: attrs.shape as Shape, dtype: checkNumbers([values!]) };
    checkSame(values!, ids!);
    check(type, ids!, attrs.dim as number);
    return [type];
  },
  rules({ ins: [values], attrs }): Rule[] {
    const dim = attrs.dim as number;
    return [
      ...kept(values!.shape.length, dim).map((d) => ({ ins: [S(d), S(d)], outs: [S(d)] })),
      { ins: [S(dim), S(dim)], outs: [P("sum")] },
      { ins: [B, B], outs: [S(dim)] },
      { ins: [P("sum"), B], outs: [P("sum")] },
    ];
  },
  gradient: ({ ins: [, ids], grads: [g], attrs }) => [
    () => emit("takeAlong", [g!, ids!], { dim: attrs.dim! }),
    undefined,
  ],
  lower({ ins: [values, ids], outs: [y], attrs }) {
    if (count(y!.shape) === 0) return [];
    return [callOn(y!.dtype, "add_along", ...extents(y!, ids!, attrs.dim as number), values!.arg, ids!.arg, y!.arg)];
  },
  flops: ([values]) => count(values!.shape),
};
