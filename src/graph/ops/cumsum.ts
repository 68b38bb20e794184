/** @file Running sums along `attrs.dim`, from the front or, with `attrs.reverse`, from the back. */
import { P, S } from "../../ir/layout.ts";
import { checkDim, count, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { numbers } from "./checks.ts";
import { callOn } from "./lowering.ts";

export const cumsum: OpDef = {
  kind: "cumsum",
  infer(ins, attrs) {
    checkDim(ins[0]!, attrs.dim as number);
    return numbers(ins);
  },
  rules: ({ ins: [x], attrs }) => [
    ...range(x!.shape.length)
      .filter((d) => d !== attrs.dim)
      .map((d) => ({ ins: [S(d)], outs: [S(d)] })),
    { ins: [P("sum")], outs: [P("sum")] },
  ],
  gradient: ({ grads: [g], attrs }) => [() => emit("cumsum", [g!], { ...attrs, reverse: !attrs.reverse })],
  lower({ ins: [x], outs: [y], attrs }) {
    if (count(y!.shape) === 0) return [];
    const dim = attrs.dim as number;
    const [outer, inner] = [count(x!.shape.slice(0, dim)), count(x!.shape.slice(dim + 1))];
    return [callOn(y!.dtype, "cumsum", outer, x!.shape[dim]!, inner, Number(attrs.reverse), x!.arg, y!.arg)];
  },
};
