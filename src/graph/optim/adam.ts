/** @file Adam: AdamW's update without its decay; a decay, if wanted, is added to the gradient. */

import { checkOptions } from "../../ir/errors.ts";
import { checkOption } from "../check-option.ts";
import { userLine } from "../source.ts";
import { emit } from "../tensor.ts";
import { adamWRule } from "./adamw.ts";
import type { Optimizer, Rule } from "./update.ts";

export interface AdamOptions {
  readonly lr: number;
  /** Added to the gradient, times the parameter. Default 0. */
  readonly weightDecay?: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly eps?: number;
}

/**
 * Adam with PyTorch's defaults. States: `<parameter>.m`, `<parameter>.v`, `adam.step`. Throws GraphError SL1060 for an
 * option out of range, OptionError SL1074 for one that does not exist. Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
 *
 * @example
 * g.minimize(loss, optim.adam({ lr: 1e-3 }));
 */
export function adam(given: AdamOptions): Optimizer {
  checkOptions("SL1074", "optim.adam", given ?? {}, ["lr", "weightDecay", "beta1", "beta2", "eps"], userLine);
  const { lr, weightDecay = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = given ?? ({} as AdamOptions);
  checkOption("optim.adam", "lr", lr, 0);
  checkOption("optim.adam", "weightDecay", weightDecay, 0);
  checkOption("optim.adam", "beta1", beta1, 0, 1);
  checkOption("optim.adam", "beta2", beta2, 0, 1);
  checkOption("optim.adam", "eps", eps, 0);
  return { kind: "adam", options: { lr, beta1, beta2, eps, weightDecay } };
}

export const adamRule: Rule = (site) => {
  const decay = site.options.weightDecay as number;
  const update = adamWRule({ ...site, options: { ...site.options, weightDecay: 0 } });
  return (parameter, gradient) => {
    const pull = () => emit("add", [gradient, emit("affine", [parameter], { mul: decay, add: 0 })]);
    update(parameter, decay ? site.builder.within(`${parameter.name}.decay`, pull, { flat: true }) : gradient);
  };
};
