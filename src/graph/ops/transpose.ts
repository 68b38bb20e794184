/** @file Dims in another order: dim i of the output is dim `attrs.dims[i]` of the input. */

import { itemSize } from "../../ir/dtype.ts";
import { ShapeError, showGiven } from "../../ir/errors.ts";
import type { Attrs } from "../../ir/graph.ts";
import { S } from "../../ir/layout.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import { range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { call, stridesOf, walks } from "./lowering.ts";
import { pass } from "./rules.ts";

const order = (attrs: Attrs) => attrs.dims as readonly number[];

export const transpose: OpDef = {
  kind: "transpose",
  moves: true,
  infer([x], attrs) {
    const dims = order(attrs);
    const all = range(x!.shape.length);
    if (!Array.isArray(dims) || dims.length !== all.length || !all.every((dim) => dims.includes(dim)))
      throw new ShapeError(
        "SL1082",
        `${Array.isArray(dims) ? `[${dims}]` : showGiven(dims)} is no order of ${all.length} dims`,
        {
          hint: `name each of ${all.join(", ")} once`,
        },
      );
    return [{ shape: dims.map((dim) => x!.shape[dim]!), dtype: x!.dtype }];
  },
  rules: ({ attrs }) => [
    ...order(attrs).map((dim, at) => ({ ins: [S(dim)], outs: [S(at)] })),
    ...monoidNames.map((monoid) => pass(monoid)),
  ],
  gradient: ({ grads: [g], attrs }) => [
    () => emit("transpose", [g!], { dims: range(g!.shape.length).map((dim) => order(attrs).indexOf(dim)) }),
  ],
  lower({ ins, outs, attrs }) {
    const [x, y] = [ins[0]!, outs[0]!];
    const own = stridesOf(x.shape);
    const from = order(attrs).map((dim) => own[dim]!);
    const bytes = itemSize[y.dtype];
    return walks(y.shape, [from, stridesOf(y.shape)]).map(({ extents, strides: [a, b], starts }) =>
      call("copy_box", bytes, ...extents, ...a!, ...b!, x.arg, starts[0]! * bytes, y.arg, starts[1]! * bytes, null),
    );
  },
  flops: () => 0,
};
