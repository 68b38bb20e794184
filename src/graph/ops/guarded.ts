/**
 * @file Updates that a step may leave out. With `attrs.guarded` an op has one operand more, an int32: where that is not 0,
 * none of its kernels run, and the states that it would write stay as they are.
 */
import type { Attrs } from "../../ir/graph.ts";
import { B } from "../../ir/layout.ts";
import type { OpDef } from "../op.ts";
import { checkDType } from "./checks.ts";
import { call } from "./lowering.ts";

const own = <T>(ins: readonly T[], { guarded }: Attrs): readonly T[] => (guarded ? ins.slice(0, -1) : ins);

export const guarded = (def: OpDef): OpDef => ({
  ...def,
  infer(ins, attrs) {
    if (attrs.guarded) checkDType(ins.at(-1)!, "int32");
    return def.infer(own(ins, attrs), attrs);
  },
  rules(site) {
    const rules = def.rules({ ...site, ins: own(site.ins, site.attrs) });
    return site.attrs.guarded ? rules.map(({ ins, outs }) => ({ ins: [...ins, B], outs })) : rules;
  },
  lower(site) {
    const calls = def.lower({ ...site, ins: own(site.ins, site.attrs) });
    return site.attrs.guarded && calls.length ? [call("unless", calls.length, site.ins.at(-1)!.arg), ...calls] : calls;
  },
});
