/**
 * @file An op of one's own, whole in one file: hardSwish(x) = x · min(max(x + 3, 0), 6) / 6, the cheap relative of
 * x · sigmoid(x) from "Searching for MobileNetV3" (Howard et al., 2019), and its gradient, which is an op too.
 *
 * Executor threads load this file to get the kernels, so nothing but definitions stands in it.
 */
import { B, defineOp, opError, P, S, type Shape, type Tensor } from "sluice";

export const hardSwish = defineOp<<X extends Shape>(x: Tensor<X, "float32">) => Tensor<X, "float32">>({
  kind: "hardSwish",
  module: import.meta.url,

  // The types of its outputs. float64 is taken too: the check is more exact then.
  infer([x]) {
    if (x.dtype !== "float32" && x.dtype !== "float64") throw opError(`takes floats, got ${x.dtype}`);
    return [x];
  },

  // Element by element, so a split of any dim stays as it is. Sums of parts do not: the function is not linear.
  rules: ({ ins: [x] }) => x.shape.map((_, dim) => ({ ins: [S(dim)], outs: [S(dim)] })),

  gradient: ({ ins: [x], grads: [g] }) => [() => hardSwishGrad(x, g)],

  // One rank's part, whatever its extents.
  kernel({ ins: [x], outs: [y] }) {
    for (let i = 0; i < y.data.length; i++) {
      const v = x.data[i]!;
      y.data[i] = (v * Math.min(Math.max(v + 3, 0), 6)) / 6;
    }
  },
});

/** From x and the gradient of hardSwish(x) the gradient of x. */
const hardSwishGrad = defineOp<
  <X extends Shape>(x: Tensor<X, "float32">, g: Tensor<X, "float32">) => Tensor<X, "float32">
>({
  kind: "hardSwishGrad",
  module: import.meta.url,
  infer: ([x]) => [x],
  // Linear in g, so it also takes parts of a sum, where x is whole on every rank.
  rules: ({ ins: [x] }) => [
    ...x.shape.map((_, dim) => ({ ins: [S(dim), S(dim)], outs: [S(dim)] })),
    { ins: [B, P("sum")], outs: [P("sum")] },
  ],
  kernel({ ins: [x, g], outs: [dx] }) {
    for (let i = 0; i < dx.data.length; i++) {
      const v = x.data[i]!;
      const slope = v <= -3 ? 0 : v >= 3 ? 1 : v / 3 + 0.5;
      dx.data[i] = slope * g.data[i]!;
    }
  },
});
