/**
 * @file Between a user's array and the shards of it that ranks hold: scattering copies each rank's part, gathering joins
 * splits, combines partial values in rank order, and takes the first of replicas. The runs of contiguous elements are
 * found once for each tensor.
 */
import type { NdArray } from "../ir/array.ts";
import { type AnyArray, arrayType, type DType, isHalf } from "../ir/dtype.ts";
import { fromElement, toElement } from "../ir/element.ts";
import type { Layout } from "../ir/layout.ts";
import { type PlacementData, samePlacement } from "../ir/placement.ts";
import { extents, type Region, region } from "../sbp/boxes.ts";
import { keyOf } from "../sbp/canonical.ts";
import { coordinate } from "../sbp/mesh.ts";
import { type Monoid, monoid } from "../sbp/monoid.ts";

/** A tensor as it lies on a mesh: what ports and states have in common. */
export interface Laid {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly layout: Layout;
}

/** A tensor in the parts that ranks hold. */
export interface Sharded extends Laid {
  readonly placement: PlacementData;
  /** By rank. */
  readonly shards: ReadonlyMap<number, AnyArray>;
}

/** An array that knows itself in parts, as a global tensor does. */
export interface InShards {
  readonly sharded: Sharded;
}

/** The parts of an array, where they lie as a port wants them. */
export function shardsFor(given: NdArray | (NdArray & InShards), port: Laid, placement: PlacementData) {
  if (!("sharded" in given)) return undefined;
  const { sharded } = given;
  const same = samePlacement(sharded.placement, placement) && keyOf(sharded.layout) === keyOf(port.layout);
  return same ? sharded.shards : undefined;
}

/** Triples of (place in the shard, place in the whole, length), in elements. */
type Runs = readonly number[];

interface Shard {
  readonly rank: number;
  readonly size: number;
  readonly runs: Runs;
  /** The first rank of its replicas. */
  readonly first: boolean;
  /** Where it stands along each axis over which the value is partial, outermost first. */
  readonly partial: readonly number[];
  /** Where it stands along each axis over which the value is split. */
  readonly split: string;
}

export interface ShardMap {
  readonly dtype: DType;
  readonly elements: number;
  readonly shards: readonly Shard[];
  readonly monoids: readonly Monoid[];
}

type View = (rank: number, elements: number) => AnyArray;
export const allocate = (dtype: DType, elements: number): AnyArray => new (arrayType(dtype))(elements);

/** Some elements of a dim. */
export interface Part {
  readonly dim: number;
  readonly from: number;
  readonly size: number;
}

/** Of a part of a tensor, if one is given: that lies as the layout says, by itself. */
export function shardMap({ shape, dtype, layout }: Laid, placement: PlacementData, part?: Part): ShardMap {
  const partialAxes = layout.flatMap(([axis, sbp]) => (sbp.kind === "P" ? [{ axis, monoid: sbp.monoid }] : []));
  const splitAxes = layout.flatMap(([axis, sbp]) => (sbp.kind === "S" ? [axis] : []));
  const replicated = placement.axes
    .map(({ name }) => name)
    .filter((name) => !splitAxes.includes(name) && !partialAxes.some(({ axis }) => axis === name));
  const shards = placement.ranks.map((rank, member): Shard => {
    const held = heldOf(layout, shape, placement, member, part);
    const stands = (axis: string) => coordinate(placement, member, axis);
    return {
      rank,
      size: extents(held).reduce((a, b) => a * b, 1),
      runs: runsOf(held, shape),
      first: replicated.every((axis) => stands(axis) === 0),
      partial: partialAxes.map(({ axis }) => stands(axis)),
      split: splitAxes.map(stands).join(","),
    };
  });
  const elements = shape.reduce((a, b) => a * b, 1);
  return { dtype, elements, shards, monoids: partialAxes.map((p) => monoid(p.monoid)) };
}

