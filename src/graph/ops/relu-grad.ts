/** @file The gradient of relu, from its output y and the gradient of that: dy where y > 0, else 0. */
import { B, P } from "../../ir/layout.ts";
import { count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { floats } from "./checks.ts";
import { call } from "./lowering.ts";
import { alike } from "./rules.ts";

export const reluGrad: OpDef = {
  kind: "reluGrad",
  infer: floats,
  rules: (site) => [...alike(site), { ins: [B, P("sum")], outs: [P("sum")] }],
  lower({ ins: [y, dy], outs: [dx] }) {
    const n = count(dx!.shape);
    return n ? [call("relu_grad", n, y!.arg, dy!.arg, dx!.arg)] : [];
  },
};
