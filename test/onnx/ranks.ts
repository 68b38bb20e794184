/** @file One op on what every rank holds, each rank alone, by the engine. */
import type { Op } from "../../src/ir/graph.ts";
import type { Layout } from "../../src/ir/layout.ts";
import { onRanks as ranOnRanks } from "../../src/testing/apply.ts";
import { onEngine } from "../../src/testing/engine.ts";
import type { Local } from "../../src/testing/shards.ts";
import type { Type } from "../../src/testing/value.ts";
import { mesh } from "./build.ts";

/** An operand as all ranks have it. */
export interface Sharded extends Type {
  readonly layout: Layout;
  /** By rank. */
  readonly shards: readonly Local[];
}

/** The outputs, laid out as told; what a kernel does not write is NaN. */
export function onRanks(op: Op, ins: readonly Sharded[], outs: readonly Omit<Sharded, "shards">[]): readonly Sharded[] {
  const held = ins.map(({ shards }) => shards);
  const types = outs.map((type) => ({ type, layout: type.layout }));
  const made = ranOnRanks(op.kind, held, types, op.attrs, mesh.data, onEngine);
  return outs.map((out, i) => ({ ...out, shards: made[i]! }));
}
