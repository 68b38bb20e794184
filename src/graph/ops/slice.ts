/**
 * @file A range of some dims: `attrs.sizes[i]` elements of dim `attrs.dims[i]` from `attrs.starts[i]` on; the other dims
 * as they are. Of a dim that is split every rank puts its share of the range in place and zeros elsewhere: a partial sum.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, TensorType } from "../../ir/graph.ts";
import { P, S } from "../../ir/layout.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import { checkDim, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { copyBlock, fillWith, interval } from "./blocks.ts";
import { pass } from "./rules.ts";

const lists = ({ dims, starts, sizes }: Attrs) => ({
  dims: dims as readonly number[],
  starts: starts as readonly number[],
  sizes: sizes as readonly number[],
});

function check(x: TensorType, attrs: Attrs): void {
  const { dims, starts, sizes } = lists(attrs);
  dims.forEach((dim, i) => {
    checkDim(x, dim);
    const [start, stop, extent] = [starts[i]!, starts[i]! + sizes[i]!, x.shape[dim]!];
    if (Number.isNaN(stop) && typeof extent === "string" && Number.isFinite(start))
      throw new ShapeError("SL1083", `where dim ${dim} ends is not known yet, it is named ${extent}`, {
        hint: "say where the range stops",
      });
    const whole = Number.isSafeInteger(start) && Number.isSafeInteger(stop);
    if (!whole || start < 0 || stop < start || (typeof extent === "number" && stop > extent))
      throw new ShapeError("SL1083", `there is no range [${start},${stop}) of dim ${dim}, which has ${extent}`, {
        hint: `0 ≤ start ≤ stop ≤ ${extent}`,
      });
  });
}

export const slice: OpDef = {
  kind: "slice",
  moves: true,
  infer([x], attrs) {
    check(x!, attrs);
    const { dims, sizes } = lists(attrs);
    return [{ shape: x!.shape.map((n, dim) => sizes[dims.indexOf(dim)] ?? n), dtype: x!.dtype }];
  },
  rules: ({ ins: [x], attrs }) => [
    ...range(x!.shape.length).map((dim) => ({
      ins: [S(dim)],
      outs: [lists(attrs).dims.includes(dim) ? P("sum") : S(dim)],
    })),
    ...monoidNames.map((monoid) => pass(monoid)),
  ],
  gradient: ({ ins: [x], grads: [g], attrs }) => [
    () => {
      const { dims, starts, sizes } = lists(attrs);
      const after = dims.map((dim, i) => (x!.shape[dim] as number) - starts[i]! - sizes[i]!);
      return emit("pad", [g!], { dims, before: starts, after, value: 0 });
    },
  ],
  lower({ ins, outs, attrs }) {
    const [x, y] = [ins[0]!, outs[0]!];
    const { dims, starts } = lists(attrs);
    const places = x.shape.map((extent, dim) => {
      const at = dims.indexOf(dim);
      if (at < 0) return { extent, from: 0, to: 0 };
      const [lo, hi] = interval(x, dim);
      const first = Math.max(lo, starts[at]!);
      const last = Math.min(hi, starts[at]! + y.shape[dim]!);
      return { extent: Math.max(0, last - first), from: first - lo, to: first - starts[at]! };
    });
    const extents = places.map(({ extent }) => extent);
    const covers = extents.every((extent, dim) => extent === y.shape[dim]);
    const index = (end: "from" | "to") => places.map((place) => place[end]);
    return [...(covers ? [] : fillWith(y, 0)), ...copyBlock(extents, x, index("from"), y, index("to"))];
  },
  flops: () => 0,
};
