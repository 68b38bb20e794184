/**
 * @file Boxing steps carried out on plain arrays, rank by rank, one element at a time, counting each element that one rank reads
 * from another. It takes from the algebra only where shards lie and what a flat slice is; it knows no cost.
 */
import type { DType } from "../../../src/ir/dtype.ts";
import type { Layout } from "../../../src/ir/layout.ts";
import type { PlacementData } from "../../../src/ir/placement.ts";
import { type Region, regions } from "../../../src/sbp/boxes.ts";
import { type AxisStep, type BoxingStep, flatSlice, type Transfer } from "../../../src/sbp/boxing.ts";
import { axisSize, coordinate, group } from "../../../src/sbp/mesh.ts";
import { monoid } from "../../../src/sbp/monoid.ts";
import { product } from "./meshes.ts";

/** One member's elements in local row-major order. */
export type Shard = readonly number[];

export interface Tensor {
  readonly shape: readonly number[];
  readonly on: PlacementData;
  readonly layout: Layout;
  readonly shards: readonly Shard[];
}

const dtype: DType = "float32";

/** Global flat indices of a region, in local order. */
export function indices(region: Region, shape: readonly number[]): number[] {
  return region.reduce(
    (flat, list, dim) =>
      flat.flatMap((base) =>
        list.flatMap(([lo, hi]) => Array.from({ length: hi - lo }, (_, i) => base * shape[dim]! + lo + i)),
      ),
    [0],
  );
}

/** For each member: local index by global index. */
const locate = (layout: Layout, shape: readonly number[], on: PlacementData): Map<number, number>[] =>
  regions(layout, shape, on).map((r) => new Map(indices(r, shape).map((global, local) => [global, local])));

/** The P axes, outermost first, and which contribution each member holds: its coordinates on them. */
function contributions(layout: Layout, on: PlacementData) {
  const axes = layout.flatMap(([axis, sbp]) =>
    sbp.kind === "P" ? [{ axis, monoid: monoid(sbp.monoid), size: axisSize(on, axis) }] : [],
  );
  const of = on.ranks.map((_, m) => axes.reduce((n, { axis, size }) => n * size + coordinate(on, m, axis), 0));
  return { axes, of, count: product(axes.map(({ size }) => size)) };
}

/** Cuts a global value into shards; partial values are large, of both signs, and never equal shares. */
export function scatter(
  value: readonly number[],
  shape: readonly number[],
  on: PlacementData,
  layout: Layout,
  random: () => number,
): Tensor {
  const { axes, of } = contributions(layout, on);
  const split = (v: number, level: number): number[] => {
    const axis = axes[level];
    if (!axis) return [v];
    const noise = Array.from({ length: axis.size }, () => Math.floor(random() * 2001) - 1000);
    const home = Math.floor(random() * axis.size);
    const others = noise.reduce((sum, x, i) => sum + (i === home ? 0 : x), 0);
    const worse = (x: number) => (axis.monoid.name === "max" ? v - Math.abs(x) : v + Math.abs(x));
    return noise.flatMap((x, i) => {
      if (axis.monoid.name === "sum") return split(i === home ? v - others : x, level + 1);
      return split(i === home ? v : worse(x), level + 1);
    });
  };
  const parts = value.map((v) => split(v, 0));
  const shards = regions(layout, shape, on).map((r, m) => indices(r, shape).map((g) => parts[g]![of[m]!]!));
  return { shape, on, layout, shards };
}

/** The global value; throws when replicas differ or an element is missing. */
export function assemble({ shape, on, layout, shards }: Tensor): number[] {
  const { axes, of, count } = contributions(layout, on);
  const where = locate(layout, shape, on);
  const held = (global: number, part: number): number => {
    const copies = shards.flatMap((shard, m) => {
      const local = of[m] === part ? where[m]!.get(global) : undefined;
      return local === undefined ? [] : [shard[local]!];
    });
    if (copies.length === 0) throw new Error(`nobody holds element ${global}`);
    if (!copies.every((x) => Object.is(x, copies[0])))
      throw new Error(`replicas of element ${global} differ: ${copies}`);
    return copies[0]!;
  };
  return Array.from({ length: product(shape) }, (_, global) => {
    let values = Array.from({ length: count }, (_, part) => held(global, part));
    for (const { monoid, size } of axes.toReversed())
      values = Array.from({ length: values.length / size }, (_, i) =>
        values.slice(i * size, (i + 1) * size).reduce(monoid.combine),
      );
    return values[0]!;
  });
}

