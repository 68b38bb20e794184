/**
 * @file The direct transfer of a tensor between any two layouts on any two placements: every rank of the target gets
 * what it misses from the ranks that have it. The tensor is cut into cells at all shard borders. A cell comes from the
 * rank itself if it has it, else over the best link, and among equals from the rank that has sent least so far. Partial
 * values are reduced by the receiver, in the order of their contributions. In a partial target a cell is held by the
 * members of one contribution, and the others hold an identity.
 */
import { InternalError } from "../ir/errors.ts";
import type { PlacementData } from "../ir/placement.ts";
import { type Box, balanced, type Interval } from "./boxes.ts";
import { Cache } from "./cache.ts";
import type { Cut } from "./cuts.ts";
import { inTicks, type Link, type Model } from "./link.ts";
import type { Contributions, Placed } from "./placed.ts";

/** What one rank does for one box of its target. */
export interface Piece {
  /** Global. */
  readonly box: Box;
  /** Ranks to read it from; several are reduced in this order. None: it is the identity. */
  readonly sources: readonly number[];
  /** Of the reduction, or of the identity. */
  readonly monoid?: string;
}

/** All that an executor needs to know of a transfer, as plain data. */
export interface Transfer {
  readonly from: PlacementData;
  readonly to: PlacementData;
  /** By member of the target; together the pieces of one are what it holds. */
  readonly pieces: readonly (readonly Piece[])[];
}

/** What a transfer costs. */
export interface Sent {
  /** Elements that each member of the target receives from other ranks. */
  readonly received: readonly number[];
  /** Of the busiest rank, in ticks: what it receives or what it sends, whichever takes longer. */
  readonly ticks: number;
  /** Every rank keeps just what it has. */
  readonly still: boolean;
}

/** Several monoids in one value are reduced along axes first: a receiver reduces by one. */
export const transferable = ({ monoids }: Placed): boolean => monoids.length <= 1;

/** Elements between two borders of a dim, and which members have them and want them. */
interface Slab {
  readonly interval: Interval;
  readonly has: Some;
  readonly wants: Some;
}

/** Transfers between two placements. */
export function transfers(from: PlacementData, to: PlacementData, model: Model, itemSize: number) {
  const own = to.ranks.map((rank) => from.ranks.indexOf(rank));
  const [sources, targets] = [[...from.ranks.keys()], [...to.ranks.keys()]];
  const linkTo = linkTable(from, to, model);
  const slabsOf = slabTable();

  /** `record` is told of every piece, in row-major order of the cells. */
  function send(source: Placed, target: Placed, record?: (dst: number, piece: Piece) => void): Sent {
    if (!transferable(source)) throw new InternalError(`a transfer reduces by one monoid, not ${source.key}`);
    const [reduces] = source.monoids;
    /** One monoid: contributions may stay apart. Otherwise a cell is reduced where it is held. */
    const apart = source.parts.count > 1 && target.monoids.every((name) => name === reduces);
    const sent = sources.map(() => 0);
    const received = targets.map(() => 0);
    const into = targets.map(() => ({ alpha: 0, ticks: 0 }));
    const out = sources.map(() => ({ alpha: 0, ticks: 0 }));
    const empty = (dst: number) => target.sizes[dst] === 0 && source.sizes[own[dst]!] === 0;
    let still = targets.every((dst) => empty(dst) || sameLists(source, own[dst]!, target, dst));

    const best = (dst: number, owners: readonly number[]): number => {
      const mine = own[dst]!;
      if (owners.includes(mine)) return mine;
      let found = owners[0]!;
      for (const src of owners) {
        const [a, b] = [linkTo(dst, src).beta, linkTo(dst, found).beta];
        if (a < b || (a === b && sent[src]! < sent[found]!)) found = src;
      }
      return found;
    };
    const move = (src: number, dst: number, count: number): void => {
      if (src === own[dst]) return;
      still = false;
      const { alpha, beta } = linkTo(dst, src);
      sent[src]! += count;
      received[dst]! += count;
      for (const end of [into[dst]!, out[src]!]) {
        end.alpha = Math.max(end.alpha, alpha);
        end.ticks += beta * itemSize * count;
      }
    };
    /** What it costs, an element, that the members of a home get contributions from these owners. */
    const price = (home: readonly number[], owners: readonly (readonly number[])[]): number => {
      let cost = 0;
      for (const dst of home)
        for (const list of owners) {
          const src = best(dst, list);
          if (src !== own[dst]) cost += linkTo(dst, src).beta;
        }
      return cost;
    };
    const load = (home: readonly number[]): number => home.reduce((sum, dst) => sum + received[dst]!, 0);
    /** The contribution of the target that takes those of the source: the cheapest, of equals the least burdened. */
    const chosen = (
      homes: readonly (readonly number[])[],
      owners: readonly (readonly number[])[],
    ): readonly number[] => {
      if (homes.length === 1) return homes[0]!;
      const prices = homes.map((home) => price(home, owners));
      const least = Math.min(...prices);
      return homes.filter((_, i) => prices[i] === least).reduce((a, b) => (load(b) < load(a) ? b : a));
    };
    const cell = (box: Box, count: number, has: readonly number[], wants: readonly number[]): void => {
      const owners = byContribution(has, source.parts);
      const homes = byContribution(wants, target.parts);
      const reads = new Map<number, number[]>();
      for (const group of apart ? owners.map((list) => [list]) : [owners])
        for (const dst of chosen(homes, group))
          for (const list of group) {
            const src = best(dst, list);
            move(src, dst, count);
            const already = reads.get(dst);
            if (already) already.push(src);
            else reads.set(dst, [src]);
          }
      const [some] = reads.keys();
      for (const dst of wants) {
        const from = reads.get(dst);
        if (from?.length !== 1) still = false;
        if (record) record(dst, pieceOf(box, from, dst, some!));
      }
    };
    const pieceOf = (box: Box, reads: readonly number[] | undefined, dst: number, other: number): Piece => {
      if (!reads) return { box, sources: [], monoid: differing(target.parts, dst, other) };
      const ranks = reads.map((src) => from.ranks[src]!);
      return ranks.length > 1 ? { box, sources: ranks, monoid: reduces! } : { box, sources: ranks };
    };
    const { shape } = target.places;
    // Members of a partial target share what none of them has.
    const longest = target.parts.count > 1 ? shape.indexOf(Math.max(...shape)) : -1;
    const slabs = shape.map((extent, dim) =>
      slabsOf(source.cuts[dim]!, target.cuts[dim]!, extent, dim === longest ? target.parts.count : 1),
    );
    const walk = (dim: number, box: Box, count: number, has: readonly number[], wants: readonly number[]): void => {
      if (dim === slabs.length) {
        cell(box, count, has, wants);
        return;
      }
      const [having, wanting] = [new Set(has), new Set(wants)];
      for (const slab of slabs[dim]!) {
        const wanted = common(slab.wants, wants, wanting);
        const extent = slab.interval[1] - slab.interval[0];
        if (wanted.length > 0)
          walk(dim + 1, [...box, slab.interval], count * extent, common(slab.has, has, having), wanted);
      }
    };
    walk(0, [], 1, sources, targets);
    const ticks = [...into, ...out].reduce((most, end) => Math.max(most, end.alpha + end.ticks), 0);
    return { received, ticks, still };
  }
  return send;
}

