/** @file The gradient of gelu, from its input x and the gradient of its output. */
import { B, P } from "../../ir/layout.ts";
import { count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { floats } from "./checks.ts";
import { callOn } from "./lowering.ts";
import { alike } from "./rules.ts";

export const geluGrad: OpDef = {
  kind: "geluGrad",
  infer: floats,
  rules: (site) => [...alike(site), { ins: [B, P("sum")], outs: [P("sum")] }],
  lower({ ins: [x, dy], outs: [dx] }) {
    const n = count(dx!.shape);
    return n ? [callOn(dx!.dtype, "gelu_grad", n, x!.arg, dy!.arg, dx!.arg)] : [];
  },
};
