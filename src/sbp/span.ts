/** @file Which ranks feed which along an edge, rank by rank. */
import type { PlacementData } from "../ir/placement.ts";
import type { Span } from "../ir/plan.ts";
import { group, memberOf } from "./mesh.ts";

export type Pair = readonly [from: number, to: number];

/** Ranks that differ from this one on these axes alone, itself included. */
export const groupAlong = (placement: PlacementData, rank: number, axes: readonly string[]): number[] =>
  axes
    .reduce<number[]>(
      (members, axis) => members.flatMap((member) => group(placement, member, axis)),
      [memberOf(placement, rank)],
    )
    .map((member) => placement.ranks[member]!);

/** The pairs that an edge joins: from the ranks of the producer's placement to `there`, the consumer's. */
export function pairsOf(span: Span, from: PlacementData, there: readonly number[]): readonly Pair[] {
  const to = new Set(there);
  const each = (peers: (rank: number) => readonly number[]) =>
    from.ranks.flatMap((rank) => peers(rank).flatMap((peer): Pair[] => (to.has(peer) ? [[rank, peer]] : [])));
  if (span === "all") return each(() => there);
  if (span === "same") return each((rank) => [rank]);
  return "pairs" in span ? span.pairs : each((rank) => groupAlong(from, rank, span.axes));
}
