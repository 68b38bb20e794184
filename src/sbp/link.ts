/**
 * @file What moving bytes costs: the α-β model (Hockney 1994). A step takes α · rounds + β · bytes received by the busiest
 * rank over the link of its mesh axis, and the time to be started and to write its result to memory. A model knows which
 * host a rank is on, so an axis inside hosts is faster than one across. It ranks plans; it is no promise of a time.
 */
import type { PlacementData } from "../ir/placement.ts";
import { group } from "./mesh.ts";

export interface Link {
  /** Seconds a round. */
  readonly alpha: number;
  /** Seconds a byte. */
  readonly beta: number;
}

/** Plans are remembered by model, so a model is one object, and its answers do not change. */
export interface Model {
  /** The host that a rank runs on. */
  host(rank: number): number;
  /** What the groups along a mesh axis talk over. */
  axis(placement: PlacementData, axis: string): Link;
  /** A rank and its own memory: what starting a step costs, and a byte that it writes. */
  readonly memory: Link;
}

/** One link within hosts and one between them; an axis is remote when any of its groups spans two hosts. */
export function hierarchical(of: {
  readonly host: (rank: number) => number;
  readonly memory: Link;
  readonly local: Link;
  readonly remote: Link;
}): Model {
  const { host, memory, local, remote } = of;
  const together = (placement: PlacementData, axis: string, member: number) => {
    const hosts = group(placement, member, axis).map((m) => host(placement.ranks[m]!));
    return hosts.every((h) => h === hosts[0]);
  };
  const axis = (placement: PlacementData, name: string) =>
    placement.ranks.every((_, member) => together(placement, name, member)) ? local : remote;
  return { host, memory, axis };
}

const shared: Link = { alpha: 5e-6, beta: 1e-10 };

/**
 * Ranks in one process, sharing memory: 5 µs to wait for peers, 1 µs to start a step, 10 GB/s for one core that copies.
 * Round figures for a present-day CPU, a model and not a measurement.
 */
export const sharedMemory: Model = hierarchical({
  host: () => 0,
  memory: { alpha: 1e-6, beta: 1e-10 },
  local: shared,
  remote: shared,
});
