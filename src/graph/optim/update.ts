/**
 * @file What optimizers share: they are plain options until autodiff asks their rule for update ops. Moments are states
 * that follow their parameter, so they lie as it does.
 */
import type { Attrs } from "../../ir/graph.ts";
import type { PlacementData } from "../../ir/placement.ts";
import type { ApplyOptions, Builder } from "../builder.ts";
import { countSteps, onEach } from "../counter.ts";
import type { Tensor } from "../tensor.ts";
import type { Everywhere } from "./everywhere.ts";

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
  /** 1 in a step that is to change nothing, else 0. Absent: none is. */
  readonly skipped?: Everywhere;
}

/** Adds the update of one parameter. */
export type Update = (parameter: Tensor, gradient: Tensor) => void;
export type Rule = (site: UpdateSite) => Update;

export const learningRate = ({ builder, name, options }: UpdateSite) =>
  onEach((placement) => {
    const attrs = { value: options.lr!, shape: [], dtype: "float32" };
    return builder.apply("constant", [], attrs, { placement, name: `${name}.lr` })[0]!;
  });

/** The number of this step, from 1 on. */
export const stepCounter = ({ builder, name, home, skipped }: UpdateSite) =>
  countSteps(builder, `${name}.step`, "moment", home, skipped?.(home));

/** Adds an op that writes states, unless the step is skipped. */
export function write(
  { builder, skipped }: UpdateSite,
  kind: string,
  ins: readonly [Tensor, ...Tensor[]],
  attrs: Attrs,
  options: ApplyOptions,
): readonly Tensor[] {
  if (!skipped) return builder.apply(kind, ins, attrs, options);
  return builder.apply(kind, [...ins, skipped(ins[0].placement)], { ...attrs, guarded: true }, options);
}

/** A state of the parameter's shape, zero at first. */
export function moment(builder: Builder, parameter: Tensor, suffix: string): Tensor {
  const shape = parameter.shape as number[];
  const init = { kind: "constant", value: 0 } as const;
  const name = `${parameter.name}.${suffix}`;
  const follows = parameter.name;
  const { dtype, placement } = parameter;
  return builder.state({ name, kind: "moment", shape, dtype, init, checkpoint: true, follows }, placement);
}
