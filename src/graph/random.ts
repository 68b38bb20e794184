/**
 * @file Randomness in a graph. What is drawn is a function of the seed, the step, the name of the draw and the element's
 * index in the whole tensor, so every layout draws the same bits, and every step others.
 */
import { ShapeError } from "../ir/errors.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Builder } from "./builder.ts";
import { countSteps } from "./counter.ts";
import type { Placement } from "./placement.ts";
import { userLine } from "./source.ts";
import type { Tensor } from "./tensor.ts";
import type { Shape } from "./types/shape.ts";

/** What `g.random` draws: a new tensor every step. */
export interface Random {
  /**
   * Uniform in [low, high); [0, 1) if nothing is said. It lives on the graph's mesh, the first one where there are
   * several, or on `on`.
   *
   * @example
   * const noise = g.random.uniform(["batch", 64], { low: -1, high: 1 });
   */
  uniform<const S extends Shape>(
    shape: readonly [...S],
    options?: { readonly low?: number; readonly high?: number; readonly on?: Placement },
  ): Tensor<S, "float32">;
  /**
   * Normal; of mean 0 and deviation 1 if nothing is said.
   *
   * @example
   * const noisy = x.add(g.random.normal(["batch", 64], { deviation: 0.1 }));
   */
  normal<const S extends Shape>(
    shape: readonly [...S],
    options?: { readonly mean?: number; readonly deviation?: number; readonly on?: Placement },
  ): Tensor<S, "float32">;
}

/** Names of draws and the step counter of each graph. */
interface Draws {
  readonly keys: Map<string, number>;
  step?: (placement: PlacementData) => Tensor;
}
const drawsIn = new WeakMap<Builder, Draws>();

/** A name that no other draw of the graph has, and the number of the step on this placement. */
export function drawing(builder: Builder, kind: string, placement: PlacementData) {
  const draws: Draws = drawsIn.get(builder) ?? { keys: new Map() };
  drawsIn.set(builder, draws);
  draws.step ??= builder.within("", () => countSteps(builder, "random.step", "rng", placement), { absolute: true });
  const base = builder.scope ? `${builder.scope}.${kind}` : kind;
  const before = draws.keys.get(base) ?? 0;
  draws.keys.set(base, before + 1);
  return { key: before ? `${base}_${before}` : base, step: draws.step(placement) };
}

/** The draws of one graph; `home` is where they live unless they say otherwise. */
export function randomOf(builder: Builder, home: PlacementData): Random {
  const draw = (kind: "uniform" | "normal", shape: Shape, numbers: readonly [number, number], on?: Placement) => {
    const wrong = numbers.find((n) => !Number.isFinite(n));
    if (wrong !== undefined)
      throw new ShapeError("SL1105", `takes finite numbers, got ${wrong}`, {
        subject: `random.${kind}`,
        at: userLine(),
        hint: "give finite bounds, or a finite mean and deviation",
      });
    const [a, b] = numbers;
    if (kind === "normal" ? b < 0 : a > b)
      throw new ShapeError("SL1105", kind === "normal" ? `a deviation of ${b}` : `low is ${a}, high ${b}`, {
        subject: `random.${kind}`,
        at: userLine(),
        hint: kind === "normal" ? "give a deviation from 0 on" : "give the low bound first",
      });
    const placement = on?.data ?? home;
    const { key, step } = drawing(builder, `random.${kind}`, placement);
    const attrs = { shape: [...shape], distribution: kind, a: numbers[0], b: numbers[1], key };
    return builder.apply("random", [step], attrs, { name: key })[0]!;
  };
  return {
    uniform: (shape, { low = 0, high = 1, on } = {}) =>
      draw("uniform", shape as unknown as Shape, [low, high], on) as never,
    normal: (shape, { mean = 0, deviation = 1, on } = {}) =>
      draw("normal", shape as unknown as Shape, [mean, deviation], on) as never,
  };
}
