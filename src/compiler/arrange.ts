/**
 * @file Places for things that are there for a while: two that are there at once must not overlap. The largest first, each
 * as low as it fits (greedy by size, Pisarchyk and Lee 2020, arXiv 2001.03288).
 */
import type { Lifetime } from "./lifetimes.ts";

export interface Block extends Lifetime {
  readonly bytes: number;
  /** It lies no lower. */
  readonly from: number;
  /** Only blocks with a rank in common can meet. */
  readonly ranks: readonly number[];
}

/** The offset of each block. */
export function arrange(blocks: readonly Block[]): number[] {
  const offsets: number[] = new Array(blocks.length);
  const bySize = [...blocks.keys()].sort((a, b) => blocks[b]!.bytes - blocks[a]!.bytes || a - b);
  const share = sharing(blocks);
  /** Those that have their place, by offset. */
  const placed: number[] = [];
  for (const id of bySize) {
    const { bytes, from, first, last } = blocks[id]!;
    let offset = from;
    for (const other of placed) {
      const b = blocks[other]!;
      if (b.last < first || last < b.first || !share(id, other)) continue;
      if (offsets[other]! >= offset + bytes) break;
      offset = Math.max(offset, offsets[other]! + b.bytes);
    }
    offsets[id] = offset;
    placed.splice(lower(placed, offsets, offset), 0, id);
  }
  return offsets;
}

/** Where in `placed` the first offset above this one is. */
function lower(placed: readonly number[], offsets: readonly number[], offset: number): number {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[placed[middle]!]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether two blocks have a rank in common; blocks of one placement have the same list. */
function sharing(blocks: readonly Block[]): (a: number, b: number) => boolean {
  const lists = [...new Set(blocks.map(({ ranks }) => ranks))];
  const common = lists.map((a) => lists.map((b) => a.some((rank) => b.includes(rank))));
  const of = blocks.map(({ ranks }) => lists.indexOf(ranks));
  return (a, b) => common[of[a]!]![of[b]!]!;
}
