/** @file Do batches fit the inputs of a graph, and what comes out of a step: checked in the type system. */
import type { NdArray } from "../../ir/array.ts";
import type { Inputs } from "../graph.ts";
import type { Tensor } from "../tensor.ts";
import type { Bind, Dim, DType, IsDynamic, SameShape, Shape, Show } from "./shape.ts";

/** The first kind of problem that there is: a name too many, a name too few, then dtypes and shapes. */
type FeedProblem<F, I extends Inputs, Dims> = [Exclude<keyof F, keyof I>] extends [never]
  ? [Exclude<keyof I, keyof F>] extends [never]
    ? {
        [K in keyof F & keyof I & string]: ArrayProblem<K, F[K], I[K]["dtype"], Bind<I[K]["shape"], Dims>>;
      }[keyof F & keyof I & string]
    : `input "${Exclude<keyof I, keyof F> & string}" is not fed`
  : `the graph has no input "${Exclude<keyof F, keyof I> & string}"`;

type ArrayProblem<K extends string, A, D extends DType, S extends Shape> =
  A extends NdArray<infer S2, infer D2>
    ? [D2] extends [D]
      ? SameShape<S2, S> extends true
        ? never
        : `input "${K}" is ${Show<S>}, ${Show<S2>} was fed`
      : `input "${K}" is ${D}, ${D2} was fed`
    : `input "${K}" takes an array made by array(shape, dtype, data)`;

/** What TypeScript prints when a batch does not fit: the message is the type argument. */
export interface FeedMismatch<Message extends string> {
  readonly "~error": Message;
}

/** A plan that was read from a file has inputs of unknown names: its batches are checked when they arrive. */
export type FeedFits<F, I extends Inputs, Dims> = string extends keyof I ? unknown : Fits<FeedProblem<F, I, Dims>>;

type Fits<Problem extends string> = [Problem] extends [never] ? unknown : FeedMismatch<Problem>;

type Scalar<D> = D extends "int64" ? bigint : number;

/** A scalar reads as a number, of int64 as a bigint, anything else as an array with its names bound; either where the rank is unknown. */
type ValueOf<T, Dims> =
  T extends Tensor<infer S, infer D>
    ? IsDynamic<S> extends true
      ? Scalar<D> | NdArray<Dim[], D>
      : S extends []
        ? Scalar<D>
        : NdArray<Bind<S, Dims>, D>
    : never;

/** One step as `session.run` yields it: its number, from 0 on, and the graph's outputs. */
export type Step<O, Dims> = { readonly step: number } & { readonly [K in keyof O]: ValueOf<O[K], Dims> };