export interface Done {
  readonly tensor: Tensor;
  /** Bytes that each member read from others, counted one element at a time. */
  readonly received: readonly number[];
  /** The same by link, `from > to` in ranks. */
  readonly links: ReadonlyMap<string, number>;
}

/** Counts what ranks read from each other; the reads of the member `blind` are not seen. */
function counter(from: PlacementData, to: PlacementData, blind: number) {
  const received = to.ranks.map(() => 0);
  const links = new Map<string, number>();
  const count = (reader: number, owner: number): void => {
    const [there, here] = [from.ranks[owner]!, to.ranks[reader]!];
    if (there === here || reader === blind) return;
    received[reader]! += 4;
    links.set(`${there} > ${here}`, (links.get(`${there} > ${here}`) ?? 0) + 4);
  };
  return { received, links, count };
}

/** `blind`: a member whose reads the counter forgets, to show that a wrong count is seen. */
export function execute(step: BoxingStep, tensor: Tensor, { blind = -1 } = {}): Done {
  return step.axis === undefined ? transfer(step.transfer, step.to, tensor, blind) : collective(step, tensor, blind);
}

function transfer({ from, to, pieces }: Transfer, layout: Layout, tensor: Tensor, blind: number): Done {
  const { shape } = tensor;
  const before = locate(tensor.layout, shape, from);
  const { received, links, count } = counter(from, to, blind);
  const shards = regions(layout, shape, to).map((region, member) => {
    const made = new Map<number, number>();
    for (const { box, sources, monoid: name } of pieces[member]!)
      for (const global of indices(
        box.map((interval) => [interval]),
        shape,
      )) {
        if (made.has(global)) throw new Error(`member ${member} gets element ${global} twice`);
        const values = sources.map((rank) => {
          const owner = from.ranks.indexOf(rank);
          const local = before[owner]!.get(global);
          if (local === undefined) throw new Error(`rank ${rank} does not hold element ${global}`);
          count(member, owner);
          return tensor.shards[owner]![local]!;
        });
        made.set(
          global,
          values.length === 0 ? monoid(name!).identity(dtype) : values.reduce((a, b) => monoid(name!).combine(a, b)),
        );
      }
    return indices(region, shape).map((global) => {
      const value = made.get(global);
      if (value === undefined) throw new Error(`member ${member} does not get element ${global}`);
      return value;
    });
  });
  return { tensor: { shape, on: to, layout, shards }, received, links };
}

function collective(step: AxisStep, { shape, on, shards }: Tensor, blind: number): Done {
  const before = locate(step.from, shape, on);
  const target = regions(step.to, shape, on);
  const { received, links, count } = counter(on, on, blind);
  const read = (reader: number, owner: number, global: number): number => {
    const local = before[owner]!.get(global);
    if (local === undefined) throw new Error(`member ${owner} does not hold element ${global}`);
    count(reader, owner);
    return shards[owner]![local]!;
  };
  const each = (make: (member: number, global: number) => number): Shard[] =>
    target.map((r, m) => indices(r, shape).map((global) => make(m, global)));
  const peers = (m: number) => group(on, m, step.axis);
  const reduce = (m: number, global: number) =>
    peers(m)
      .map((peer) => read(m, peer, global))
      .reduce(monoid(step.monoid!).combine);

  const run = (): readonly Shard[] => {
    switch (step.kind) {
      case "relabel":
        return shards;
      case "slice":
        return each((m, global) => read(m, m, global));
      case "fill": {
        const split = step.from.some(([axis, sbp]) => axis === step.axis && sbp.kind === "S");
        const keeps = (m: number, global: number) =>
          split ? before[m]!.has(global) : coordinate(on, m, step.axis) === 0;
        return each((m, global) => (keeps(m, global) ? read(m, m, global) : monoid(step.monoid!).identity(dtype)));
      }
      case "all-gather":
      case "all-to-all":
        return each((m, global) => {
          const owner = before[m]!.has(global) ? m : peers(m).find((peer) => before[peer]!.has(global))!;
          return read(m, owner, global);
        });
      case "reduce-scatter":
        return each(reduce);
      case "all-reduce": {
        const slices = target.map((r, m) => {
          const mine = indices(r, shape);
          const slice = flatSlice(mine.length, peers(m).length, coordinate(on, m, step.axis));
          return new Map(mine.slice(...slice).map((global) => [global, reduce(m, global)]));
        });
        return each((m, global) => {
          const owner = peers(m).find((peer) => slices[peer]!.has(global))!;
          count(m, owner);
          return slices[owner]!.get(global)!;
        });
      }
    }
  };
  return { tensor: { shape, on, layout: step.to, shards: run() }, received, links };
}
