/** @file The gradient of gelu, from its input x and the gradient of its output. */
import { B, P } from "../../ir/layout.ts";
import type { OpDef } from "../op.ts";
import { floats } from "./checks.ts";
import { elementwise, inRow } from "./elementwise.ts";
import { kernelFor } from "./lowering.ts";
import { alike } from "./rules.ts";

export const geluGrad: OpDef = {
  kind: "geluGrad",
  infer: floats,
  rules: (site) => [...alike(site), { ins: [B, P("sum")], outs: [P("sum")] }],
  ...elementwise(({ outs: [dx] }) => inRow(kernelFor(dx!.dtype, "gelu_grad"))),
};
