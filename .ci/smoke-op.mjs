/** @file An op as users define it, in plain JavaScript and in a file of its own, for `smoke.mjs`. */
import { defineOp, P, S } from "sluice";

export const triple = defineOp({
  kind: "triple",
  module: import.meta.url,
  infer: ([x]) => [x],
  rules: ({ ins: [x] }) => [
    ...x.shape.map((_, dim) => ({ ins: [S(dim)], outs: [S(dim)] })),
    ...[P("sum"), P("max"), P("min")].map((p) => ({ ins: [p], outs: [p] })),
  ],
  gradient: ({ grads: [g] }) => [() => triple(g)],
  kernel({ ins: [x], outs: [y] }) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = 3 * x.data[i];
  },
});
