/** @file What a check of an op takes, and what it says. */
import type { OpRule } from "../define.ts";
import type { DType } from "../ir/dtype.ts";

/** Operands to try an op on. */
export interface OpCase {
  /** Of the inputs. Odd extents are cut unevenly, which shows more. */
  readonly shapes: readonly (readonly number[])[];
  /** Of the inputs; those left out are float32. */
  readonly dtypes?: readonly DType[];
  readonly attrs?: object;
  /** Range of the values. Default −3 to 3. */
  readonly from?: number;
  readonly to?: number;
}

export interface CheckOptions {
  /** Seeds the values. Default 1. */
  readonly seed?: number;
  /** Looks for true rules that the op does not give. Tries all combinations, so it takes its time. Default false. */
  readonly missing?: boolean;
}

/** A true rule that an op does not give. */
export interface MissingRule extends OpRule {
  /** `S(0), B → S(0)` */
  readonly text: string;
  /** The calls for which it holds. */
  readonly calls: readonly string[];
}

/** What was checked. */
export interface OpReport {
  readonly op: string;
  readonly cases: number;
  /** Signatures that were found true, over all cases and meshes. */
  readonly signatures: number;
  /** Cases that ran in float64, because the op and its gradient take it: their numbers were compared more exactly. */
  readonly inDouble: number;
  /** Gradients of inputs that agreed with differences, over all cases. */
  readonly gradients: number;
  /**
   * Asked for: rules that hold on axes of 2 and of 3 ranks in one of the cases, and that the op does not give for it; of
   * some that follow from each other, the strongest.
   */
  readonly missing: readonly MissingRule[];
}
