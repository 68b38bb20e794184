/** @file What `sluice plan` says, as data: memory, bytes by axis and link, and a step's time, of a plan on a cluster. */
import type { Cluster } from "../clusters.ts";
import { machineOf } from "../compiler/machine.ts";
import type { RankMemory } from "../ir/plan.ts";
import type { Plan } from "../plan.ts";
import type { Simulation } from "../simulate.ts";
import { ranges } from "../view/format.ts";
import type { Prepared } from "./prepare.ts";

/** Bytes of ranks that need the same. */
interface MemoryRow {
  /** `0–7`, `0,2,4` */
  readonly ranks: string;
  readonly bytes: number;
  /** The most in use at one time. */
  readonly live: number;
  readonly byRole: Readonly<Record<string, number>>;
}

/** Bytes a step over all ranks, of the collectives of one kind along one axis. */
interface TrafficRow {
  readonly kind: string;
  /** Absent for transfers. */
  readonly axis?: string;
  readonly link: string;
  readonly collectives: number;
  readonly bytes: number;
}

export interface PlanReport {
  readonly plan: string;
  readonly cluster: string;
  readonly mesh: Readonly<Record<string, number>>;
  readonly ranks: number;
  readonly dims: Readonly<Record<string, number>>;
  /** Numbers that are trained. */
  readonly parameters: number;
  /** What a rank computes with; `precision`: in what it does so many products, where that is known. */
  readonly device: { readonly flops: number; readonly bandwidth: number; readonly precision?: string };
  /** In what the program computes its products. */
  readonly precision: string;
  readonly fits: boolean;
  /** Bytes of each rank. */
  readonly limit: number;
  readonly memory: readonly MemoryRow[];
  /** Bytes a step, over all ranks. */
  readonly bytes: number;
  readonly traffic: readonly TrafficRow[];
  /** Axes that the cluster has a link for, and over which nothing goes. */
  readonly unusedLinks: readonly string[];
  /** Seconds. */
  readonly stepTime: number;
  readonly samples: { readonly unit: string; readonly perSecond: number };
  /** Shares of the ranks' time, on average: together 1. */
  readonly use: { readonly compute: number; readonly exposed: number; readonly idle: number };
  /** Of a pipeline: the waiting of the rank that waits most, as a share of what its actions take, so no part of `use`. */
  readonly bubble?: number;
}

/** `limit`: bytes of each rank, which the plan may not have been made for. */
export function reportOf(
  plan: Plan,
  simulation: Simulation,
  { program, sizes, samples }: Prepared,
  { about, devices, precision, links }: Cluster,
  limit: number,
): PlanReport {
  const { data } = plan;
  const { precision: given = "float32" } = program.compile ?? {};
  const { flops, bandwidth } = devices ?? machineOf(data.placements[0]!.device);
  const { stepTime, bubble, traffic, ranks } = simulation;
  const linkNames = new Set(traffic.collectives.map(({ link }) => link));
  const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const mean = (of: (rank: (typeof ranks)[number]) => number) =>
    simulation.makespan === 0 ? 0 : ranks.reduce((sum, rank) => sum + of(rank), 0) / ranks.length / simulation.makespan;
  return {
    plan: plan.name,
    cluster: about,
    ...sizes,
    ranks: data.memory.length,
    parameters: data.states.reduce((sum, { kind, shape }) => sum + (kind === "param" ? product(shape) : 0), 0),
    device: { flops, bandwidth, ...(devices && precision && { precision }) },
    precision: typeof given === "string" ? given : given.compute,
    fits: data.memory.every(({ bytes }) => bytes <= limit),
    limit,
    memory: memoryRows(data.memory, simulation),
    bytes: traffic.collectives.reduce((sum, { bytes }) => sum + bytes, 0),
    traffic: trafficRows(traffic.collectives),
    unusedLinks: Object.keys(links.axes ?? {}).filter((name) => !linkNames.has(name)),
    stepTime,
    samples: { unit: samples.unit, perSecond: stepTime === 0 ? 0 : samples.size / stepTime },
    use: {
      compute: mean(({ compute }) => compute),
      exposed: mean(({ exposed }) => exposed),
      idle: Math.max(
        0,
        mean(({ idle }) => idle),
      ), // the rest of a long time, which is rounded
    },
    ...(bubble !== undefined && { bubble }),
  };
}

function memoryRows(memory: readonly RankMemory[], simulation: Simulation): MemoryRow[] {
  const live = new Map(simulation.memory.map((each) => [each.rank, each.live]));
  const alike = new Map<string, RankMemory[]>();
  for (const rank of memory) {
    const key = JSON.stringify([rank.bytes, live.get(rank.rank), rank.byRole]);
    const known = alike.get(key);
    if (known) known.push(rank);
    else alike.set(key, [rank]);
  }
  return [...alike.values()].map((ranks) => {
    const { rank, bytes, byRole } = ranks[0]!;
    return { ranks: ranges(ranks.map((each) => each.rank)), bytes, live: live.get(rank) ?? 0, byRole };
  });
}

function trafficRows(collectives: Simulation["traffic"]["collectives"]): TrafficRow[] {
  const rows = new Map<string, TrafficRow>();
  for (const { kind, axis, link, bytes } of collectives) {
    const key = JSON.stringify([axis, link, kind]);
    const known = rows.get(key) ?? { kind, ...(axis !== undefined && { axis }), link, collectives: 0, bytes: 0 };
    rows.set(key, { ...known, collectives: known.collectives + 1, bytes: known.bytes + bytes });
  }
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes);
}
