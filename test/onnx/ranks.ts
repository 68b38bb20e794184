/** @file One op on the shards of every rank, each rank alone, by the engine. */
import type { LocalTensor } from "../../src/graph/op.ts";
import { opDef } from "../../src/graph/registry.ts";
import type { Op } from "../../src/ir/graph.ts";
import type { Layout } from "../../src/ir/layout.ts";
import type { Buffer } from "../graph/kernels.ts";
import { mesh } from "./build.ts";
import { onEngine } from "./engine.ts";
import { empty, type Shard } from "./shards.ts";

/** An operand as all ranks have it. */
export interface Sharded {
  readonly shape: readonly number[];
  readonly dtype: Shard["dtype"];
  readonly layout: Layout;
  /** By rank. */
  readonly shards: readonly Shard[];
}

function onRank(op: Op, ins: readonly Sharded[], outs: readonly Sharded[], rank: number): Shard[] {
  const def = opDef(op.kind);
  const inPlace = new Map(def.inPlace ?? []);
  const buffers: Buffer[] = [];
  const local = (side: readonly Sharded[], place: (i: number) => number | undefined) =>
    side.map(({ shape, shards }, i): LocalTensor => {
      const { data, dtype, region, shape: own } = shards[rank]!;
      const buffer = place(i) ?? buffers.push({ dtype, data: data.slice() }) - 1;
      return { shape: own, dtype, region, global: shape, arg: { buffer } };
    });
  const site = {
    ins: local(ins, () => undefined),
    outs: local(outs, (i) => inPlace.get(i)),
    attrs: op.attrs,
    seed: 0,
  };
  onEngine(def.lower(site), buffers);
  const at = ({ arg }: LocalTensor) => (arg as { readonly buffer: number }).buffer;
  return outs.map(({ shards }, i) => ({ ...shards[rank]!, data: buffers[at(site.outs[i]!)]!.data }));
}

/** The outputs, laid out as told; what a kernel does not write is NaN. */
export function onRanks(op: Op, ins: readonly Sharded[], outs: readonly Omit<Sharded, "shards">[]): readonly Sharded[] {
  const blank = outs.map((out) => ({ ...out, shards: empty(out, out.layout, mesh.data) }));
  const ranks = mesh.ranks.map((_, rank) => onRank(op, ins, blank, rank));
  return blank.map((out, i) => ({ ...out, shards: ranks.map((made) => made[i]!) }));
}
