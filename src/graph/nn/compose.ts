/**
 * @file Modules of modules. Parameters and ops are named by structure: `blocks.0.mlp.up.weight`.
 */
import { GraphError } from "../../ir/errors.ts";
import { checkTensors } from "../operand.ts";
import { userLine } from "../source.ts";
import { emit, type Tensor } from "../tensor.ts";
import type { Agree, Drop, DType, Join, Shape, ShapeError } from "../types/shape.ts";
import { type AnyModule, callChild, type Module, makeModule } from "./module.ts";
import {
  type Children,
  collect,
  type Entries,
  type HasParameters,
  type Mount,
  type Param,
  type ParamsOf,
  type Relative,
  rescope,
  type Scoped,
} from "./parameter.ts";

/** What a chain of layers takes and gives. */
interface Chained<In extends Shape, Out extends Shape, From extends DType, To extends DType> {
  in: In;
  out: Out;
  from: From;
  to: To;
}
type Start<M> = M extends AnyModule ? Chained<M["in"], M["out"], M["from"], M["to"]> : never;
/** One layer more, or none. */
type Then<Before, M> =
  Before extends Chained<infer In, infer Out, infer From, infer _To>
    ? M extends AnyModule
      ? Chained<[...Drop<M["in"], Out>, ...In], [...Drop<Out, M["in"]>, ...M["out"]], From, M["to"]>
      : Before
    : never;
type Composed<C, P> = C extends Chained<infer I, infer O, infer F, infer T> ? Module<I, O, Relative<P>, F, T> : never;

type Fits<Before, M> =
  Before extends Chained<infer _I, infer Out, infer _F, infer To>
    ? M extends AnyModule
      ? Agree<Out, M["in"]> extends true
        ? To extends M["from"]
          ? unknown
          : ShapeError<`this layer takes ${M["from"]}, the one before gives ${To}`>
        : ShapeError<`this layer takes [..., ${Join<M["in"]>}], the one before gives [..., ${Join<Out>}]`>
      : unknown
    : unknown;
type Layer = AnyModule | undefined;

// The chain up to each layer, one from the other, so that each is worked out once.
type To2<A, B> = Then<Start<A>, B>;
type To3<A, B, C> = Then<To2<A, B>, C>;
type To4<A, B, C, D> = Then<To3<A, B, C>, D>;
type To5<A, B, C, D, E> = Then<To4<A, B, C, D>, E>;
type To6<A, B, C, D, E, F> = Then<To5<A, B, C, D, E>, F>;
type To7<A, B, C, D, E, F, G> = Then<To6<A, B, C, D, E, F>, G>;
type To8<A, B, C, D, E, F, G, H> = Then<To7<A, B, C, D, E, F, G>, H>;
type To9<A, B, C, D, E, F, G, H, I> = Then<To8<A, B, C, D, E, F, G, H>, I>;
type To10<A, B, C, D, E, F, G, H, I, J> = Then<To9<A, B, C, D, E, F, G, H, I>, J>;
type To11<A, B, C, D, E, F, G, H, I, J, K> = Then<To10<A, B, C, D, E, F, G, H, I, J>, K>;
type To12<A, B, C, D, E, F, G, H, I, J, K, L> = Then<To11<A, B, C, D, E, F, G, H, I, J, K>, L>;
type Mounted<A, B, C, D, E, F, G, H, I, J, K, L> =
  | Mount<"0", ParamsOf<A>>
  | Mount<"1", ParamsOf<B>>
  | Mount<"2", ParamsOf<C>>
  | Mount<"3", ParamsOf<D>>
  | Mount<"4", ParamsOf<E>>
  | Mount<"5", ParamsOf<F>>
  | Mount<"6", ParamsOf<G>>
  | Mount<"7", ParamsOf<H>>
  | Mount<"8", ParamsOf<I>>
  | Mount<"9", ParamsOf<J>>
  | Mount<"10", ParamsOf<K>>
  | Mount<"11", ParamsOf<L>>;

/**
 * Up to twelve layers, each checked against those before it, the error on the layer that does not fit. Spelt out,
 * because a mapped rest tuple loses inference as soon as a layer is written in place.
 */
type Compose = <
  A extends AnyModule,
  B extends Layer = undefined,
  C extends Layer = undefined,
  D extends Layer = undefined,
  E extends Layer = undefined,
  F extends Layer = undefined,
  G extends Layer = undefined,
  H extends Layer = undefined,
  I extends Layer = undefined,
  J extends Layer = undefined,
  K extends Layer = undefined,
  L extends Layer = undefined,
