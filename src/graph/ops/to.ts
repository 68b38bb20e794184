/** @file The identity with a wish: the compiler turns `attrs.layout` and the placement of the output into boxing. */
import { itemSize } from "../../ir/dtype.ts";
import { samePlacement } from "../../ir/placement.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import { count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { call } from "./lowering.ts";
import { alike, pass } from "./rules.ts";

export const to: OpDef = {
  kind: "to",
  moves: true,
  infer: ([x]) => [x!],
  rules: (site) => [...alike(site), ...monoidNames.map((monoid) => pass(monoid))],
  gradient: ({ ins: [x], grads: [g] }) => [
    () =>
      samePlacement(x!.placement, g!.placement)
        ? g!
        : g!.builder.apply("to", [g!], { layout: null }, { placement: x!.placement })[0]!,
  ],
  lower({ ins: [x], outs: [y] }) {
    const n = count(y!.shape);
    if (n === 0) return [];
    const row = [1, 1, 1, n];
    const strides = [0, 0, 0, 1];
    return [call("copy_box", itemSize[y!.dtype], ...row, ...strides, ...strides, x!.arg, 0, y!.arg, 0, null)];
  },
  flops: () => 0,
};