/** The link of a member of the target from one of the source, in ticks. */
function linkTable(from: PlacementData, to: PlacementData, model: Model): (dst: number, src: number) => Link {
  const ticks = new Cache<Link, Link>();
  const ticksOf = (link: Link): Link => ticks.get(link, () => inTicks(link));
  return (dst, src) => ticksOf(model.between(to.ranks[dst]!, from.ranks[src]!));
}

/** What the borders of two cuts of a dim, and those of `more` balanced parts, leave between them. */
function slabTable() {
  const known = new Cache<readonly Slab[]>();
  return (a: Cut, b: Cut, extent: number, more: number): readonly Slab[] =>
    known.get(`${a.id} ${b.id} ${more}`, () => {
      const points = new Set<number>();
      for (const { lists } of [a, b])
        for (const list of new Set(lists)) for (const [lo, hi] of list) points.add(lo).add(hi);
      if (more > 1) for (let i = 0; i < more; i++) points.add(balanced(extent, more, i)[0]);
      const sorted = [...points].sort((x, y) => x - y);
      return sorted.slice(1).map((hi, i): Slab => {
        const lo = sorted[i]!;
        const holds = (list: readonly Interval[]) => list.some(([from, to]) => from <= lo && lo < to);
        return { interval: [lo, hi], has: someOf(a, holds), wants: someOf(b, holds) };
      });
    });
}

/** Some members of a placement: in ascending order, and by member. */
interface Some {
  readonly list: readonly number[];
  readonly marks: readonly boolean[];
}

/** The members whose list is such. */
function someOf({ lists }: Cut, such: (list: readonly Interval[]) => boolean): Some {
  const known = new Cache<boolean, readonly Interval[]>();
  const marks = lists.map((list) => known.get(list, () => such(list)));
  return { list: [...lists.keys()].filter((member) => marks[member]), marks };
}

/** What both have, ascending: the fewer are looked up among the more. */
const common = ({ list, marks }: Some, others: readonly number[], set: ReadonlySet<number>): readonly number[] =>
  others.length <= list.length ? others.filter((member) => marks[member]) : list.filter((member) => set.has(member));

/** The monoid of the outermost P axis on which two members differ: beyond it one of them holds its identity. */
function differing({ axes, of, count }: Contributions, a: number, b: number): string {
  let stride = count;
  for (const { monoid, size } of axes) {
    stride /= size;
    if (Math.floor(of[a]! / stride) % size !== Math.floor(of[b]! / stride) % size) return monoid;
  }
  throw new InternalError("two members of one contribution");
}

function byContribution(members: readonly number[], { of, count }: Contributions): readonly (readonly number[])[] {
  if (count === 1) return [members];
  const lists: number[][] = Array.from({ length: count }, () => []);
  for (const member of members) lists[of[member]!]!.push(member);
  return lists;
}

const sameLists = (a: Placed, i: number, b: Placed, j: number): boolean =>
  i >= 0 &&
  b.cuts.every(({ lists }, dim) => {
    const [mine, its] = [lists[j]!, a.cuts[dim]!.lists[i]!];
    return mine.length === its.length && mine.every(([lo, hi], k) => its[k]![0] === lo && its[k]![1] === hi);
  });
