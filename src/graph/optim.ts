/**
 * @file Optimizers: the options that users write, and the update ops that they stand for. Moments are states that follow
 * their parameter, so they lie as it does.
 */
import { GraphError, InternalError } from "../ir/errors.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import type { Builder } from "./builder.ts";
import { userLine } from "./source.ts";
import type { Tensor } from "./tensor.ts";

/** What `optim.…(…)` returns: plain data. */
export interface Optimizer {
  readonly kind: string;
  readonly options: Readonly<Record<string, number | boolean>>;
}

/** Where updates are added. */
export interface UpdateSite {
  readonly builder: Builder;
  /** Unique in the graph; its states are named under it. */
  readonly name: string;
  readonly options: Optimizer["options"];
  /** Where the loss lives. */
  readonly home: PlacementData;
}

/** Adds the update of one parameter. */
type Update = (parameter: Tensor, gradient: Tensor) => void;
type Rule = (site: UpdateSite) => Update;

/** One value a placement, made when first asked for. */
function onEach(make: (placement: PlacementData) => Tensor): (placement: PlacementData) => Tensor {
  const made = new Map<string, Tensor>();
  return (placement) => {
    const key = showPlacement(placement);
    const tensor = made.get(key) ?? make(placement);
    made.set(key, tensor);
    return tensor;
  };
}

const learningRate = ({ builder, name, options }: UpdateSite) =>
  onEach((placement) => {
    const attrs = { value: options.lr!, shape: [], dtype: "float32" };
    return builder.apply("constant", [], attrs, { placement, name: `${name}.lr` })[0]!;
  });

/** The number of this step, from 1 on: a state that one op increments. */
function stepCounter({ builder, name, home }: UpdateSite) {
  const state = `${name}.step`;
  const init = { kind: "constant", value: 0 } as const;
  const declared = { name: state, kind: "moment", shape: [], dtype: "int32", init, checkpoint: true } as const;
  const before = builder.state(declared, home);
  const now = builder.apply("increment", [before], { by: 1 }, { name: `${state}.increment`, writes: [state] })[0]!;
  return onEach((placement) =>
    placement === now.placement
      ? now
      : builder.apply("to", [now], { layout: null }, { placement, name: `${state}.to` })[0]!,
  );
}

/** A state of the parameter's shape, zero at first. */
function moment(builder: Builder, parameter: Tensor, suffix: string): Tensor {
  const shape = parameter.shape as number[];
  const init = { kind: "constant", value: 0 } as const;
  const name = `${parameter.name}.${suffix}`;
  const follows = parameter.name;
  return builder.state(
    { name, kind: "moment", shape, dtype: "float32", init, checkpoint: true, follows },
    parameter.placement,
  );
}

const adamWRule: Rule = (site) => {
  const [lr, step] = [learningRate(site), stepCounter(site)];
  const { lr: _, ...attrs } = site.options;
  return (parameter, gradient) => {
    const moments = ["m", "v"].map((suffix) => moment(site.builder, parameter, suffix));
    const ins = [parameter, ...moments, gradient, lr(parameter.placement), step(parameter.placement)];
    const writes = [parameter, ...moments].map(({ name }) => name);
    site.builder.apply("adamW", ins, attrs, { name: `${parameter.name}.update`, writes });
  };
};

const sgdRule: Rule = (site) => {
  const lr = learningRate(site);
  const { lr: _, ...attrs } = site.options;
  return (parameter, gradient) => {
    const moments = site.options.momentum ? [moment(site.builder, parameter, "momentum")] : [];
    const writes = [parameter, ...moments].map(({ name }) => name);
    const ins = [parameter, ...moments, gradient, lr(parameter.placement)];
    site.builder.apply("sgd", ins, attrs, { name: `${parameter.name}.update`, writes });
  };
};

const rules: ReadonlyMap<string, Rule> = new Map([
  ["adamW", adamWRule],
  ["sgd", sgdRule],
]);

/** Starts the updates of one `minimize`. */
export function beginUpdates(kind: string, site: UpdateSite): Update {
  const rule = rules.get(kind);
  if (!rule) throw new InternalError(`no optimizer of kind "${kind}"`);
  return rule(site);
}

/** Throws GraphError SL1060 unless lo ≤ value < hi. */
function checkOption(call: string, name: string, value: number, lo: number, hi = Number.POSITIVE_INFINITY): void {
  if (value >= lo && value < hi) return;
  throw new GraphError("SL1060", `${name} cannot be ${value}`, {
    subject: call,
    at: userLine(),
    hint: `give a number from ${lo} on${hi < Number.POSITIVE_INFINITY ? `, below ${hi}` : ""}`,
  });
}

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
 * option out of range. Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
 *
 * @example
 * g.minimize(loss, optim.adamW({ lr: 1e-3 }));
 */
export function adamW({ lr, weightDecay = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }: AdamWOptions): Optimizer {
  checkOption("optim.adamW", "lr", lr, 0);
  checkOption("optim.adamW", "weightDecay", weightDecay, 0);
  checkOption("optim.adamW", "beta1", beta1, 0, 1);
  checkOption("optim.adamW", "beta2", beta2, 0, 1);
  checkOption("optim.adamW", "eps", eps, 0);
  return { kind: "adamW", options: { lr, beta1, beta2, eps, weightDecay } };
}

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
 * SL1060 for an option out of range.
 *
 * @example
 * g.minimize(loss, optim.sgd({ lr: 0.1, momentum: 0.9 }));
 */
export function sgd({ lr, momentum = 0, weightDecay = 0, nesterov = false }: SgdOptions): Optimizer {
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
