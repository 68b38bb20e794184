/** @file SGD, with momentum if wanted: its options and its update. */

import { checkOptions, GraphError } from "../../ir/errors.ts";
import { checkOption } from "../check-option.ts";
import { userLine } from "../source.ts";
import { learningRate, moment, type Optimizer, type Rule, write } from "./update.ts";

export interface SgdOptions {
  readonly lr: number;
  /** Default 0: no velocity is kept. */
  readonly momentum?: number;
  /** Added to the gradient, times the parameter. Default 0. */
  readonly weightDecay?: number;
  /** Look ahead along the velocity. Default false. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent as PyTorch's. State: `<parameter>.momentum`, when there is momentum. Throws GraphError
 * SL1060 for an option out of range, OptionError SL1074 for one that does not exist.
 *
 * @example
 * g.minimize(loss, optim.sgd({ lr: 0.1, momentum: 0.9 }));
 */
export function sgd(given: SgdOptions): Optimizer {
  checkOptions("SL1074", "optim.sgd", given ?? {}, ["lr", "momentum", "weightDecay", "nesterov"], userLine);
  const { lr, momentum = 0, weightDecay = 0, nesterov = false } = given ?? ({} as SgdOptions);
  checkOption("optim.sgd", "lr", lr, 0);
  checkOption("optim.sgd", "momentum", momentum, 0);
  checkOption("optim.sgd", "weightDecay", weightDecay, 0);
  if (nesterov && momentum === 0)
    throw new GraphError("SL1060", "nesterov looks along a velocity, but momentum is 0", {
      subject: "optim.sgd",
      at: userLine(),
      hint: "give a momentum, 0.9 say",
    });
  return { kind: "sgd", options: { lr, momentum, weightDecay, nesterov } };
}

export const sgdRule: Rule = (site) => {
  const lr = learningRate(site);
  const { lr: _, ...attrs } = site.options;
  return (parameter, gradient) => {
    const moments = site.options.momentum ? [moment(site.builder, parameter, "momentum")] : [];
    const writes = [parameter, ...moments].map(({ name }) => name);
    const ins = [parameter, ...moments, gradient, lr(parameter.placement)] as const;
    write(site, "sgd", ins, attrs, { name: `${parameter.name}.update`, writes });
  };
};
