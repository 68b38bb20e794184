/** @file AdamW: its options and its update. */

import { checkOptions } from "../../ir/errors.ts";
import { checkOption } from "../check-option.ts";
import { userLine } from "../source.ts";
import { learningRate, moment, type Optimizer, type Rule, stepCounter, write } from "./update.ts";

export interface AdamWOptions {
  readonly lr: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly eps?: number;
}

/**
 * AdamW with PyTorch's defaults. States: `<parameter>.m`, `<parameter>.v`, `adamW.step`. Throws GraphError SL1060 for an
 * option out of range, OptionError SL1074 for one that does not exist. Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
 *
 * @example
 * g.minimize(loss, optim.adamW({ lr: 1e-3 }));
 */
export function adamW(given: AdamWOptions): Optimizer {
  checkOptions("SL1074", "optim.adamW", given ?? {}, ["lr", "weightDecay", "beta1", "beta2", "eps"], userLine);
  const { lr, weightDecay = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = given ?? ({} as AdamWOptions);
  checkOption("optim.adamW", "lr", lr, 0);
  checkOption("optim.adamW", "weightDecay", weightDecay, 0);
  checkOption("optim.adamW", "beta1", beta1, 0, 1);
  checkOption("optim.adamW", "beta2", beta2, 0, 1);
  checkOption("optim.adamW", "eps", eps, 0);
  return { kind: "adamW", options: { lr, beta1, beta2, eps, weightDecay } };
}

export const adamWRule: Rule = (site) => {
  const [lr, step] = [learningRate(site), stepCounter(site)];
  const { lr: _, ...attrs } = site.options;
  return (parameter, gradient) => {
    const moments = ["m", "v"].map((suffix) => moment(site.builder, parameter, suffix));
    const ins = [parameter, ...moments, gradient, lr(parameter.placement), step(parameter.placement)] as const;
    const writes = [parameter, ...moments].map(({ name }) => name);
    write(site, "adamW", ins, attrs, { name: `${parameter.name}.update`, writes });
  };
};
