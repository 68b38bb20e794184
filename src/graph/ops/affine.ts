/** @file y = x·mul + add with two numbers: what scalar operands become. Which partials pass hangs on the numbers. */
import { ShapeError } from "../../ir/errors.ts";
import { count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { floats } from "./checks.ts";
import { call } from "./lowering.ts";
import { alike, pass } from "./rules.ts";

export const affine: OpDef = {
  kind: "affine",
  infer(ins, attrs) {
    for (const c of [attrs.mul, attrs.add])
      if (!Number.isFinite(c)) throw new ShapeError("SL1009", `takes finite numbers, got ${c}`);
    return floats(ins);
  },
  rules(site) {
    const [mul, add] = [site.attrs.mul as number, site.attrs.add as number];
    return [
      ...alike(site),
      ...(add === 0 ? [pass("sum")] : []),
      // Not for mul = 0: an empty shard holds ±∞, the identity, and 0·∞ is NaN.
      ...(mul > 0 ? [pass("max"), pass("min")] : []),
      ...(mul < 0 ? [pass("max", "min"), pass("min", "max")] : []),
    ];
  },
  gradient: ({ grads: [g], attrs }) => [() => emit("affine", [g!], { mul: attrs.mul!, add: 0 })],
  lower({ ins: [x], outs: [y], attrs }) {
    const n = count(y!.shape);
    return n ? [call("affine", n, attrs.mul as number, attrs.add as number, x!.arg, y!.arg)] : [];
  },
};
