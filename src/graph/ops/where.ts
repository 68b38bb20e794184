/** @file (condition, x, y): x where the condition is true, else y; with NumPy's broadcasting over all three. */
import { itemSize } from "../../ir/dtype.ts";
import { B, P, type Sbp } from "../../ir/layout.ts";
import { broadcastShapes } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { constantLike, emit } from "../tensor.ts";
import { splits, sumTo } from "./broadcast.ts";
import { checkAlike, checkDType } from "./checks.ts";
import { elementwise, inWalk } from "./elementwise.ts";

/** Every element comes from one side: so do its parts. Of a maximum, a whole value is a part already. */
const partial = (["sum", "max", "min"] as const).flatMap((monoid): [Sbp, Sbp][] => {
  const p = P(monoid);
  return monoid === "sum"
    ? [[p, p]]
    : [
        [p, p],
        [p, B],
        [B, p],
      ];
});

export const where: OpDef = {
  kind: "where",
  moves: true,
  infer(ins) {
    const [condition, x, y] = [ins[0]!, ins[1]!, ins[2]!];
    checkDType(condition, "bool");
    checkAlike([x, y]);
    return [{ shape: broadcastShapes(ins.map(({ shape }) => shape)), dtype: x.dtype }];
  },
  rules: (site) => [...splits(site), ...partial.map(([x, y]) => ({ ins: [B, x, y], outs: [x.kind === "P" ? x : y] }))],
  gradient({ ins: [condition, x, y], grads: [g] }) {
    const zero = () => constantLike(g!, 0, g!.dtype, "where");
    return [
      undefined,
      () => sumTo(emit("where", [condition!, g!, zero()]), x!),
      () => sumTo(emit("where", [condition!, zero(), g!]), y!),
    ];
  },
  ...elementwise(({ outs: [y] }) => inWalk("select", [itemSize[y!.dtype]])),
};
