/**
 * @file What moving bytes costs: the α-β model (Hockney 1994). A step takes α · rounds + β · bytes of the busiest rank
 * over the links that it uses, and the time to be started and to write its result to memory. Collectives run over the
 * link of their mesh axis, so an axis inside hosts is faster than one across; transfers over the links between the ranks
 * themselves. Costs are counted in whole femtoseconds, so that sums are exact and ties are ties. It ranks plans; it is no
 * promise of a time.
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
  /** What the groups along a mesh axis talk over. */
  axis(placement: PlacementData, axis: string): Link;
  /** What two ranks talk over. */
  between(a: number, b: number): Link;
  /** No link is better, in either figure: what the search may count on before it looks. */
  readonly least: Link;
  /** A rank and its own memory: what starting a step costs, and a byte that it writes. */
  readonly memory: Link;
  /** Which comes first; the other breaks ties. Default "time". */
  readonly objective?: "time" | "bytes";
}

/** One link within hosts and one between them; an axis is remote when any of its groups spans two hosts. */
export function hierarchical(of: {
  readonly host: (rank: number) => number;
  readonly memory: Link;
  readonly local: Link;
  readonly remote: Link;
}): Model {
  const { host, memory, local, remote } = of;
  const known = new WeakMap<PlacementData, Map<string, Link>>();
  const together = (placement: PlacementData, axis: string, member: number) => {
    const hosts = group(placement, member, axis).map((m) => host(placement.ranks[m]!));
    return hosts.every((h) => h === hosts[0]);
  };
  return {
    axis(placement, name) {
      const links = known.get(placement) ?? new Map<string, Link>();
      const link =
        links.get(name) ?? (placement.ranks.every((_, member) => together(placement, name, member)) ? local : remote);
      known.set(placement, links.set(name, link));
      return link;
    },
    between: (a, b) => (host(a) === host(b) ? local : remote),
    least: { alpha: Math.min(local.alpha, remote.alpha), beta: Math.min(local.beta, remote.beta) },
    memory,
  };
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

/** A link in ticks of a femtosecond. */
export const inTicks = ({ alpha, beta }: Link): Link => ({
  alpha: Math.round(alpha * 1e15),
  beta: Math.round(beta * 1e15),
});
export const secondsOf = (ticks: number): number => ticks * 1e-15;
