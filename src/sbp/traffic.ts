/** @file Who sends how much to whom in a boxing step. Exact, as the bytes by rank are, which are its sums. */
import { type DType, itemSize } from "../ir/dtype.ts";
import { type Box, overlap, type Region, regions, size } from "./boxes.ts";
import type { AxisStep, BoxingStep, Transfer } from "./boxing.ts";
import { group } from "./mesh.ts";
import { flatSlice } from "./steps.ts";

export interface LinkTraffic {
  /** Ranks, different ones. */
  readonly from: number;
  readonly to: number;
  /** More than none. */
  readonly bytes: number;
}

/**
 * What passes over each link in one step of a plan for a tensor of this global shape, by receiver, then by sender, in the
 * order of their placements.
 *
 * @example
 * const placement = { device: "cpu", axes: [{ name: "data", size: 2 }], ranks: [4, 5] };
 * const [gather] = planBoxing({
 *   shape: [4], dtype: "float32",
 *   from: { placement, layout: [["data", S(0)]] },
 *   to: { placement, layout: [] },
 * }).steps;
 * trafficOf(gather, { shape: [4], dtype: "float32" }); // 8 bytes from 5 to 4, 8 bytes from 4 to 5
 */
export function trafficOf(
  step: BoxingStep,
  { shape, dtype }: { readonly shape: readonly number[]; readonly dtype: DType },
): LinkTraffic[] {
  const found = step.axis === undefined ? ofTransfer(step.transfer) : ofCollective(step, shape);
  return found.flatMap(({ from, to, bytes }) =>
    from !== to && bytes > 0 ? [{ from, to, bytes: bytes * itemSize[dtype] }] : [],
  );
}

/** In elements. */
function ofTransfer({ from, to, pieces }: Transfer): LinkTraffic[] {
  return to.ranks.flatMap((rank, member) => {
    const elements = new Map<number, number>();
    for (const { box, sources } of pieces[member]!)
      for (const source of sources) elements.set(source, (elements.get(source) ?? 0) + volume(box));
    return from.ranks.map((source) => ({ from: source, to: rank, bytes: elements.get(source) ?? 0 }));
  });
}

const volume = (box: Box): number => box.reduce((n, [lo, hi]) => n * (hi - lo), 1);

/** In elements. */
function ofCollective(step: AxisStep, shape: readonly number[]): LinkTraffic[] {
  const { kind, placement, axis } = step;
  if (kind === "slice" || kind === "fill" || kind === "relabel") return [];
  const before = regions(step.from, shape, placement);
  const after = regions(step.to, shape, placement);
  return placement.ranks.flatMap((rank, member) => {
    const peers = group(placement, member, axis);
    return peers.map((peer) => ({
      from: placement.ranks[peer]!,
      to: rank,
      bytes: peer === member ? 0 : received(kind, before, after, peers, member, peer),
    }));
  });
}

/** Elements that a member gets from one of its peers. */
function received(
  kind: "all-gather" | "all-to-all" | "reduce-scatter" | "all-reduce",
  before: readonly Region[],
  after: readonly Region[],
  peers: readonly number[],
  member: number,
  peer: number,
): number {
  const target = after[member]!;
  switch (kind) {
    case "all-gather":
    case "all-to-all":
      return overlap(before[peer]!, target);
    case "reduce-scatter":
      return size(target);
    case "all-reduce": {
      // A part of the slice that it reduces itself, and the slice that the peer has reduced.
      const slice = (of: number) => {
        const [lo, hi] = flatSlice(size(target), peers.length, peers.indexOf(of));
        return hi - lo;
      };
      return slice(member) + slice(peer);
    }
  }
}
