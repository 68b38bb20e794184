/** @file What joining finds: ops that one kernel call does at once. */

/** Ops that one call does. */
export interface Joined {
  /** Ids, in order. */
  readonly ops: readonly number[];
  /** How many of them, from the first on, are the head, casts of what a product multiplies included; the others are the chain. */
  readonly head: number;
  /** Values that are never stored: nobody but these ops uses them, or whoever does makes them too. */
  readonly inner: readonly number[];
  /** Ops that an earlier run has done too. */
  readonly again?: readonly number[];
  /** The value that the head makes. */
  readonly made?: number;
  /** What a product adds as it stores. */
  readonly bias?: number;
  readonly residual?: number;
  /** The sums of the right operand's columns, which a product makes by the way. */
  readonly sums?: number;
}
