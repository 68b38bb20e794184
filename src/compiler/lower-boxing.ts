/**
 * @file Boxing steps as kernel calls on one rank, over shared memory. Every rank pulls what it misses from its peers'
 * slots; an all-reduce pushes: each rank reduces its own flat slice and stores it to all, so that one task does both
 * halves with no barrier, in a fixed order. Every call says whose counters it bumps.
 */
import { fill } from "../graph/ops/lowering.ts";
import { type DType, itemSize, kernelCode } from "../ir/dtype.ts";
import { InternalError } from "../ir/errors.ts";
import type { PlacementData } from "../ir/placement.ts";
import { type Address, byName, type Call, type Operand } from "../ir/program.ts";
import { type Box, boxesOf, extents, localIndex, type Region, region, size } from "../sbp/boxes.ts";
import { type AxisStep, flatSlice } from "../sbp/boxing.ts";
import { group } from "../sbp/mesh.ts";
import { monoid } from "../sbp/monoid.ts";
import { loops, rowMajor } from "./strides.ts";

export interface BoxingSite {
  readonly step: AxisStep;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly placement: PlacementData;
  /** Place of the rank in the placement. */
  readonly member: number;
  /** Buffers of the value before and after, the same ids on every rank. */
  readonly from: number;
  readonly to: number;
  readonly collective: number | null;
}

export function lowerBoxing(site: BoxingSite): Call[] {
  const { step, shape, placement, member, from } = site;
  const at = (layout: typeof step.from, of: number) => region(layout, shape, placement, of);
  const mine = at(step.from, member);
  const target = at(step.to, member);
  switch (step.kind) {
    case "relabel":
      return [];
    case "slice":
      return copy(site, { buffer: from }, mine, target, common(mine, target), null);
    case "fill": {
      // A split's members each keep their part; of replicas the first keeps all and the others nothing.
      const split = step.from.some(([axis, sbp]) => axis === step.axis && sbp.kind === "S");
      const keeps = split || coordinate(site) === 0;
      const own = keeps ? copy(site, { buffer: from }, mine, target, common(mine, target), null) : [];
      return [identity(site, size(target)), ...own];
    }
    case "all-gather":
    case "all-to-all":
      return members(site).flatMap((peer, index) => {
        const theirs = at(step.from, peer);
        return copy(site, source(site, index), theirs, target, common(theirs, target), site.collective);
      });
    case "reduce-scatter":
      return reduceScatter(site, mine, target);
    case "all-reduce":
      return allReduce(site, size(target));
    default:
      throw new InternalError(`no lowering for a ${step.kind} within a placement`);
  }
}

/** What two shards both hold. */
const common = (a: Region, b: Region): Region =>
  a.map((list, dim) =>
    list.flatMap(([lo, hi]) =>
      b[dim]!.map(([u, v]) => [Math.max(lo, u), Math.min(hi, v)] as const).filter(([from, to]) => from < to),
    ),
  );

const members = (site: BoxingSite) => group(site.placement, site.member, site.step.axis);
const coordinate = (site: BoxingSite) => members(site).indexOf(site.member);
const source = (site: BoxingSite, index: number): Address =>
  index === coordinate(site) ? { buffer: site.from } : { buffer: site.from, peer: { axis: site.step.axis, index } };
const traffic = (collective: number | null): Operand => (collective === null ? null : { traffic: collective });

/** Reduction opcodes of the kernels, by monoid and dtype. */
function reduction({ step, dtype }: BoxingSite): [monoid: number, dtype: number] {
  const by = ["sum", "max", "min"].indexOf(step.monoid!);
  if (by < 0) throw new InternalError(`no kernel reduces by ${step.monoid}`);
  return [by, kernelCode[dtype]];
}

function identity(site: BoxingSite, count: number): Call {
  const value = monoid(site.step.monoid!).identity(site.dtype);
  return fill(site.dtype, count, byName(value), { buffer: site.to });
}

interface Walk {
  readonly extents: readonly number[];
  readonly source: readonly number[];
  readonly target: readonly number[];
  readonly sourceOffset: number;
  readonly targetOffset: number;
}

/** How to walk a common part of two shards: extents, strides and offsets in bytes, at most four loops at a time. */
function walks(held: Region, target: Region, shared: Region, item: number): Walk[] {
  const [from, to] = [rowMajor(extents(held)), rowMajor(extents(target))];
  const offset = (r: Region, strides: readonly number[], part: Box) =>
    part.reduce((sum, [lo], d) => sum + localIndex(r[d]!, lo) * strides[d]!, 0) * item;
  return boxesOf(shared).flatMap((part) =>
    loops(
      part.map(([lo, hi]) => hi - lo),
      from,
      to,
    ).map(({ extents: each, a, b, offsetA, offsetB }) => ({
      extents: each,
      source: a,
      target: b,
      sourceOffset: offset(held, from, part) + offsetA * item,
      targetOffset: offset(target, to, part) + offsetB * item,
    })),
  );
}

function copy(
  site: BoxingSite,
  from: Address,
  held: Region,
  target: Region,
  shared: Region,
  by: number | null,
): Call[] {
  if (!size(shared)) return [];
  const item = itemSize[site.dtype];
  return walks(held, target, shared, item).map((w) => ({
    kernel: "copy_box",
    args: [
      item,
      ...w.extents,
      ...w.source,
      ...w.target,
      from,
      w.sourceOffset,
      { buffer: site.to },
      w.targetOffset,
      traffic(by),
    ],
  }));
}

function reduceScatter(site: BoxingSite, held: Region, target: Region): Call[] {
  if (!size(target)) return [];
  const sources = members(site).map((_, index) => source(site, index));
  return walks(held, target, target, itemSize[site.dtype]).map((w) => ({
    kernel: "reduce_box",
    args: [
      ...reduction(site),
      ...w.extents,
      ...w.source,
      ...w.target,
      w.sourceOffset,
      w.targetOffset,
      traffic(site.collective),
      { buffer: site.to },
      ...sources,
    ],
  }));
}

function allReduce(site: BoxingSite, count: number): Call[] {
  const peers = members(site);
  const [lo, hi] = flatSlice(count, peers.length, coordinate(site));
  if (lo === hi) return [];
  const sources = peers.map((_, index) => source(site, index));
  const targets = sources.map((address) => ({ ...address, buffer: site.to }));
  const args = [...reduction(site), lo, hi, traffic(site.collective), peers.length, ...sources, ...targets];
  return [{ kernel: "all_reduce", args }];
}
