/** @file Programs: lists of kernel calls as data. An executor runs one with a single call into native code or wasm. */
import type { DType } from "./dtype.ts";
import type { Attrs } from "./graph.ts";

/** Another rank's copy of a buffer: a member of this rank's group along a mesh axis, or a rank by number. */
export type Peer = { readonly axis: string; readonly index: number } | { readonly rank: number };

/** An address: a buffer of the plan, the slot chosen by the firing; `offset` in bytes from the slot's start. */
export interface Address {
  readonly buffer: number;
  readonly peer?: Peer;
  readonly offset?: number;
}

/**
 * A kernel argument: an integer or scalar (infinities by name, since JSON has none), an address, null for "none", the
 * counters of the collective that the task belongs to, which copy and reduce kernels bump by the bytes that they move
 * between ranks, a text, which lies in memory beside the programs, or a kernel that this one calls.
 */
export type Operand =
  | number
  | "Infinity"
  | "-Infinity"
  | null
  | Address
  | { readonly traffic: number }
  | { readonly text: string }
  | { readonly kernel: string };

/** A number as attributes and plans hold it: infinities by name. */
export const byName = (value: number): number | "Infinity" | "-Infinity" => {
  if (value === Number.POSITIVE_INFINITY) return "Infinity";
  return value === Number.NEGATIVE_INFINITY ? "-Infinity" : value;
};

/** `kernel` names a row of the kernel table; `args` fit its signature. */
export interface Call {
  readonly kernel: string;
  readonly args: readonly Operand[];
}

/** One operand of an op that a user has defined, as a rank meets it. */
export interface HostType {
  /** Local extents. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The shape of the whole tensor. */
  readonly global: readonly number[];
  /** Per dim the global intervals [lo, hi) that this rank holds, in local order. */
  readonly region: readonly (readonly (readonly [lo: number, hi: number])[])[];
}

/**
 * The text, as JSON, that the kernel `host` gets before the addresses of its operands, inputs first: which of the kernels
 * that users bring is meant, and all that it is told. So a plan holds no functions.
 */
export interface HostCall {
  readonly kind: string;
  readonly attrs: Attrs;
  readonly seed: number;
  readonly ins: readonly HostType[];
  readonly outs: readonly HostType[];
}
