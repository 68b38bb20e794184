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
  const offsets = new Float64Array(blocks.length);
  const of = (field: "bytes" | "first" | "last") => Float64Array.from(blocks, (block) => block[field]);
  const [bytes, first, last] = [of("bytes"), of("first"), of("last")];
  const bySize = [...blocks.keys()].sort((a, b) => blocks[b]!.bytes - blocks[a]!.bytes || a - b);
  const share = sharing(blocks);
  /** Those that have their place, by offset. */
  const placed: number[] = [];
  for (const id of bySize) {
    const [size, start, end] = [bytes[id]!, first[id]!, last[id]!];
    let offset = blocks[id]!.from;
    for (const other of placed) {
      if (last[other]! < start || end < first[other]! || !share(id, other)) continue;
      if (offsets[other]! >= offset + size) break;
      offset = Math.max(offset, offsets[other]! + bytes[other]!);
    }
    offsets[id] = offset;
    placed.splice(lower(placed, offsets, offset), 0, id);
  }
  return [...offsets];
}

/** Where in `placed` the first offset above this one is. */
function lower(placed: readonly number[], offsets: Float64Array, offset: number): number {
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
