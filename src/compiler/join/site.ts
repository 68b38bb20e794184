/** @file What a finder of runs is shown of a task. */
import type { Op } from "../../ir/graph.ts";
import type { Draft } from "../draft.ts";

/** Where a finder looks: a task's ops, of which those that are taken belong to a run already. */
export interface JoinSite {
  readonly draft: Draft;
  readonly ops: readonly Op[];
  readonly taken: ReadonlySet<number>;
  /** By value the op of the task that makes it. */
  readonly makers: ReadonlyMap<number, Op>;
  /** By value the ops that use it, as often as they do. */
  readonly users: readonly (readonly Op[])[];
  /** Values that the host reads. */
  readonly shown: ReadonlySet<number>;
}
