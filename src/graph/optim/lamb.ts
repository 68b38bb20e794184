/** @file LAMB: its options and its update. */

import { checkOptions } from "../../ir/errors.ts";
import { checkOption } from "../check-option.ts";
import { userLine } from "../source.ts";
import { emit } from "../tensor.ts";
import { sumOfSquares } from "./squares.ts";
import { learningRate, moment, type Optimizer, type Rule, stepCounter, write } from "./update.ts";

export interface LambOptions {
  readonly lr: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-6. */
  readonly eps?: number;
}

/**
 * LAMB: Adam's direction with decay, scaled for each parameter by ‖parameter‖ / ‖direction‖ (1 where one of them is 0).
 * States: `<parameter>.m`, `<parameter>.v`, `lamb.step`. Throws GraphError SL1060 for an option out of range, OptionError SL1074 for one that does not exist. Source: You
 * et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020.
 *
 * @example
 * g.minimize(loss, optim.lamb({ lr: 2e-3 }));
 */
export function lamb(given: LambOptions): Optimizer {
  checkOptions("SL1074", "optim.lamb", given ?? {}, ["lr", "weightDecay", "beta1", "beta2", "eps"], userLine);
  const { lr, weightDecay = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-6 } = given ?? ({} as LambOptions);
  checkOption("optim.lamb", "lr", lr, 0);
  checkOption("optim.lamb", "weightDecay", weightDecay, 0);
  checkOption("optim.lamb", "beta1", beta1, 0, 1);
  checkOption("optim.lamb", "beta2", beta2, 0, 1);
  checkOption("optim.lamb", "eps", eps, 0);
  return { kind: "lamb", options: { lr, beta1, beta2, eps, weightDecay } };
}

export const lambRule: Rule = (site) => {
  const [lr, step] = [learningRate(site), stepCounter(site)];
  const { builder } = site;
  const { lr: _, ...attrs } = site.options;
  return (parameter, gradient) => {
    const { name, placement } = parameter;
    const moments = ["m", "v"].map((suffix) => moment(builder, parameter, suffix));
    const writes = [...moments.map((state) => state.name), null];
    const ins = [parameter, ...moments, gradient, step(placement)] as const;
    const direction = write(site, "lambDirection", ins, attrs, { name: `${name}.direction`, writes })[2]!;
    const rate = builder.within(`${name}.rate`, () =>
      emit("trustedRate", [sumOfSquares(parameter), sumOfSquares(direction), lr(placement)]),
    );
    const plain = { momentum: 0, weightDecay: 0, nesterov: false };
    write(site, "sgd", [parameter, direction, rate], plain, { name: `${name}.update`, writes: [name] });
  };
};
