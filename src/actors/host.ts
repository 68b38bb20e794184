/**
 * @file The ends of a plan on the host. The source copies each rank's shard of a batch into the input buffers, the sink
 * joins the output buffers to arrays of their global shape. Both run on the event loop, between messages.
 */
import type { NdArray } from "../ir/array.ts";
import type { AnyArray } from "../ir/dtype.ts";
import { InternalError } from "../ir/errors.ts";
import type { PlanData, Port } from "../ir/plan.ts";
import type { Arena } from "./arena.ts";
import { slotOfSeq } from "./logic.ts";
import type { Locate } from "./operands.ts";
import type { Feeds } from "./session-types.ts";
import { allocate, gather, type Part, type Sharded, type ShardMap, scatter, shardMap, shardsFor } from "./shards.ts";

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
      for (const { port, parts } of inputs) {
        const given = batch[port.name]!;
        const shards = port.parts ? undefined : shardsFor(given, port, plan.placements[port.placement]!);
        for (const { map, at } of parts) {
          if (!shards) scatter(map, given.data, at(seq));
          else for (const { rank, size } of map.shards) at(seq)(rank, size).set(shards.get(rank)! as never);
        }
      }
    },
    sink(seq) {
      const read = outputs.map(({ port: { name, shape, dtype }, parts }): [string, NdArray] => {
        const data = allocate(
          dtype,
          shape.reduce((a, b) => a * b, 1),
        );
        for (const { map, at } of parts) gather(map, at(seq), data);
        return [name, { shape: [...shape], dtype, data }];
      });
      const inParts = () =>
        outputs.map(({ port, parts }, i): [string, Sharded] => {
          const { name, shape, dtype, layout, placement } = port;
          const [first] = parts;
          const shards = port.parts
            ? cut(plan, port, read[i]![1].data)
            : new Map(first!.map.shards.map(({ rank, size }) => [rank, first!.at(seq)(rank, size).slice()]));
          return [name, { shape, dtype, layout, placement: plan.placements[placement]!, shards }];
        });
      results.set(seq, {
        outputs: Object.fromEntries(read),
        ...(this.inShards && { shards: Object.fromEntries(inParts()) }),
      });
    },
  };
}

/** What ranks would hold of a tensor that they give in micro-batches. */
function cut(plan: PlanData, port: Port, whole: AnyArray): ReadonlyMap<number, AnyArray> {
  const shards = new Map<number, AnyArray>();
  scatter(shardMap(port, plan.placements[port.placement]!), whole, (rank, size) => {
    const shard = allocate(port.dtype, size);
    shards.set(rank, shard);
    return shard;
  });
  return shards;
}

/** A port in the parts in which it is fed or read: one, or one a micro-batch. */
interface OpenPort {
  readonly port: Port;
  readonly parts: readonly OpenPart[];
}

interface OpenPart {
  readonly map: ShardMap;
  /** The slot of a firing, on any rank. */
  at(seq: number): Parameters<typeof gather>[1];
}

function openPort(plan: PlanData, port: Port, arena: Arena, locate: Locate): OpenPort {
  const { parts } = port;
  const open = (buffer: number, part?: Part) => openPart(plan, port, buffer, part, arena, locate);
  if (!parts) return { port, parts: [open(port.buffer)] };
  const { dim, each } = parts;
  let from = 0;
  return {
    port,
    parts: each.map(({ size, buffer }) => {
      const made = open(buffer, { dim, from, size });
      from += size;
      return made;
    }),
  };
}

/** Views are made once for each rank and slot. */
function openPart(
  plan: PlanData,
  port: Port,
  buffer: number,
  part: Part | undefined,
  arena: Arena,
  locate: Locate,
): OpenPart {
  const { bytes, slots } = plan.buffers[buffer]!;
  const map = shardMap(port, plan.placements[port.placement]!, part);
  const views = Array.from({ length: slots }, (_, slot) => {
    const made = map.shards.map(({ rank, size }) => arena.view(port.dtype, locate(buffer, rank) + slot * bytes, size));
    const byRank = new Map(map.shards.map(({ rank }, i) => [rank, made[i]!]));
    return (rank: number) => byRank.get(rank)!;
  });
  return { map, at: (seq) => views[slotOfSeq(seq, slots)]! };
}
