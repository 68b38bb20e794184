/** @file To another dtype, element by element. */
import type { DType } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import { count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { call } from "./lowering.ts";
import { alike, pass } from "./rules.ts";

/** Codes of the `cast` kernel. */
const code: Readonly<Record<DType, number>> = { float32: 0, int32: 1, bool: 2 };

export const cast: OpDef = {
  kind: "cast",
  infer([x], attrs) {
    const dtype = attrs.dtype as DType;
    if (!(dtype in code)) throw new ShapeError("SL1000", `unknown dtype "${dtype}"`, { choices: Object.keys(code) });
    return [{ shape: x!.shape, dtype }];
  },
  rules(site) {
    const same = site.attrs.dtype === site.ins[0]!.dtype;
    const numbers = site.attrs.dtype !== "bool" && site.ins[0]!.dtype !== "bool";
    // Not P(sum) from int32 to float32: parts may be far larger than their sum, and would be rounded.
    return [...alike(site), ...(same ? [pass("sum")] : []), ...(numbers ? [pass("max"), pass("min")] : [])];
  },
  /** Integers have no gradient: only float to float passes it on. */
  gradient: ({ ins: [x], grads: [g] }) => [x!.dtype === "float32" && g!.dtype === "float32" ? () => g! : undefined],
  lower({ ins: [x], outs: [y] }) {
    const n = count(y!.shape);
    return n ? [call("cast", code[x!.dtype], code[y!.dtype], n, x!.arg, y!.arg)] : [];
  },
};
