/**
 * @file The ends of a plan on the host. The source copies each rank's shard of a batch into the input buffers, the sink
 * joins the output buffers to arrays of their global shape. Both run on the event loop, between messages.
 */
import type { NdArray } from "../ir/array.ts";
import { InternalError } from "../ir/errors.ts";
import type { PlanData, Port } from "../ir/plan.ts";
import type { Arena } from "./arena.ts";
import { slotOfSeq } from "./logic.ts";
import type { Locate } from "./operands.ts";
import type { Feeds } from "./session-types.ts";
import { gather, type Sharded, type ShardMap, scatter, shardMap, shardsFor } from "./shards.ts";

export type Outputs = Readonly<Record<string, NdArray>>;

/** What a step gives. */
export interface Result {
  readonly outputs: Outputs;
  /** The same in the parts that ranks hold, where the run asks for them. */
  readonly shards?: Readonly<Record<string, Sharded>>;
}

export interface Host {
  /** Batches by firing number of the source, until it has copied them. */
  readonly feeds: Map<number, Feeds>;
  /** Outputs by firing number of the sink, until they are taken. */
  readonly results: Map<number, Result>;
  /** Whether results have shards. */
  inShards: boolean;
  source(seq: number): void;
  sink(seq: number): void;
}

export function createHost(plan: PlanData, arena: Arena, locate: Locate): Host {
  const feeds = new Map<number, Feeds>();
  const results = new Map<number, Result>();
  const inputs = plan.inputs.map((port) => openPort(plan, port, arena, locate));
  const outputs = plan.outputs.map((port) => openPort(plan, port, arena, locate));
  return {
    feeds,
    results,
    inShards: false,
    source(seq) {
      const batch = feeds.get(seq);
      if (!batch) throw new InternalError(`batch ${seq} is not there`);
      feeds.delete(seq);
      for (const { port, map, at } of inputs) {
        const given = batch[port.name]!;
        const shards = shardsFor(given, port, plan.placements[port.placement]!);
        if (!shards) scatter(map, given.data, at(seq));
        else for (const { rank, size } of map.shards) at(seq)(rank, size).set(shards.get(rank)! as never);
      }
    },
    sink(seq) {
      const read = outputs.map(({ port, map, at }): [string, NdArray] => [
        port.name,
        { shape: [...port.shape], dtype: port.dtype, data: gather(map, at(seq)) },
      ]);
      const parts = () =>
        outputs.map(({ port: { name, shape, dtype, layout, placement }, map, at }): [string, Sharded] => {
          const shards = new Map(map.shards.map(({ rank, size }) => [rank, at(seq)(rank, size).slice()]));
          return [name, { shape, dtype, layout, placement: plan.placements[placement]!, shards }];
        });
      results.set(seq, {
        outputs: Object.fromEntries(read),
        ...(this.inShards && { shards: Object.fromEntries(parts()) }),
      });
    },
  };
}

interface OpenPort {
  readonly port: Port;
  readonly map: ShardMap;
  /** The slot of a firing, on any rank. */
  at(seq: number): Parameters<typeof gather>[1];
}

/** Views are made once for each rank and slot. */
function openPort(plan: PlanData, port: Port, arena: Arena, locate: Locate): OpenPort {
  const { bytes, slots } = plan.buffers[port.buffer]!;
  const map = shardMap(port, plan.placements[port.placement]!);
  const views = Array.from({ length: slots }, (_, slot) => {
    const made = map.shards.map(({ rank, size }) =>
      arena.view(port.dtype, locate(port.buffer, rank) + slot * bytes, size),
    );
    const byRank = new Map(map.shards.map(({ rank }, i) => [rank, made[i]!]));
    return (rank: number) => byRank.get(rank)!;
  });
  return { port, map, at: (seq) => views[slotOfSeq(seq, slots)]! };
}
