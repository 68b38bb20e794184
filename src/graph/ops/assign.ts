/** @file (state, value) → the state, which becomes the value when the step ends. The compiler puts it last. */
import type { OpDef } from "../op.ts";
import { checkAlike, checkSame } from "./checks.ts";
import { to } from "./to.ts";
import { byElement } from "./update.ts";

export const assign: OpDef = {
  kind: "assign",
  moves: true,
  infer([state, value]) {
    checkAlike([state!, value!]);
    checkSame(state!, value!);
    return [state!];
  },
  rules: byElement(0),
  inPlace: [[0, 0]],
  lower: (site) => to.lower({ ...site, ins: [site.ins[1]!], outs: [site.ins[0]!] }),
  flops: () => 0,
};
