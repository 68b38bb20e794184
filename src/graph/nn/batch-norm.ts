/**
 * @file Batch norm. It is made of reductions and element-wise ops, so it may be split along any dim: over a split batch
 * the partial sums of the statistics are added up between the ranks, and every layout gives what one device gives.
 */

import { GraphError, ShapeError } from "../../ir/errors.ts";
import { checkOption } from "../check-option.ts";
import { range } from "../dims.ts";
import { showOperand } from "../infer.ts";
import { userLine } from "../source.ts";
import { emit, type Tensor } from "../tensor.ts";
import { type Module, makeModule } from "./module.ts";
import { type Entry, type Named, own, type Param, scopeOf, useParameter } from "./parameter.ts";

export interface BatchNormOptions<N extends string> {
  readonly name?: N;
  /** How far the running statistics move towards those of a batch. Default 0.1. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}
type Parameters<C extends number, N extends string> = Named<N, Param<".weight", [C]> | Param<".bias", [C]>>;

const start = (value: number) => () => ({ kind: "constant", value }) as const;

/** A statistic of each channel, kept from step to step and laid out as the weight is. */
function running(weight: Tensor, statistic: "mean" | "variance", value: number): Tensor {
  const { builder, placement, shape } = weight;
  const init = { kind: "constant", value } as const;
  const state = { name: `${scopeOf(weight)}.${statistic}`, kind: "stat", shape: shape as number[], init } as const;
  return builder.state({ ...state, dtype: "float32", checkpoint: true, follows: builder.nameOf(weight) }, placement);
}

/** The mean over all dims but that of the channels. */
function meanOf(x: Tensor, spatial: number): Tensor {
  const channel = x.shape.length - 1 - spatial;
  const after = range(spatial).map((i) => channel + 1 + i);
  const inner = spatial ? emit("mean", [x], { dims: after, keep: false }) : x;
  return channel ? emit("mean", [inner], { dims: range(channel), keep: false, perMicroBatch: true }) : inner;
}

/** A norm of the channels, which have `spatial` dims after them. */
function norm(kind: string, channels: number, spatial: number, options: BatchNormOptions<string>) {
  const { name, momentum = 0.1, eps = 1e-5 } = options;
  const subject = `nn.${kind}(${channels})`;
  if (!Number.isSafeInteger(channels) || channels < 1)
    throw new GraphError("SL1109", `${channels} is no number of channels`, {
      subject,
      at: userLine(),
      hint: "give a whole number from 1 on",
    });
  checkOption(subject, "momentum", momentum, 0, 1 + Number.EPSILON);
  checkOption(subject, "eps", eps, 0);
  const parameters = own(name, {
    weight: { shape: [channels], init: start(1) },
    bias: { shape: [channels], init: start(0) },
  });
  const [weightEntry, biasEntry] = parameters as readonly [Entry<never>, Entry<never>];
  return makeModule({ parameters }, (x) => {
    if (x.shape.at(-1 - spatial) !== channels)
      throw new ShapeError(
        "SL1110",
        `expected [..., ${[channels, "height", "width"].slice(0, 1 + spatial).join(", ")}], got ${showOperand(x.builder.shown(x.id))}`,
        { subject, at: userLine(), hint: "make it for the tensor's channels, or .permute its dims" },
      );
    const [weight, bias] = [useParameter(weightEntry, x), useParameter(biasEntry, x)];
    const body = () => {
      const over = (t: Tensor) =>
        spatial ? emit("broadcastTo", [t], { shape: [channels, ...range(spatial).map(() => 1)], dims: [0] }) : t;
      const { centred, variance } = statistics(x, weight, spatial, over, momentum);
      const deviation = emit("sqrt", [emit("affine", [variance], { mul: 1, add: eps })]);
      const scaled = emit("mul", [centred, over(emit("div", [weight, deviation]))]);
      return emit("add", [scaled, over(bias)]);
    };
    return x.builder.within(scopeOf(weight), body, { absolute: true });
  });
}

/** x less its mean, and its variance: of the batch in training, which moves the running ones; else the running ones. */
function statistics(x: Tensor, weight: Tensor, spatial: number, over: (t: Tensor) => Tensor, momentum: number) {
  const [mean, variance] = [running(weight, "mean", 0), running(weight, "variance", 1)];
  if (!x.builder.training) return { centred: emit("sub", [x, over(mean)]), variance };
  const batch = meanOf(x, spatial);
  const centred = emit("sub", [x, over(batch)]);
  const spread = meanOf(emit("mul", [centred, centred]), spatial);
  for (const [state, value] of [
    [mean, batch],
    [variance, spread],
  ] as const)
    x.builder.apply(
      "blend",
      [state, value],
      { rate: momentum },
      { name: `${x.builder.nameOf(state)}.update`, writes: [x.builder.nameOf(state)] },
    );
  return { centred, variance: spread };
}

/**
 * Batch norm of `[..., channels]`: `(x − mean) / √(variance + ε) · weight + bias` for each channel. In a graph that trains
 * the statistics are those of the whole batch, whatever its layout, and the states `<name>.mean` and `<name>.variance`
 * move towards them by `momentum`; with micro-batches each is normed by its own, and the states move, once a step, towards
 * their mean. In a graph that evaluates the statistics are these states. The variance is the mean
 * square deviation in both.
 *
 * Throws GraphError SL1109 for no number of channels, SL1060 for an option out of range, and when it is called ShapeError
 * SL1110 for a tensor of other channels, GraphError SL1033 for a second call in a graph that trains. Source: Ioffe and
 * Szegedy, "Batch normalization", ICML 2015.
 *
 * @example
 * const net = nn.sequential(nn.linear(784, 512), nn.batchNorm(512), nn.relu(), nn.linear(512, 10));
 */
export const batchNorm = <C extends number, N extends string = never>(
  channels: C,
  options: BatchNormOptions<N> = {},
): Module<[C], [C], Parameters<C, N>> => norm("batchNorm", channels, 0, options as BatchNormOptions<string>) as never;

/**
 * Batch norm of images `[..., channels, height, width]`; else as `batchNorm`.
 *
 * @example
 * const block = nn.sequential(nn.conv2d(3, 16, 3, { padding: 1 }), nn.batchNorm2d(16), nn.relu());
 */
export const batchNorm2d = <C extends number, N extends string = never>(
  channels: C,
  options: BatchNormOptions<N> = {},
): Module<[C, number, number], [C, number, number], Parameters<C, N>> =>
  norm("batchNorm2d", channels, 2, options as BatchNormOptions<string>) as never;
