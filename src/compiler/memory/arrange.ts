/**
 * @file Places for things that are there for a while: two that are there at once must not overlap. The largest first, each
 * as low as it fits (greedy by size, Pisarchyk and Lee 2020, arXiv 2001.03288). Where that ends above the fullest moment,
 * which no arrangement can pass, those that stand out come to the fore and all are placed anew, a few times over (squeaky
 * wheel optimization, Joslin and Clements 1999, JAIR 10).
 */
import type { Lifetime } from "./lifetimes.ts";

export interface Block extends Lifetime {
  readonly bytes: number;
  /** It lies no lower. */
  readonly from: number;
  /** Only blocks with a rank in common can meet. */
  readonly ranks: readonly number[];
}

/** How often all are placed at most, and how many pairs of blocks are looked at for that at most: large plans stay cheap. */
const [rounds, looks] = [60, 2_000_000];

/** How far from the front what stands out comes to be, of how far it was. In turn, or the same orders might come back. */
const shares = [1 / 3, 0, 1 / 2, 1 / 4];

/** The offset of each block. */
export function arrange(blocks: readonly Block[]): number[] {
  const lists = [...new Set(blocks.map(({ ranks }) => ranks))];
  const list = blocks.map(({ ranks }) => lists.indexOf(ranks));
  const meet = lists.map((a) => lists.map((b) => a.some((rank) => b.includes(rank))));
  const of = (field: "bytes" | "first" | "last" | "from") => Float64Array.from(blocks, (block) => block[field]);
  const bytes = of("bytes");
  const columns = { bytes, first: of("first"), last: of("last"), from: of("from"), list, meet };
  const lowest = lists.map((ranks) => fullest(blocks.filter((block) => block.ranks === ranks)));
  let order = [...blocks.keys()].sort((a, b) => bytes[b]! - bytes[a]! || a - b);
  let best = { offsets: new Float64Array() as Float64Array, ends: Number.POSITIVE_INFINITY };
  for (let round = 1; ; round++) {
    const offsets = place(columns, order);
    const tops = offsets.map((offset, i) => offset + bytes[i]!);
    const ends = lists.map(() => 0);
    for (const [i, of] of list.entries()) ends[of] = Math.max(ends[of]!, tops[i]!);
    const sum = ends.reduce((a, b) => a + b, 0);
    if (sum < best.ends) best = { offsets, ends: sum };
    const standsOut = (i: number) => tops[i]! > lowest[list[i]!]!;
    if (round === rounds || (round + 1) * blocks.length ** 2 > looks || !order.some(standsOut))
      return [...best.offsets];
    const share = shares[(round - 1) % shares.length]!;
    const turn = new Map(order.map((id, i) => [id, standsOut(id) ? i * share - 0.25 : i]));
    order = order.toSorted((a, b) => turn.get(a)! - turn.get(b)!);
  }
}

/** Where blocks of one placement end at the least: their bytes at the fullest moment, on what lies below. */
function fullest(blocks: readonly Block[]): number {
  const change = new Float64Array(blocks.reduce((most, { last }) => Math.max(most, last), 0) + 2);
  for (const { first, last, bytes } of blocks) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  let [now, most] = [0, 0];
  for (const bytes of change) {
    now += bytes;
    most = Math.max(most, now);
  }
  return most + blocks.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY);
}

/** What placing looks at, a field by itself. */
interface Columns {
  readonly bytes: Float64Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly from: Float64Array;
  /** Each block's list of ranks. */
  readonly list: readonly number[];
  /** By lists: whether the two have a rank in common. */
  readonly meet: readonly (readonly boolean[])[];
}

/** The offsets that blocks get when each, in this order, lies as low as it fits. */
function place({ bytes, first, last, from, list, meet }: Columns, order: readonly number[]): Float64Array {
  const offsets = new Float64Array(order.length);
  /** Those that have their place, by offset. */
  const placed: number[] = [];
  for (const id of order) {
    const [size, start, end, meets] = [bytes[id]!, first[id]!, last[id]!, meet[list[id]!]!];
    let offset = from[id]!;
    for (const other of placed) {
      if (last[other]! < start || end < first[other]! || !meets[list[other]!]) continue;
      if (offsets[other]! >= offset + size) break;
      offset = Math.max(offset, offsets[other]! + bytes[other]!);
    }
    offsets[id] = offset;
    placed.splice(lower(placed, offsets, offset), 0, id);
  }
  return offsets;
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