function heldOf(
  layout: Layout,
  shape: readonly number[],
  placement: PlacementData,
  member: number,
  part: Part | undefined,
): Region {
  if (!part) return region(layout, shape, placement, member);
  const { dim, from, size } = part;
  const held = region(layout, shape.with(dim, size), placement, member);
  const moved = held[dim]!.map(([lo, hi]) => [lo + from, hi + from] as const);
  return held.with(dim, moved);
}

/** Contiguous runs of a region: trailing dims that are whole join the dim before them. */
function runsOf(held: Region, shape: readonly number[]): Runs {
  let block = 1;
  let dim = shape.length - 1;
  const whole = (d: number) => held[d]!.length === 1 && held[d]![0]![0] === 0 && held[d]![0]![1] === shape[d];
  for (; dim >= 0 && whole(dim); dim--) block *= shape[dim]!;
  const runs: number[] = [];
  let local = 0;
  const walk = (d: number, start: number): void => {
    if (d > dim) {
      runs.push(local, start * block, block);
      local += block;
      return;
    }
    for (const [lo, hi] of held[d]!) {
      if (d === dim) {
        runs.push(local, (start * shape[d]! + lo) * block, (hi - lo) * block);
        local += (hi - lo) * block;
      } else for (let i = lo; i < hi; i++) walk(d + 1, start * shape[d]! + i);
    }
  };
  if (block > 0) walk(0, 0);
  return runs;
}

/** Writes each rank's part of `whole`. Of a partial value the first rank gets it, the others the identity. */
export function scatter(map: ShardMap, whole: AnyArray, view: View): void {
  for (const { rank, size, runs, partial } of map.shards) {
    const target = view(rank, size);
    const other = partial.findIndex((at) => at !== 0);
    if (other >= 0) target.fill(toElement(map.dtype, map.monoids[other]!.identity(map.dtype)) as never);
    else for (let i = 0; i < runs.length; i += 3) copy(whole, runs[i + 1]!, target, runs[i]!, runs[i + 2]!);
  }
}

/** The whole value, in a fresh array unless one is given. */
export function gather(map: ShardMap, view: View, whole = allocate(map.dtype, map.elements)): AnyArray {
  for (const shard of map.shards) {
    if (!shard.first || shard.partial.some((at) => at !== 0)) continue;
    const part = map.monoids.length ? fold(map, shard, view) : view(shard.rank, shard.size);
    const { runs } = shard;
    for (let i = 0; i < runs.length; i += 3) copy(part, runs[i]!, whole, runs[i + 1]!, runs[i + 2]!);
  }
  return whole;
}

/** Combines what the ranks hold of one part, in order, the innermost axis first. */
function fold(map: ShardMap, of: Shard, view: View): AnyArray {
  const terms = map.shards.filter((shard) => shard.first && shard.split === of.split);
  const reduce = (level: number, group: readonly Shard[]): AnyArray => {
    if (level === map.monoids.length) return view(group[0]!.rank, of.size).slice();
    const ends = Math.max(...group.map(({ partial }) => partial[level]!)) + 1;
    const parts = Array.from({ length: ends }, (_, at) =>
      reduce(
        level + 1,
        group.filter(({ partial }) => partial[level] === at),
      ),
    );
    const combine = combiner(map.monoids[level]!, map.dtype);
    return parts.reduce((sum, part) => {
      for (let i = 0; i < sum.length; i++) sum[i] = combine(sum[i]!, part[i]!);
      return sum;
    });
  };
  return reduce(0, terms);
}

/** 16-bit floats are combined as the numbers that they stand for. */
function combiner({ combine }: Monoid, dtype: DType): (a: number | bigint, b: number | bigint) => number | bigint {
  if (!isHalf(dtype)) return combine;
  return (a, b) => toElement(dtype, combine(fromElement(dtype, a), fromElement(dtype, b)));
}

const short = 16;
function copy(from: AnyArray, a: number, to: AnyArray, b: number, length: number): void {
  if (length > short) to.set(from.subarray(a, a + length) as never, b);
  else for (let i = 0; i < length; i++) to[b + i] = from[a + i]!;
}
