/**
 * @file To another dtype, element by element. With `attrs.parts` the parts of a sum may be rounded each by itself, as mixed
 * precision has it: then they travel in the shorter dtype.
 */
import { dtypes, isDType, isFloat, isHalf, isInteger, itemSize, kernelCode } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { elementwise, inRow } from "./elementwise.ts";
import { alike, pass } from "./rules.ts";

export const cast: OpDef = {
  kind: "cast",
  moves: true,
  infer([x], attrs) {
    const { dtype } = attrs;
    if (!isDType(dtype)) throw new ShapeError("SL1000", `unknown dtype "${dtype}"`, { choices: dtypes });
    return [{ shape: x!.shape, dtype }];
  },
  rules(site) {
    const [from, to] = [site.ins[0]!.dtype, site.outs[0]!.dtype];
    // A sum passes where no part is rounded or would have wrapped; a shorter integer keeps the sum's lower bits.
    const narrower = itemSize[to] < itemSize[from];
    const sums =
      from === to ||
      (site.attrs.parts === true && isFloat(from) && isFloat(to)) ||
      (isFloat(from) ? isFloat(to) && !narrower && !(isHalf(from) && isHalf(to)) : isInteger(to) && narrower);
    const ordered = from !== "bool" && to !== "bool" && !(isInteger(from) && isInteger(to) && narrower);
    return [...alike(site), ...(sums ? [pass("sum")] : []), ...(ordered ? [pass("max"), pass("min")] : [])];
  },
  /** Integers have no gradient: only float to float passes it on. */
  gradient: ({ ins: [x], grads: [g] }) => [
    isFloat(x!.dtype) && isFloat(g!.dtype) ? () => emit("cast", [g!], { dtype: x!.dtype }) : undefined,
  ],
  ...elementwise(({ ins: [x], outs: [y] }) => inRow("cast", [kernelCode[x!.dtype], kernelCode[y!.dtype]])),
};
