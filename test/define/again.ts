/** @file An op of a module that is evaluated again. */
import { defineOp, type Shape, type Tensor } from "sluice";

export const make = (kind: string, times: number) =>
  defineOp<(x: Tensor<Shape, "float32">) => Tensor<Shape, "float32">>({
    kind,
    module: import.meta.url,
    infer: ([x]) => [x],
    kernel({ ins: [x], outs: [y] }) {
      for (let i = 0; i < y.data.length; i++) y.data[i] = times * x.data[i]!;
    },
  });

export const first = make("again1", 2);
export const second = make("again2", 3);
