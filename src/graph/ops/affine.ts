/** @file y = x·mul + add with two numbers: what scalar operands become. Which partials pass hangs on the numbers. */
import { type DType, isInteger } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { Rule } from "../../sbp/rule.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { checkScalar, numbers } from "./checks.ts";
import { elementwise, inRow } from "./elementwise.ts";
import { kernelFor } from "./lowering.ts";
import { alike, pass } from "./rules.ts";

/** Not for integers, which wrap; nor for mul = 0: an empty shard holds ±∞, the identity, and 0·∞ is NaN. */
function extremes(mul: number, dtype: DType): Rule[] {
  if (isInteger(dtype) || mul === 0) return [];
  return mul > 0 ? [pass("max"), pass("min")] : [pass("max", "min"), pass("min", "max")];
}

export const affine: OpDef = {
  kind: "affine",
  infer(ins, attrs) {
    const types = numbers(ins);
    for (const c of [attrs.mul as number, attrs.add as number]) {
      if (!Number.isFinite(c))
        throw new ShapeError("SL1009", `takes finite numbers, got ${c}`, {
          hint: "give a finite number; .clamp takes infinities",
        });
      checkScalar(ins[0]!, c);
    }
    return types;
  },
  rules(site) {
    const [mul, add] = [site.attrs.mul as number, site.attrs.add as number];
    return [...alike(site), ...(add === 0 ? [pass("sum")] : []), ...extremes(mul, site.ins[0]!.dtype)];
  },
  // The gradient of a mean over each micro-batch's own rows.
  onRows: (attrs, share) => (attrs.perMicroBatch ? { ...attrs, mul: (attrs.mul as number) / share } : attrs),
  gradient: ({ grads: [g], attrs }) => [() => emit("affine", [g!], { mul: attrs.mul!, add: 0 })],
  ...elementwise(({ outs: [y], attrs }) =>
    inRow(kernelFor(y!.dtype, "affine"), [], [attrs.mul as number, attrs.add as number]),
  ),
};
