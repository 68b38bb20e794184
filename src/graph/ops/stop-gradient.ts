/** @file The identity through which nothing is learnt. */

import type { OpDef } from "../op.ts";
import { to } from "./to.ts";

export const stopGradient: OpDef = {
  kind: "stopGradient",
  moves: true,
  infer: to.infer,
  rules: to.rules,
  lower: to.lower,
  flops: () => 0,
  stopsGradient: true,
};
