/** @file Moves a state towards a value, in place: (state, value) → state · (1 − rate) + value · rate. */
import { count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { callOn } from "./lowering.ts";
import { byElement, checkLike } from "./update.ts";

export const blend: OpDef = {
  kind: "blend",
  infer(ins) {
    checkLike(ins);
    return [ins[0]!];
  },
  rules: byElement(0),
  inPlace: [[0, 0]],
  lower({ ins: [state, value], attrs }) {
    const n = count(state!.shape);
    return n ? [callOn(state!.dtype, "blend", n, attrs.rate as number, value!.arg, state!.arg)] : [];
  },
};
