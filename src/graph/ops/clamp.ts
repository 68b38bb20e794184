/**
 * @file x held within [`attrs.low`, `attrs.high`], either of which may be infinite. The gradient passes where x lies
 * within the bounds or on them.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs } from "../../ir/graph.ts";
import { B, P } from "../../ir/layout.ts";
import type { Operand } from "../../ir/program.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { checkScalar, floats, numbers } from "./checks.ts";
import { elementwise, inRow } from "./elementwise.ts";
import { kernelFor } from "./lowering.ts";
import { alike, pass } from "./rules.ts";

/** Infinities by name, as JSON has none. */
const bounds = ({ low, high }: Attrs) => [low, high] as Operand[];

export const clamp: OpDef = {
  kind: "clamp",
  infer(ins, attrs) {
    const [low, high] = bounds(attrs).map(Number);
    if (Number.isNaN(low) || Number.isNaN(high))
      throw new ShapeError("SL1080", `the bounds are ${low} and ${high}, and NaN is no number`, {
        hint: "give two numbers; an infinity bounds nothing",
      });
    if (!(low! <= high!))
      throw new ShapeError("SL1080", `the bounds ${low} and ${high} hold no number between them`, {
        hint: "give the low bound first",
      });
    const types = numbers(ins);
    for (const bound of [low!, high!]) if (Number.isFinite(bound)) checkScalar(ins[0]!, bound);
    return types;
  },
  rules: (site) => [...alike(site), pass("max"), pass("min")],
  gradient: ({ ins: [x], grads: [g], attrs }) => [() => emit("clampGrad", [x!, g!], attrs)],
  ...elementwise(({ outs: [y], attrs }) => inRow(kernelFor(y!.dtype, "clamp"), [], bounds(attrs))),
};

export const clampGrad: OpDef = {
  kind: "clampGrad",
  infer: floats,
  // An element is passed on or it is 0, on every rank alike.
  rules: (site) => [...alike(site), ...monoidNames.map((monoid) => ({ ins: [B, P(monoid)], outs: [P(monoid)] }))],
  ...elementwise(({ outs: [dx], attrs }) => inRow(kernelFor(dx!.dtype, "clamp_grad"), [], bounds(attrs))),
};
