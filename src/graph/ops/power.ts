/** @file x to a fixed power, `attrs.exponent`. Negative x have whole powers only, others are NaN; x⁰ is 1. */
import { ShapeError } from "../../ir/errors.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { floats } from "./checks.ts";
import { elementwise, inRow } from "./elementwise.ts";
import { kernelFor } from "./lowering.ts";
import { alike, pass } from "./rules.ts";

export const power: OpDef = {
  kind: "power",
  infer(ins, { exponent }) {
    if (!Number.isFinite(exponent))
      throw new ShapeError("SL1009", `takes finite numbers, got ${exponent}`, {
        hint: "give a finite number; .clamp takes infinities",
      });
    return floats(ins);
  },
  rules(site) {
    const exponent = site.attrs.exponent as number;
    const rises = exponent > 0 && exponent % 2 === 1; // on all numbers, the negative ones too
    const roots = !Number.isInteger(exponent); // no numbers below 0: a minimum that is one has parts that are
    return [
      ...alike(site),
      ...(rises ? [pass("max"), pass("min")] : []),
      ...(roots ? [exponent > 0 ? pass("min") : pass("min", "max")] : []),
      ...(exponent === 1 ? [pass("sum")] : []),
    ];
  },
  gradient: ({ ins: [x], grads: [g], attrs }) => [
    () => {
      const exponent = attrs.exponent as number;
      const scaled = emit("affine", [g!], { mul: exponent, add: 0 });
      return exponent === 0 ? scaled : emit("mul", [scaled, emit("power", [x!], { exponent: exponent - 1 })]);
    },
  ],
  ...elementwise(({ outs: [y], attrs }) => inRow(kernelFor(y!.dtype, "power"), [], [attrs.exponent as number])),
};
