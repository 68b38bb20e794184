/**
 * @file Counters of bytes moved between ranks, one block a rank and collective, bumped by the copy and reduce kernels by
 * the addresses that they touch. A block is doubles: the number R of regions, the rank's own region, R + 1 ascending
 * bounds, then R counts of bytes read from, and R of bytes written to, each region.
 */

import type { PlacementData } from "../ir/placement.ts";
import type { Collective } from "../ir/plan.ts";
import type { LinkTraffic } from "../sbp/traffic.ts";
import type { Arena } from "./arena.ts";
import type { CollectiveTraffic } from "./session-types.ts";

/** Memory of one rank for one plan. */
export interface Region {
  readonly rank: number;
  readonly start: number;
  readonly bytes: number;
}

export const trafficBytes = (regions: number): number => (3 + 3 * regions) * 8;

/** @param regions all that the plan may touch, by address; a rank may have several, one for each plan loaded so far */
export function writeBlock(arena: Arena, at: number, regions: readonly Region[], own: Region): void {
  const last = regions.at(-1)!;
  const bounds = [...regions.map((region) => region.start), last.start + last.bytes];
  arena.doubles(at, 3 + regions.length).set([regions.length, regions.indexOf(own), ...bounds]);
}

/** Reads the blocks of one collective. Bytes within a rank do not count, whichever of its regions they lie in. */
export function readTraffic(
  arena: Arena,
  collective: Collective,
  placement: PlacementData,
  regions: readonly Region[],
  blockOf: (rank: number) => number,
): CollectiveTraffic {
  const { ranks } = placement;
  const n = regions.length;
  const pulled = ranks.map(() => 0);
  const pushed = ranks.map(() => 0);
  const received = ranks.map(() => 0);
  const links = new Map<string, LinkTraffic>();
  const add = (from: number, to: number, moved: number): void => {
    const key = `${from} ${to}`;
    if (moved > 0) links.set(key, { from, to, bytes: (links.get(key)?.bytes ?? 0) + moved });
  };
  ranks.forEach((rank, member) => {
    const block = arena.doubles(blockOf(rank), 3 + 3 * n);
    regions.forEach((region, i) => {
      if (region.rank === rank) return;
      const [read, wrote] = [block[3 + n + i]!, block[3 + 2 * n + i]!];
      pulled[member]! += read;
      pushed[member]! += wrote;
      received[member]! += read;
      const peer = ranks.indexOf(region.rank);
      if (peer >= 0) received[peer]! += wrote;
      add(region.rank, rank, read);
      add(rank, region.rank, wrote);
    });
  });
  const bytes = [...pulled, ...pushed].reduce((a, b) => a + b, 0);
  const sorted = [...links.values()].sort((a, b) => a.to - b.to || a.from - b.from);
  return { name: collective.name, collective: collective.id, bytes, ranks, pulled, pushed, received, links: sorted };
}
