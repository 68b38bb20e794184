/**
 * @file What an op may say of itself: local rules for **one** mesh axis. A rule holds with no communication inside: run
 * the op on the shards that the input SBPs give, read the result by the output SBPs. `signatures.ts` makes nD of them.
 */
import type { DType } from "../ir/dtype.ts";
import type { Attrs } from "../ir/graph.ts";
import type { Sbp } from "../ir/layout.ts";

export interface Rule {
  readonly ins: readonly Sbp[];
  readonly outs: readonly Sbp[];
}

export interface LocalType {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** The op as one mesh axis of `parts` ranks meets it: the extents are those that the axes before it have left. */
export interface Site {
  readonly ins: readonly LocalType[];
  readonly outs: readonly LocalType[];
  readonly attrs: Attrs;
  readonly parts: number;
  /**
   * By input, the monoids that the axes before have made it partial by; absent: none. A part may be the identity, and one
   * input's −∞ may meet another's +∞: an op that would combine them says no here.
   */
  readonly partial?: readonly (readonly string[])[];
}

export type Rules = (site: Site) => readonly Rule[];
