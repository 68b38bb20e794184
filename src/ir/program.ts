/** @file Programs: lists of kernel calls as data. An executor runs one with a single call into native code or wasm. */

/** Another rank's copy of a buffer: a member of this rank's group along a mesh axis, or a rank by number. */
export type Peer = { readonly axis: string; readonly index: number } | { readonly rank: number };

/** An address: a buffer of the plan, the slot chosen by the firing; `offset` in bytes from the slot's start. */
export interface Address {
  readonly buffer: number;
  readonly peer?: Peer;
  readonly offset?: number;
}

/**
 * A kernel argument: an integer or scalar (infinities by name, since JSON has none), an address, null for "none", or the counters of the collective that the task
 * belongs to, which copy and reduce kernels bump by the bytes that they move between ranks.
 */
export type Operand = number | "Infinity" | "-Infinity" | null | Address | { readonly traffic: number };

/** `kernel` names a row of the kernel table; `args` fit its signature. */
export interface Call {
  readonly kernel: string;
  readonly args: readonly Operand[];
}
