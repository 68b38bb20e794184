/**
 * @file A gradient that the user wrote, as data: `cotangent` stands for the gradient of a tensor until there is one, and
 * `withGradient` is the tensor again, knowing what its inputs' gradients would be, written in terms of the cotangent.
 * Autodiff writes them out for the gradient that it has; both are gone before layouts are chosen.
 */
import { showType } from "../../ir/dtype.ts";
import { InternalError, ShapeError } from "../../ir/errors.ts";
import { sameShape } from "../dims.ts";
import type { OpDef } from "../op.ts";

const neverRuns = (kind: string): Pick<OpDef, "rules" | "lower"> => ({
  rules: () => [],
  lower() {
    throw new InternalError(`${kind} is written out by autodiff before anything is lowered`);
  },
});

/** (y) → what has y's type. */
export const cotangent: OpDef = { kind: "cotangent", moves: true, infer: ([y]) => [y!], ...neverRuns("cotangent") };

/** Operands behind the first two: inputs, then as many gradients. */
const pairs = <T>(rest: readonly T[]) =>
  rest.slice(0, rest.length / 2).map((x, i) => [x, rest[rest.length / 2 + i]!] as const);

/** (y, cotangent of y, inputs, their gradients) → y. */
export const withGradient: OpDef = {
  kind: "withGradient",
  moves: true,
  infer([y, , ...rest]) {
    for (const [x, g] of pairs(rest))
      if (g.dtype !== x.dtype || !sameShape(g.shape, x.shape))
        throw new ShapeError("SL1092", `the gradient of an input is ${showType(g)}, the input ${showType(x)}`, {
          hint: "give a gradient of the input's own shape and dtype",
        });
    return [y!];
  },
  gradient: ({ ins: [, seed, ...rest], grads: [g] }) => [
    undefined,
    undefined,
    ...pairs(rest).map(
      ([, gradient]) =>
        () =>
          seed!.builder.substitute(gradient, seed!, g!),
    ),
  ],
  ...neverRuns("withGradient"),
};
