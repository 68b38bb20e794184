/**
 * @file The oracle of `sluice/testing` over the reference kernels: plain loops in double precision, without any engine.
 */
import type { Attrs } from "../../src/ir/graph.ts";
import type { Layout } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import type { Signature } from "../../src/sbp/signatures.ts";
import * as testing from "../../src/testing/apply.ts";
import type { Local } from "../../src/testing/shards.ts";
import { lie } from "../../src/testing/truth.ts";
import type { Type, Value } from "../../src/testing/value.ts";
import { execute } from "./kernels.ts";

export { collect, type Local, scatter } from "../../src/testing/shards.ts";
export { between, type Value } from "../../src/testing/value.ts";

/** The op on whole tensors, by the reference kernels or others. */
export const onWhole = (kind: string, ins: readonly Value[], attrs: Attrs, run: testing.Run = execute): Value[] =>
  testing.onWhole(kind, ins, attrs, run);

/** The op on each rank alone, on what the rank holds of each operand: what it then holds of each output. */
export const onRanks = (
  kind: string,
  ins: readonly (readonly Local[])[],
  outs: readonly { readonly type: Type; readonly layout: Layout }[],
  attrs: Attrs,
  mesh: PlacementData,
): Local[][] => testing.onRanks(kind, ins, outs, attrs, mesh, execute);

/** The largest difference between the op run by the signature and the op on whole tensors; relative to 1 or more. */
export const error = (
  kind: string,
  ins: readonly Value[],
  attrs: Attrs,
  mesh: PlacementData,
  signature: Signature,
  random: () => number,
): number => lie(kind, ins, attrs, mesh, signature, random, execute).error;
