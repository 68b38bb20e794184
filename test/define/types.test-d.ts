/** @file What callers and authors of an op are told while they type. */
import { defineOp, S, type Shape, type Tensor } from "sluice";
import { hardSwish, leaky } from "./ops.ts";

declare const x: Tensor<["batch", 4], "float32">;
declare const ids: Tensor<["batch"], "int32">;

export const kept: Tensor<["batch", 4], "float32"> = hardSwish(x);
export const sloped: Tensor<["batch", 4], "float32"> = leaky(x, { slope: 0.1 });
// @ts-expect-error the op takes float32
hardSwish(ids);
// @ts-expect-error the attributes are missing
leaky(x);
// @ts-expect-error the attribute has another name
leaky(x, { slop: 0.1 });

type Pair = <X extends Shape>(x: Tensor<X, "float32">, ids: Tensor<["batch"], "int32">) => Tensor<X, "float32">;
export const pair = defineOp<Pair>({
  kind: "pair",
  module: import.meta.url,
  infer([x, ids]) {
    // @ts-expect-error shapes are lists of dims
    const _: number = x.shape;
    return [{ shape: x.shape, dtype: ids.dtype === "int32" ? "float32" : x.dtype }];
  },
  // @ts-expect-error a rule names no axis
  rules: () => [{ ins: [S(0), "data"], outs: [S(0)] }],
  // @ts-expect-error there are two inputs
  gradient: ({ ins: [, , third], grads: [g] }) => [() => g, undefined, () => third],
  kernel({ ins: [x, ids], outs: [y] }) {
    const data: Float32Array = x.data;
    const whole: Int32Array = ids.data;
    // @ts-expect-error the ids are whole numbers of 32 bits
    const wrong: Float32Array = ids.data;
    y.data.set(wrong.length + whole.length ? data : data);
  },
});

// @ts-expect-error an op has a kernel
defineOp<Pair>({ kind: "none", module: import.meta.url, infer: ([x]) => [x] });
