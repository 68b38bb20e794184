/**
 * @file `graph(mesh, …)`: runs the user's function once and keeps what it built. Inputs are declared as an object, so
 * that feeds, dims and outputs are typed; `model` lets names and shapes of parameters reach the types.
 */
import { checkOptions, GraphError, OptionError, showGiven } from "../ir/errors.ts";
import type { Attr, LogicalGraph } from "../ir/graph.ts";
import { Builder } from "./builder.ts";
import { type LossScale, scalingOf } from "./loss-scale.ts";
import { type HasParameters, nameParameters, type Param, type ParamsOf } from "./nn/parameter.ts";
import { checkClipNorm } from "./optim/clipping.ts";
import { checkOptimizer } from "./optim/rules.ts";
import type { Optimizer } from "./optim/update.ts";
import type { Input, Placement } from "./placement.ts";
import { type Random, randomOf } from "./random.ts";
import { userLine } from "./source.ts";
import { checkOutputs, checkSpec } from "./spec.ts";
import { assignState, userState } from "./state.ts";
import type { Tensor } from "./tensor.ts";
import type { Float } from "./types/dtype.ts";
import type { DType, Shape } from "./types/shape.ts";

export type Inputs = { readonly [name: string]: Input };
export type Outputs = { readonly [name: string]: Tensor };
export type TensorsOf<I> = { readonly [K in keyof I]: I[K] extends Input<infer S, infer D> ? Tensor<S, D> : never };
/** Axes of a placement, or of all in a list: each is asked alone, as inferring one name for all would take their intersection. */
export type AxesOf<P> = P extends readonly (infer Q)[] ? AxesOf<Q> : P extends Placement<infer A> ? A : never;

export interface MinimizeOptions {
  /** Patterns of parameters that stay as they are. */
  readonly frozen?: readonly string[];
  /** Keeps small gradients from vanishing in 16 bits. Default: none. */
  readonly lossScale?: LossScale;
  /** No norm of all gradients together is above this. Default: any may be. */
  readonly clipNorm?: number;
}

/** What is known of a step whose gradients are clipped. */
export interface Clipped {
  readonly gradientNorm: Tensor<[], "float32">;
}

/** What is known of a step whose loss is scaled. */
export interface Scaled {
  readonly lossScale: Tensor<[], "float32">;
  readonly skipped: Tensor<[], "int32">;
}

