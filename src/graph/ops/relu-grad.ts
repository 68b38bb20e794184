/** @file The gradient of relu, from its output y and the gradient of that: dy where y > 0, else 0. */
import { B, P } from "../../ir/layout.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import type { OpDef } from "../op.ts";
import { floats } from "./checks.ts";
import { elementwise, inRow } from "./elementwise.ts";
import { kernelFor } from "./lowering.ts";
import { alike } from "./rules.ts";

export const reluGrad: OpDef = {
  kind: "reluGrad",
  infer: floats,
  // An element is passed on or it is 0, on every rank alike.
  rules: (site) => [...alike(site), ...monoidNames.map((monoid) => ({ ins: [B, P(monoid)], outs: [P(monoid)] }))],
  ...elementwise(({ outs: [dx] }) => inRow(kernelFor(dx!.dtype, "relu_grad"))),
};
