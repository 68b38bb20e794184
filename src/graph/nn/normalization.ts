/** @file Layers that normalise the last dims: layer norm and RMS norm. */

import { GraphError, ShapeError } from "../../ir/errors.ts";
import { checkOption } from "../check-option.ts";
import { sameShape } from "../dims.ts";
import { showOperand } from "../infer.ts";
import { userLine } from "../source.ts";
import { emit } from "../tensor.ts";
import { type Module, makeModule } from "./module.ts";
import { type Entry, type Named, own, type Param, scopeOf, useParameter } from "./parameter.ts";

/** The dims that a norm is over: one by its width, or several as a list. */
type Dims<W> = W extends number ? [W] : W extends readonly number[] ? [...W] : never;

export interface NormOptions<N extends string> {
  readonly name?: N;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

/** A norm over the last dims, of these parameters with their start. */
function norm(kind: string, dims: readonly number[], eps: number, name: string | undefined, start: object) {
  const subject = `nn.${kind}([${dims.join(",")}])`;
  if (dims.length === 0 || dims.some((dim) => !Number.isSafeInteger(dim) || dim < 1))
    throw new GraphError("SL1102", `[${dims.join(",")}] are no widths`, {
      subject,
      at: userLine(),
      hint: "give one whole number from 1 on, or a list of them",
    });
  checkOption(subject, "eps", eps, 0);
  const constants = Object.entries(start as Readonly<Record<string, number>>).map(([key, value]) => {
    return [key, { shape: dims, init: () => ({ kind: "constant", value }) as const }] as const;
  });
  const parameters = own(name, Object.fromEntries(constants));
  return makeModule({ in: [...dims], out: [...dims], parameters }, (x) => {
    const tail = x.shape.slice(-dims.length);
    if (!sameShape(tail, dims))
      throw new ShapeError("SL1103", `expected [..., ${dims.join(", ")}], got ${showOperand(x.builder.shown(x.id))}`, {
        subject,
        at: userLine(),
        hint: "make the norm for the last dims of the tensor, or permute them",
      });
    const used = parameters.map((entry) => useParameter(entry as Entry<never>, x));
    return x.builder.within(scopeOf(used[0]!), () => emit(kind, [x, ...used], { dims: dims.length, eps }), {
      absolute: true,
    });
  });
}

const list = (shape: number | readonly number[]) => (typeof shape === "number" ? [shape] : shape);

/**
 * Layer norm over the last dim, or the last dims as a list: `(x − mean) / √(variance + ε) · weight + bias`, the
 * parameters of the shape of these dims; weight starts at 1, bias at 0.
 *
 * Throws GraphError SL1102 for a width that is no positive integer, SL1060 for a negative ε, and when it is called
 * ShapeError SL1103 for a tensor of other dims. Source: Ba, Kiros and Hinton, "Layer normalization", 2016.
 *
 * @example
 * const norm = nn.layerNorm(64, { name: "ln" }); // parameters ln.weight, ln.bias
 */
export const layerNorm = <const W extends number | readonly number[], N extends string = never>(
  shape: W,
  { name, eps = 1e-5 }: NormOptions<N> = {},
): Module<Dims<W>, Dims<W>, Named<N, Param<".weight", Dims<W>> | Param<".bias", Dims<W>>>> =>
  norm("layerNorm", list(shape), eps, name, { weight: 1, bias: 0 }) as never;

/**
 * RMS norm over the last dim, or the last dims as a list: `x / √(mean of x² + ε) · weight`; weight starts at 1. Throws as
 * `layerNorm` does. Source: Zhang and Sennrich, "Root mean square layer normalization", 2019.
 *
 * @example
 * const norm = nn.rmsNorm(64, { name: "norm" }); // parameter norm.weight
 */
export const rmsNorm = <const W extends number | readonly number[], N extends string = never>(
  shape: W,
  { name, eps = 1e-5 }: NormOptions<N> = {},
): Module<Dims<W>, Dims<W>, Named<N, Param<".weight", Dims<W>>>> =>
  norm("rmsNorm", list(shape), eps, name, { weight: 1 }) as never;
