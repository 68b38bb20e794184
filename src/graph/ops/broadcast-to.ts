/** @file Repeats a tensor along new dims and dims of extent 1: `attrs.dims[i]` is where dim i stands in `attrs.shape`. */
import { itemSize } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { Shape } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import type { Rule } from "../../sbp/rule.ts";
import { adjoining, range, showShape } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { call, stridesOf, walks } from "./lowering.ts";

export const broadcastTo: OpDef = {
  kind: "broadcastTo",
  moves: true,
  infer([x], attrs) {
    const [shape, dims] = [attrs.shape as Shape, attrs.dims as readonly number[]];
    const rising = dims.every((dim, i) => dim < shape.length && (i === 0 || dim > dims[i - 1]!));
    if (dims.length !== x!.shape.length || !rising || dims.some((dim, i) => ![1, shape[dim]].includes(x!.shape[i]!)))
      throw new ShapeError(
        "SL1015",
        `${showShape(x!.shape)} at dims ${dims.join(",")} does not repeat to ${showShape(shape)}`,
        { hint: "name for each dim the one that it becomes, in rising order; only dims of 1 repeat" },
      );
    return [{ shape, dtype: x!.dtype }];
  },
  rules({ ins: [x], outs: [y], attrs }) {
    const dims = attrs.dims as readonly number[];
    const splits = range(y!.shape.length).flatMap((dim): Rule[] => {
      const at = dims.indexOf(dim);
      const repeated = at < 0 || x!.shape[at] === 1;
      return [
        ...(at >= 0 && x!.shape[at] === y!.shape[dim] ? [{ ins: [S(at)], outs: [S(dim)] }] : []),
        ...(repeated ? [{ ins: [B], outs: [S(dim)] }] : []),
      ];
    });
    // Repeating a sum is linear, and max and min of repeated values are repeated.
    return [...splits, ...["sum", "max", "min"].map((monoid) => ({ ins: [P(monoid)], outs: [P(monoid)] }))];
  },
  gradient: ({ ins: [x], grads: [g], attrs }) => [
    () => {
      const dims = attrs.dims as readonly number[];
      const all = range(g!.shape.length);
      const fresh = all.filter((dim) => !dims.includes(dim));
      const grown = all.filter((dim) => dims.includes(dim) && x!.shape[dims.indexOf(dim)] !== g!.shape[dim]);
      const runs = [fresh, grown].flatMap((some, keep) => adjoining(some).map((dims) => ({ dims, keep: keep === 1 })));
      return runs.sort((a, b) => b.dims[0]! - a.dims[0]!).reduce((sum, attrs) => emit("sum", [sum], attrs), g!);
    },
  ],
  lower({ ins, outs, attrs }) {
    const [x, y] = [ins[0]!, outs[0]!];
    const dims = attrs.dims as readonly number[];
    const own = stridesOf(x.shape);
    const from = y.shape.map((_, dim) => {
      const at = dims.indexOf(dim);
      return at < 0 || x.shape[at] === 1 ? 0 : own[at]!;
    });
    const bytes = itemSize[y.dtype];
    return walks(y.shape, [from, stridesOf(y.shape)]).map(({ extents, strides: [a, b], starts }) =>
      call("copy_box", bytes, ...extents, ...a!, ...b!, x.arg, starts[0]! * bytes, y.arg, starts[1]! * bytes, null),
    );
  },
};