/** What the function given to {@link graph} may ask for. */
export interface Training {
  /** Does the graph train? See `mode` of {@link graph}. */
  readonly training: boolean;
  /** Tensors that are drawn anew every step. */
  readonly random: Random;
  /**
   * Trains every parameter that `loss` reaches, once a step; but not those whose names a pattern of `frozen` means, in
   * which `*` stands for anything. Throws ShapeError SL1019 for a loss that is not one number; `compile` throws GraphError
   * SL1053 for a pattern that means no parameter.
   *
   * With `lossScale` the backward pass starts from the scale instead of 1, and a step in which a gradient is not finite
   * changes neither parameters nor what the optimizer keeps, on all ranks alike. The scale is the state `lossScale`.
   * `lossScale` of what is returned is the scale of this step, `skipped` is 1 if the step changed nothing, else 0. Throws
   * GraphError SL1060 for a number out of range, OptionError SL1074 and SL1075.
   *
   * With `clipNorm` all gradients that the step trains with are multiplied by min(1, clipNorm / (norm + 1e-6)), where the
   * norm is the square root of the sum of squares of all their elements, whatever their layouts and placements; with
   * `lossScale` after they are divided by it. `gradientNorm` is the norm before, in a step that is skipped infinite or NaN.
   * Without `lossScale` nothing holds a step up: from a norm of NaN on all trained parameters are NaN, and an infinite one
   * makes NaN of what is infinite and 0 of the rest. Source: PyTorch's clip_grad_norm_. Throws GraphError SL1060 unless it
   * is a finite number above 0.
   *
   * @example
   * g.minimize(loss, optim.adamW({ lr: 1e-3 }), { frozen: ["backbone.*"] });
   *
   * @example
   * const { gradientNorm } = g.minimize(loss, optim.adamW({ lr: 1e-3 }), { clipNorm: 1 });
   * return { loss, gradientNorm };
   *
   * @example
   * const { skipped } = g.minimize(loss, optim.adamW({ lr: 1e-3 }), { lossScale: "dynamic" });
   */
  minimize(
    loss: Tensor<[], Float>,
    optimizer: Optimizer,
    options: MinimizeOptions & { lossScale: LossScale; clipNorm: number },
  ): Scaled & Clipped;
  minimize(loss: Tensor<[], Float>, optimizer: Optimizer, options: MinimizeOptions & { lossScale: LossScale }): Scaled;
  minimize(loss: Tensor<[], Float>, optimizer: Optimizer, options: MinimizeOptions & { clipNorm: number }): Clipped;
  minimize(loss: Tensor<[], Float>, optimizer: Optimizer, options?: MinimizeOptions): void;
  /**
   * A tensor that is kept from step to step, as it was when this step began; all values are `init`, 0 unless given, before
   * the first. It lives on the graph's mesh, the first one where there are several, or on `on`. `sharding` lays it out by
   * its name. Throws GraphError SL1032 when the name is taken by a state of another type, SL1094 for a shape that is not
   * of whole numbers.
   *
   * @example
   * const seen = g.state("examples.seen", [], "int32");
   * g.assign(seen, seen.add(128));
   */
  state<const S extends number[], D extends "float32" | "float64" | "int32" | "int64">(
    name: string,
    shape: readonly [...S],
    dtype: D,
    options?: { readonly init?: number; readonly on?: Placement },
  ): Tensor<S, D>;
  /**
   * What a state becomes when the step ends; in the step it stays as it was. No gradient flows into it. Throws GraphError
   * SL1095 for what is no state, SL1033 for a state that is written already, ShapeError SL1012 and SL1013 for a value of
   * another type.
   */
  assign<S extends Shape, D extends DType>(state: Tensor<S, D>, value: Tensor<NoInfer<S>, NoInfer<D>>): void;
}

/** A finished logical graph with the types of its inputs and outputs. */
export interface Graph<Axes extends string, I extends Inputs, O extends Outputs, Params extends Param> {
  readonly name: string;
  readonly inputs: I;
  readonly outputs: O;
  readonly logical: LogicalGraph;
  readonly "~types"?: { axes: Axes; params: Params };
}

// biome-ignore lint/suspicious/noExplicitAny: "some placement", in constraints only
type AnyPlacement = Placement<any>;

/**
 * The logical graph, written as for one device. The function is called at once. It lives on `on`: one placement, or a
 * list of all that tensors move to by `.to(…)`, whatever meshes these make of the ranks. A parameter lives where the
 * function first meets it, and is moved from there to where else it is met.
 *
 * Some modules behave otherwise in training: dropout, batch norm. `mode` says which graph this is; without it, it is
 * "train" if the graph minimises something, else "eval". Where a module wants to know before the function has come to its
 * `minimize`, the function is called a second time, so it must do the same each time.
 *
 * Throws what `checkSpec` does not take: PlacementError SL1141, OptionError SL1074 and SL1075, GraphError SL1142; GraphError SL1034 when an output is no tensor of this graph, SL1036 when it is called `step`, SL1061 for two parameters of one name,
 * PlacementError SL1035 for an input, a state or a `.to(…)` on ranks that are none of `on`'s, and what the ops throw.
 *
 * @example
 * const training = graph(mesh, {
 *   name: "mnist", model: net,
 *   inputs: { image: mesh.input(["batch", 784], "float32"), label: mesh.input(["batch"], "int32") },
 * }, ({ image, label }, g) => {
 *   const loss = nn.softmaxCrossEntropy(net(image), label).mean();
 *   g.minimize(loss, optim.adamW({ lr: 1e-3 }));
 *   return { loss };
 * });
 */
export function graph<
  const On extends AnyPlacement | readonly AnyPlacement[],
  I extends Inputs,
  O extends Outputs,
  M extends HasParameters = HasParameters,
