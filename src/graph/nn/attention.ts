/** @file Attention: a function, since it has no parameters. */
import { emit, type Tensor } from "../tensor.ts";
import type { Float } from "../types/dtype.ts";
import type { Dim, Drop, IsDynamic, SameShape, Shape, ShapeError, Show } from "../types/shape.ts";

type Last<S extends Shape> = S extends [...Shape, infer D extends Dim] ? [D] : Shape;
type Out<Q extends Shape, V extends Shape> = IsDynamic<Q> extends true ? Shape : [...Drop<Q, [Dim]>, ...Last<V>];

/** Leading dims alike, keys as wide as queries, a value for each key. */
type Fits<Q extends Shape, K extends Shape, V extends Shape> =
  SameShape<Drop<Q, [Dim, Dim]>, Drop<K, [Dim, Dim]>> extends true
    ? SameShape<Last<Q>, Last<K>> extends true
      ? SameShape<Drop<K, [Dim]>, Drop<V, [Dim]>> extends true
        ? unknown
        : ShapeError<`attention: keys ${Show<K>} do not fit values ${Show<V>}`>
      : ShapeError<`attention: queries ${Show<Q>} do not fit keys ${Show<K>}`>
    : ShapeError<`attention: queries ${Show<Q>} do not fit keys ${Show<K>}`>;

export interface AttentionOptions {
  /** A query sees the keys up to its own place, the last query all of them. Default false. */
  readonly causal?: boolean;
  /** Factor of the scores. Default 1/√d. */
  readonly scale?: number;
}

/**
 * Scaled dot-product attention: queries `[..., T, d]`, keys `[..., U, d]` and values `[..., U, e]` give `[..., T, e]`.
 * Throws ShapeError SL1117 for other shapes, SL1120 without a scale where d is a name. Source: Vaswani et al., "Attention
 * is all you need", NeurIPS 2017.
 *
 * @example
 * const mixed = nn.attention(q, k, v, { causal: true }); // q, k, v: ["batch", heads, "seq", 64]
 */
export function attention<Q extends Shape, D extends Float, K extends Shape, V extends Shape>(
  q: Tensor<Q, D>,
  k: Tensor<K, NoInfer<D>>,
  v: Tensor<V, NoInfer<D>> & Fits<Q, K, V>,
  { causal = false, scale }: AttentionOptions = {},
): Tensor<Out<Q, V>, D> {
  const width = Number(q.shape.at(-1));
  const ins = [q, k, v] as unknown as readonly [Tensor, Tensor, Tensor];
  return emit("attention", ins, { causal, scale: scale ?? 1 / Math.sqrt(width) }) as never;
}
