/** @file The linear layer: x·W + b on the last dim. */

import { GraphError, ShapeError } from "../../ir/errors.ts";
import type { Init } from "../../ir/graph.ts";
import { showOperand } from "../infer.ts";
import { userLine } from "../source.ts";
import { emit, type Tensor } from "../tensor.ts";
import { type Module, makeModule } from "./module.ts";
import { type Entry, type Named, own, type Param, scopeOf, useParameter } from "./parameter.ts";

/**
 * `y = x·weight + bias`, weight `[inputs, outputs]`, bias `[outputs]`. Both start uniform in ±1/√inputs, as PyTorch's do.
 *
 * Throws GraphError SL1063 for a width that is no positive integer, and when it is called ShapeError SL1064 for a tensor
 * of another width.
 *
 * @example
 * const fc = nn.linear(784, 512, { name: "fc1" }); // parameters fc1.weight, fc1.bias
 */
export function linear<In extends number, Out extends number, N extends string = never>(
  inputs: In,
  outputs: Out,
  options: { readonly name?: N } = {},
): Module<[In], [Out], Named<N, Param<".weight", [In, Out]> | Param<".bias", [Out]>>> {
  const wrong = [inputs, outputs].find((width) => !Number.isSafeInteger(width) || width < 1);
  if (wrong !== undefined)
    throw new GraphError("SL1063", `${wrong} is not a width`, {
      subject: `nn.linear(${inputs}, ${outputs})`,
      at: userLine(),
      hint: "give whole numbers from 1 on",
    });
  const bound = 1 / Math.sqrt(inputs);
  const init = (key: string): Init => ({ kind: "uniform", low: -bound, high: bound, key });
  const parameters = own(options.name, {
    weight: { shape: [inputs, outputs], init },
    bias: { shape: [outputs], init },
  });
  const [weight, bias] = parameters as readonly [Entry<never>, Entry<never>];
  return makeModule({ in: [inputs], out: [outputs], parameters }, (x) => {
    checkWidth(x, inputs, outputs);
    const w = useParameter(weight, x);
    const b = useParameter(bias, x);
    return x.builder.within(
      scopeOf(w),
      () => emit("add", [emit("matmul", [x, w], { transposeA: false, transposeB: false }), b]),
      { absolute: true },
    );
  }) as never;
}

function checkWidth(x: Tensor, inputs: number, outputs: number): void {
  if (x.shape.at(-1) === inputs) return;
  throw new ShapeError("SL1064", `expected [..., ${inputs}], got ${showOperand(x.builder.shown(x.id))}`, {
    subject: `nn.linear(${inputs}, ${outputs})`,
    at: userLine(),
    hint: `make the layer for ${x.shape.at(-1) ?? "a dim"} inputs, or reshape the tensor`,
  });
}
