/**
 * @file The logical graph: what the user wrote, as for one device. Ops in topological order, values by id.
 * Compiler passes read one and return another. No functions: a graph is JSON.
 */
import type { DType } from "./dtype.ts";
import type { PlacementData } from "./placement.ts";

/** A number, or a name that `compile` binds. */
export type Dim = number | string;
export type Shape = readonly Dim[];

export type Attr = null | boolean | number | string | readonly Attr[] | { readonly [key: string]: Attr };
export type Attrs = Readonly<Record<string, Attr>>;

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** One tensor of the graph. */
export interface Value extends TensorType {
  readonly id: number;
  readonly name: string;
  /** Index into `LogicalGraph.placements`. */
  readonly placement: number;
  /** Of a micro-batch: which rows it is, from which on, of a dim with so many. Its shape is its own. */
  readonly part?: Part;
  /** The name of the value whose gradient this is, or is made on the way to. */
  readonly gradientOf?: string;
}

/** A run of a dim's elements: from one on, of so many. */
export interface Part {
  readonly dim: number;
  readonly from: number;
  readonly of: number;
}

/**
 * One op. Three kinds are known to the compiler: `input` (attrs.name), `state` (attrs.state: reads it as it was when the
 * step began) and `to` (an explicit boxing, attrs.layout). `minimize` stands for a backward pass and is gone after autodiff.
 */
export interface Op {
  readonly id: number;
  readonly kind: string;
  /** Unique in the graph, by structure: `fc1.matmul`. */
  readonly name: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly attrs: Attrs;
  /** For each output the state that it becomes when the step ends, or null. Absent: writes none. */
  readonly writes?: readonly (string | null)[];
  /** The user's source line, `src/model.ts:42`. */
  readonly at?: string;
}

export type StateKind = "param" | "moment" | "stat" | "codec" | "rng" | "loader";

/** What a state holds before the first step. Random values are functions of (seed, key, global element index) alone. */
export type Init =
  | { readonly kind: "constant"; readonly value: number | "Infinity" | "-Infinity" }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number; readonly key: string }
  | { readonly kind: "normal"; readonly mean: number; readonly deviation: number; readonly key: string };

/** A tensor that outlives the step: explicit, named, owned by the task that writes it. */
export interface StateDecl {
  readonly name: string;
  readonly kind: StateKind;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly placement: number;
  readonly init: Init;
  /** Saved by checkpoints. */
  readonly checkpoint: boolean;
  /** A moment lies as its parameter does: the state whose layout this one follows. */
  readonly follows?: string;
}

export interface LogicalGraph {
  readonly name: string;
  readonly placements: readonly PlacementData[];
  readonly values: readonly Value[];
  readonly ops: readonly Op[];
  readonly states: readonly StateDecl[];
  /** Value ids by the names that the user gave. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, number>>;
}
