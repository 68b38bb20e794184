/**
 * @file Rows by integer ids, and the way back. `gather` puts x[…, ids, …] in the place of dim `attrs.dim`; `scatterAdd`
 * adds rows up where their ids say. An id that is no row reads zeros and is not added: −1 masks. Source of the rules for a
 * split table: Megatron-LM's vocabulary-parallel embedding (Shoeybi et al., 2019).
 */
import { itemSize } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { Shape, TensorType } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import type { Rule } from "../../sbp/rule.ts";
import { checkDim, count, range, sameShape, showShape } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { interval } from "./blocks.ts";
import { checkDType, checkNumbers } from "./checks.ts";
import { call, callOn } from "./lowering.ts";

/** Dims before `dim`, and after it moved on by the dims that stand in its place: those of the rows, table and result. */
function others(table: TensorType, ids: TensorType, dim: number) {
  const kept = range(table.shape.length).filter((d) => d !== dim);
  return kept.map((d) => ({ table: d, rows: d < dim ? d : d + ids.shape.length - 1 }));
}

const gathered = (table: TensorType, ids: TensorType, dim: number): Shape =>
  table.shape.toSpliced(dim, 1, ...ids.shape);

export const gather: OpDef = {
  kind: "gather",
  moves: true,
  infer([table, ids], attrs) {
    const dim = attrs.dim as number;
    checkDType(ids!, "int32");
    checkDim(table!, dim);
    return [{ shape: gathered(table!, ids!, dim), dtype: table!.dtype }];
  },
  rules({ ins: [table, ids], attrs }): Rule[] {
    const dim = attrs.dim as number;
    return [
      ...range(ids!.shape.length).map((d) => ({ ins: [B, S(d)], outs: [S(dim + d)] })),
      ...others(table!, ids!, dim).map((d) => ({ ins: [S(d.table), B], outs: [S(d.rows)] })),
      { ins: [S(dim), B], outs: [P("sum")] },
      ...monoidNames.map((monoid) => ({ ins: [P(monoid), B], outs: [P(monoid)] })),
    ];
  },
  gradient: ({ ins: [table, ids], grads: [g], attrs }) => [
    () => emit("scatterAdd", [g!, ids!], { dim: attrs.dim!, shape: table!.shape }),
    undefined,
  ],
  lower({ ins: [table, ids], outs: [y], attrs }) {
    if (count(y!.shape) === 0) return [];
    const dim = attrs.dim as number;
    const [outer, inner] = [count(y!.shape.slice(0, dim)), count(table!.shape.slice(dim + 1))];
    const args = [outer, table!.shape[dim]!, inner, count(ids!.shape), interval(table!, dim)[0]];
    return [call("gather", itemSize[y!.dtype], ...args, table!.arg, ids!.arg, y!.arg)];
  },
  flops: () => 0,
};

/** (rows, ids) → zeros of `attrs.shape` with the rows added to dim `attrs.dim` where the ids say, in their order. */
export const scatterAdd: OpDef = {
  kind: "scatterAdd",
  infer([rows, ids], attrs) {
    const dim = attrs.dim as number;
    const type: TensorType = { shape: attrs.shape as Shape, dtype: checkNumbers([rows!]) };
    checkDType(ids!, "int32");
    checkDim(type, dim);
    const wanted = gathered(type, ids!, dim);
    if (!sameShape(rows!.shape, wanted))
      throw new ShapeError(
        "SL1087",
        `ids ${showShape(ids!.shape)} and a result ${showShape(type.shape)} want rows ${showShape(wanted)}, got ${showShape(rows!.shape)}`,
        { hint: "give one row for each id" },
      );
    return [type];
  },
  rules({ ins: [, ids], outs: [y], attrs }): Rule[] {
    const dim = attrs.dim as number;
    return [
      ...range(ids!.shape.length).map((d) => ({ ins: [S(dim + d), S(d)], outs: [P("sum")] })),
      ...others(y!, ids!, dim).map((d) => ({ ins: [S(d.rows), B], outs: [S(d.table)] })),
      { ins: [B, B], outs: [S(dim)] },
      { ins: [P("sum"), B], outs: [P("sum")] },
    ];
  },
  gradient: ({ ins: [, ids], grads: [g], attrs }) => [() => emit("gather", [g!, ids!], { dim: attrs.dim! }), undefined],
  lower({ ins: [rows, ids], outs: [y], attrs }) {
    if (count(y!.shape) === 0) return [];
    const dim = attrs.dim as number;
    const [outer, inner] = [count(y!.shape.slice(0, dim)), count(y!.shape.slice(dim + 1))];
    const args = [outer, y!.shape[dim]!, inner, count(ids!.shape), interval(y!, dim)[0]];
    return [callOn(y!.dtype, "scatter_add", ...args, rows!.arg, ids!.arg, y!.arg)];
  },
  flops: ([rows]) => count(rows!.shape),
};