>(
  on: On,
  spec: { readonly name: string; readonly inputs: I; readonly model?: M; readonly mode?: "train" | "eval" },
  build: (inputs: TensorsOf<I>, g: Training) => O,
): Graph<AxesOf<On>, I, O, ParamsOf<M>> {
  const meshes: readonly Placement[] = Array.isArray(on) ? on : [on];
  checkSpec(meshes, spec, build);
  const run = (training: boolean) => {
    const builder = new Builder(
      spec.name,
      training,
      meshes.map(({ data }) => data),
    );
    if (spec.model) nameParameters(builder, spec.model);
    let trains = false;
    const placed = Object.entries(spec.inputs).map(([name, input]) => [name, place(builder, name, input)] as const);
    const outputs = build(Object.fromEntries(placed) as TensorsOf<I>, {
      get training() {
        return builder.training;
      },
      random: randomOf(builder, meshes[0]!.data),
      minimize(loss: Tensor, optimizer: Optimizer, options: MinimizeOptions = {}) {
        trains = true;
        checkOptimizer(optimizer);
        const frozen = frozenOf(options);
        const scaled = options.lossScale !== undefined && { lossScale: { ...scalingOf(options.lossScale) } };
        const { clipNorm } = options;
        if (clipNorm !== undefined) checkClipNorm(clipNorm);
        const clips = clipNorm !== undefined && { clipNorm };
        const attrs = { optimizer: optimizer as unknown as Attr, frozen, ...scaled, ...clips };
        const found = builder.apply("minimize", [loss], attrs);
        const [lossScale, skipped] = found;
        return { ...(scaled && { lossScale, skipped }), ...(clips && { gradientNorm: found.at(-1) }) } as never;
      },
      state(name, shape, dtype, options = {}) {
        checkOptions("SL1074", `state "${String(name)}"`, options, ["init", "on"], userLine);
        const { init = 0, on } = options;
        return userState(builder, { name, shape, dtype, init }, on?.data ?? meshes[0]!.data) as never;
      },
      assign: (state, value) => assignState(state as Tensor, value as Tensor),
    });
    checkOutputs(spec.name, outputs);
    const ids = Object.entries(outputs).map(([name, tensor]) => [name, idOf(builder, name, tensor)]);
    const inputs = Object.fromEntries(placed.map(([name, tensor]) => [name, tensor.id]));
    const logical = builder.finish(inputs, Object.fromEntries(ids));
    const built = { name: spec.name, inputs: spec.inputs, outputs, logical };
    return { built, otherwise: trains && !training && builder.modeMatters };
  };
  if (spec.mode) return run(spec.mode === "train").built;
  const { built, otherwise } = run(false);
  return otherwise ? run(true).built : built;
}

/** Patterns of parameters that a loss leaves alone. */
function frozenOf(options: MinimizeOptions): readonly string[] {
  checkOptions("SL1074", "minimize", options, ["frozen", "lossScale", "clipNorm"], userLine);
  const { frozen = [] } = options;
  if (Array.isArray(frozen) && frozen.every((pattern) => typeof pattern === "string")) return frozen;
  throw new OptionError("SL1075", `it is ${showGiven(frozen)}, not a list of names`, {
    subject: "minimize, option frozen",
    at: userLine(),
    choices: ['["fc1.bias"]', '["backbone.*"]'],
  });
}

function place(builder: Builder, name: string, input: Input): Tensor {
  const { shape, dtype, layout, placement, at } = input;
  return builder.apply("input", [], { name, shape, dtype, layout }, { name, placement, at })[0]!;
}

function idOf(builder: Builder, name: string, tensor: Tensor | undefined): number {
  if (name === "step")
    throw new GraphError("SL1036", "the name is taken by the number of the step", {
      subject: `output "${name}"`,
      at: userLine(),
      hint: "give it another name",
    });
  if (tensor?.builder === builder) return tensor.id;
  throw new GraphError("SL1034", tensor?.builder ? "it belongs to another graph" : "it is not a tensor", {
    subject: `output "${name}"`,
    at: userLine(),
    hint: "return tensors made in this function, such as { loss }",
  });
}
