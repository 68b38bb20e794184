/**
 * @file Tensors one after the other along `attrs.dim`. Where they are split along that very dim, every rank puts its
 * shares in place and zeros elsewhere: a partial sum.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { TensorType } from "../../ir/graph.ts";
import { P, S } from "../../ir/layout.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import { checkDim, range, sameShape, showShape } from "../dims.ts";
import type { LocalTensor, OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { copyBlock, fillWith, interval } from "./blocks.ts";
import { checkAlike } from "./checks.ts";
import { named } from "./pad.ts";

const sum = (extents: readonly number[]) => extents.reduce((a, b) => a + b, 0);

/** Where each input begins along the dim. */
const starts = (extents: readonly number[]): number[] => extents.map((_, i) => sum(extents.slice(0, i)));

function joined(ins: readonly TensorType[], dim: number): TensorType {
  const first = ins[0]!;
  checkDim(first, dim);
  checkAlike(ins);
  for (const x of ins) {
    if (x.shape.length !== first.shape.length || !sameShape(x.shape.toSpliced(dim, 1), first.shape.toSpliced(dim, 1)))
      throw new ShapeError("SL1086", `${showShape(first.shape)} and ${showShape(x.shape)} differ beyond dim ${dim}`, {
        hint: `all dims but dim ${dim} must be equal`,
      });
  }
  const extents = ins.map((x) => {
    const extent = x.shape[dim]!;
    if (typeof extent === "string" && ins.length > 1) throw named(dim, extent);
    return extent;
  });
  const extent = ins.length > 1 ? sum(extents as number[]) : extents[0]!;
  return { shape: first.shape.with(dim, extent), dtype: first.dtype };
}

export const concat: OpDef = {
  kind: "concat",
  moves: true,
  infer: (ins, attrs) => [joined(ins, attrs.dim as number)],
  rules: ({ ins, attrs }) => [
    ...range(ins[0]!.shape.length).map((dim) => ({
      ins: ins.map(() => S(dim)),
      outs: [dim === attrs.dim ? P("sum") : S(dim)],
    })),
    ...monoidNames.map((monoid) => ({ ins: ins.map(() => P(monoid)), outs: [P(monoid)] })),
  ],
  gradient({ ins, grads: [g], attrs }) {
    const dim = attrs.dim as number;
    const at = starts(ins.map(({ shape }) => shape[dim] as number));
    return ins.map(
      ({ shape }, i) =>
        () =>
          emit("slice", [g!], { dims: [dim], starts: [at[i]!], sizes: [shape[dim]!] }),
    );
  },
  lower({ ins, outs, attrs }) {
    const y = outs[0]!;
    const dim = attrs.dim as number;
    const at = starts(ins.map(({ global }) => global[dim]!));
    const whole = ({ shape, global }: LocalTensor) => shape[dim] === global[dim];
    const copies = ins.flatMap((x, i) => {
      const origin = x.shape.map(() => 0);
      return copyBlock(x.shape, x, origin, y, origin.with(dim, at[i]! + interval(x, dim)[0]));
    });
    return [...(ins.every(whole) ? [] : fillWith(y, 0)), ...copies];
  },
  flops: () => 0,
};