>(
  a: A,
  b?: B & Fits<Start<A>, B>,
  c?: C & Fits<To2<A, B>, C>,
  d?: D & Fits<To3<A, B, C>, D>,
  e?: E & Fits<To4<A, B, C, D>, E>,
  f?: F & Fits<To5<A, B, C, D, E>, F>,
  g?: G & Fits<To6<A, B, C, D, E, F>, G>,
  h?: H & Fits<To7<A, B, C, D, E, F, G>, H>,
  i?: I & Fits<To8<A, B, C, D, E, F, G, H>, I>,
  j?: J & Fits<To9<A, B, C, D, E, F, G, H, I>, J>,
  k?: K & Fits<To10<A, B, C, D, E, F, G, H, I, J>, K>,
  l?: L & Fits<To11<A, B, C, D, E, F, G, H, I, J, K>, L>,
) => Composed<To12<A, B, C, D, E, F, G, H, I, J, K, L>, Mounted<A, B, C, D, E, F, G, H, I, J, K, L>>;

function chain(...layers: readonly AnyModule[]): AnyModule {
  const [first, last] = [layers[0], layers.at(-1)];
  if (!first || !last)
    throw new GraphError("SL1062", "there are no layers", {
      subject: "nn.sequential",
      at: userLine(),
      hint: "give at least one module",
    });
  const parts = { in: first.in, out: last.out, from: first.from, to: last.to };
  const keyed = layers.map((layer, i) => [String(i), layer] as const);
  return makeModule({ ...parts, parameters: collect(keyed) }, (x) =>
    keyed.reduce((h, [key, layer]) => callChild(key, layer, h), x),
  );
}

/**
 * The layers one after the other. Parameters are named by the layer's name, or by its index.
 *
 * @example
 * const net = nn.sequential(nn.linear(784, 512, { name: "fc1" }), nn.relu(), nn.linear(512, 10, { name: "fc2" }));
 */
export const sequential = chain as unknown as Compose;

/** `x + layers(x)`. */
export const residual = ((...layers: AnyModule[]) => {
  const inner = chain(...layers);
  const { in: ins, out, from, to } = inner;
  return makeModule({ in: ins, out, from, to, parameters: inner.parameters as Entries }, (x) =>
    emit("add", [x, (inner as unknown as (x: Tensor) => Tensor)(x)]),
  );
}) as unknown as Compose;

/**
 * `count` modules of one type in a row; their parameters are `0.…`, `1.…`, whatever names they have. Throws GraphError SL1062 when there is none.
 *
 * @example
 * const blocks = nn.scope("blocks", nn.repeat(4, () => nn.residual(nn.linear(64, 64, { name: "up" }))));
 */
export function repeat<In extends Shape, Q extends Param>(
  count: number,
  make: (i: number) => Module<In, In, Q>,
): Module<In, In, Relative<Scoped<`${number}`, Q>>> {
  const layers = Array.from({ length: count }, (_, i) => scope(String(i), make(i)) as unknown as AnyModule);
  return chain(...layers) as never;
}

/** Gives a module a name to live under: its parameters and ops begin with it. */
export function scope<
  N extends string,
  In extends Shape,
  Out extends Shape,
  Q extends Param,
  F extends DType,
  T extends DType,
>(name: N, inner: Module<In, Out, Q, F, T>): Module<In, Out, Scoped<N, Q>, F, T> {
  const { in: ins, out, from, to } = inner;
  const parameters = rescope(name, inner.parameters as Entries);
  const forward = inner as unknown as (x: Tensor) => Tensor;
  return makeModule({ in: ins, out, from, to, parameters }, (x) => x.builder.within(name, () => forward(x))) as never;
}

/**
 * Any forward function over any children; parameters and ops are named by the children's keys.
 *
 * @example
 * const twice = nn.define({ up: nn.linear(8, 32), down: nn.linear(32, 8) }, (m) => (x: Tensor<["batch", 8]>) =>
 *   m.down(m.up(x).relu()));
 */
export function define<C extends Readonly<Record<string, HasParameters>>, F>(
  children: C,
  forward: (children: C) => F,
): F & HasParameters<Children<C>> {
  const keyed = Object.entries(children);
  const named = keyed.map(([key, child]) => [key, underKey(key, child)]);
  const body = forward(Object.fromEntries(named) as C) as (...args: unknown[]) => unknown;
  return Object.assign((...args: unknown[]) => body(...args), { parameters: collect(keyed) }) as never;
}

/** A child of `define`, which may take several tensors, with its ops named under its key. */
function underKey(key: string, child: HasParameters): HasParameters {
  const forward = child as unknown as (...args: Tensor[]) => unknown;
  const { parameters } = child;
  if (typeof forward !== "function" || !parameters.some(({ path }) => path.startsWith("."))) return child;
  const call = (...args: Tensor[]) => {
    checkTensors(key, [args[0]]);
    return args[0]!.builder.within(key, () => forward(...args));
  };
  return Object.assign(call, { ...child });
}
