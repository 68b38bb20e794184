/**
 * @file Arithmetic on shapes in the type system. A dim is a number literal (784), a name that `compile` binds
 * ("batch"), or plain `number`, which agrees with anything here and is checked when the graph is built. What does not
 * fit becomes `ShapeError<"message">`, because TypeScript prints the type's name.
 */
import type { DType } from "../../ir/dtype.ts";
import type { Dim } from "../../ir/graph.ts";

/** Mutable on purpose: hovers read `["batch", 784]` instead of `readonly ["batch", 784]`. */
export type Shape = Dim[];
export type { Dim, DType };

/** What TypeScript prints when shapes do not fit: the message is the type argument. */
export interface ShapeError<Message extends string> {
  readonly "~error": Message;
}

type Same<A, B> = [A] extends [B] ? true : number extends A ? true : number extends B ? true : false;
export type IsDynamic<S extends Shape> = number extends S["length"] ? true : false;

/** `[batch, 784]`, for messages. */
export type Show<S extends Shape> = IsDynamic<S> extends true ? "[...]" : `[${Join<S>}]`;
export type Join<S extends Shape> = S extends [infer H extends Dim, ...infer R extends Shape]
  ? R extends []
    ? `${H}`
    : `${H}, ${Join<R>}`
  : "";

/** Equal rank and dims; an unknown rank or dim agrees with anything. */
export type SameShape<A extends Shape, B extends Shape> = true extends IsDynamic<A> | IsDynamic<B>
  ? true
  : A extends [infer X, ...infer AR extends Shape]
    ? B extends [infer Y, ...infer BR extends Shape]
      ? Same<X, Y> extends true
        ? SameShape<AR, BR>
        : false
      : false
    : B extends []
      ? true
      : false;

/** Do the two shapes agree from the right, as far as both reach? */
export type Agree<A extends Shape, B extends Shape> = true extends IsDynamic<A> | IsDynamic<B>
  ? true
  : A extends [...infer AR extends Shape, infer X]
    ? B extends [...infer BR extends Shape, infer Y]
      ? Same<X, Y> extends true
        ? Agree<AR, BR>
        : false
      : true
    : true;

/** `S` without as many trailing dims as `Tail` has. */
export type Drop<S extends Shape, Tail extends Shape> = Tail extends [...infer TR extends Shape, Dim]
  ? S extends [...infer SR extends Shape, Dim]
    ? Drop<SR, TR>
    : IsDynamic<S> extends true
      ? S
      : []
  : S;

/** `S` without as many leading dims as `Head` has. */
export type Behind<S extends Shape, Head extends Shape> = true extends IsDynamic<S> | IsDynamic<Head>
  ? Shape
  : Head extends [Dim, ...infer HR extends Shape]
    ? S extends [Dim, ...infer SR extends Shape]
      ? Behind<SR, HR>
      : []
    : S;

export type AtLeast<S extends Shape, Tail extends Shape> =
  IsDynamic<S> extends true
    ? true
    : Tail extends [...infer TR extends Shape, Dim]
      ? S extends [...infer SR extends Shape, Dim]
        ? AtLeast<SR, TR>
        : false
      : true;

/** NumPy broadcasting, right-aligned; `never` when the shapes do not go together. */
export type Broadcast<A extends Shape, B extends Shape, Out extends Shape = []> = true extends
  | IsDynamic<A>
  | IsDynamic<B>
  ? Shape
  : A extends [...infer AR extends Shape, infer X extends Dim]
    ? B extends [...infer BR extends Shape, infer Y extends Dim]
      ? [Y] extends [1]
        ? Broadcast<AR, BR, [X, ...Out]>
        : [X] extends [1]
          ? Broadcast<AR, BR, [Y, ...Out]>
          : Same<X, Y> extends true
            ? Broadcast<AR, BR, [number extends X ? Y : X, ...Out]>
            : never
      : [...A, ...Out]
    : [...B, ...Out];

export type MatMul<A extends Shape, B extends Shape> = true extends IsDynamic<A> | IsDynamic<B>
  ? Shape
  : A extends [...infer L extends Shape, infer M extends Dim, infer K]
    ? B extends [...infer R extends Shape, infer K2, infer N extends Dim]
      ? Same<K, K2> extends true
        ? [...Broadcast<L, R>, M, N]
        : never
      : never
    : never;

/** Index of a dim, as TypeScript writes tuple keys: `"0" | "1"` for a matrix. */
export type Index<S extends Shape> = IsDynamic<S> extends true ? `${number}` : Extract<keyof S, `${number}`>;
type ToNumber<K> = K extends `${infer N extends number}` ? N : never;
export type DimOf<S extends Shape> = ToNumber<Index<S>>;

/** With `New` in the place of dim `I`. */
export type Splice<S extends Shape, I extends number, New extends Shape> =
  IsDynamic<S> extends true ? Shape : SpliceAt<S, I, New>;
type SpliceAt<S extends Shape, I extends number, New extends Shape, Seen extends Shape = []> = S extends [
  infer H extends Dim,
  ...infer R extends Shape,
]
  ? Seen["length"] extends I
    ? [...Seen, ...New, ...R]
    : SpliceAt<R, I, New, [...Seen, H]>
  : Seen;
/** Without dim `I`; without any when no dim is named. */
export type Reduced<S extends Shape, I extends number> = [I] extends [never]
  ? []
  : IsDynamic<S> extends true
    ? Shape
    : SpliceAt<S, I, []>;

/** With a new dim before dim `I`, or at the end. */
export type Insert<S extends Shape, I extends number, D extends Dim> =
  IsDynamic<S> extends true ? Shape : InsertAt<S, I, D>;
type InsertAt<S extends Shape, I extends number, D extends Dim, Seen extends Shape = []> = Seen["length"] extends I
  ? [...Seen, D, ...S]
  : S extends [infer H extends Dim, ...infer R extends Shape]
    ? InsertAt<R, I, D, [...Seen, H]>
    : Seen;

/** Dims in the order of `P`. */
export type Permuted<S extends Shape, P extends readonly number[]> = {
  -readonly [I in keyof P]: S[P[I]];
} extends infer R extends Shape
  ? R
  : Shape;

/** The last two dims swapped. */
export type Transposed<S extends Shape> = S extends [...infer L extends Shape, infer M extends Dim, infer N extends Dim]
  ? [...L, N, M]
  : Shape;

/** The names among the dims. */
export type Names<S extends Shape> = S[number] extends infer D ? (D extends string ? D : never) : never;
/** Names replaced by the numbers that they are bound to. */
export type Bind<S extends Shape, Dims> = {
  [I in keyof S]: S[I] extends keyof Dims ? Dims[S[I]] : S[I];
} extends infer R extends Shape
  ? R
  : never;

// What an argument must also be, so that the message stands where the mistake is.

export type BroadcastFits<Op extends string, A extends Shape, B extends Shape> = [Broadcast<A, B>] extends [never]
  ? ShapeError<`${Op}: shapes do not broadcast: ${Show<A>} and ${Show<B>}`>
  : unknown;
export type MatMulFits<A extends Shape, B extends Shape> = [MatMul<A, B>] extends [never]
  ? ShapeError<`matmul: inner dims differ: ${Show<A>} x ${Show<B>}`>
  : unknown;
export type SameFits<Op extends string, A extends Shape, B extends Shape> =
  SameShape<A, B> extends true ? unknown : ShapeError<`${Op}: shapes differ: ${Show<A>} and ${Show<B>}`>;
