/**
 * @file Collectives along one mesh axis as kernel calls on one rank, over shared memory. Every rank pulls what it misses from its peers'
 * slots; an all-reduce pushes: each rank reduces its own flat slice and stores it to all, so that one task does both
 * halves with no barrier, in a fixed order. Every call says whose counters it bumps.
 */
import { fill } from "../../graph/ops/lowering.ts";
import type { DType } from "../../ir/dtype.ts";
import { InternalError } from "../../ir/errors.ts";
import type { PlacementData } from "../../ir/placement.ts";
import { type Address, byName, type Call } from "../../ir/program.ts";
import { type Region, region, size } from "../../sbp/boxes.ts";
import { type AxisStep, flatSlice } from "../../sbp/boxing.ts";
import { group } from "../../sbp/mesh.ts";
import { monoid } from "../../sbp/monoid.ts";
import { copyCalls, type Passage, reduceCalls, reduction, traffic } from "./box-calls.ts";

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
  const { step, shape, dtype, placement, member, from, to } = site;
  const at = (layout: typeof step.from, of: number) => region(layout, shape, placement, of);
  const mine = at(step.from, member);
  const target = at(step.to, member);
  const passage = (held: Region, collective: number | null): Passage => {
    return { dtype, held, target, part: common(held, target), to: { buffer: to }, collective };
  };
  switch (step.kind) {
    case "relabel":
      return [];
    case "slice":
      return copyCalls(passage(mine, null), { buffer: from });
    case "fill": {
      // A split's members each keep their part; of replicas the first keeps all and the others nothing.
      const split = step.from.some(([axis, sbp]) => axis === step.axis && sbp.kind === "S");
      const keeps = split || coordinate(site) === 0;
      const own = keeps ? copyCalls(passage(mine, null), { buffer: from }) : [];
      return [identity(site, size(target)), ...own];
    }
    case "all-gather":
    case "all-to-all":
      return members(site).flatMap((peer, index) =>
        copyCalls(passage(at(step.from, peer), site.collective), source(site, index)),
      );
    case "reduce-scatter": {
      const sources = members(site).map((_, index) => source(site, index));
      return reduceCalls({ ...passage(mine, site.collective), part: target }, step.monoid!, sources);
    }
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
function identity(site: BoxingSite, count: number): Call {
  const value = monoid(site.step.monoid!).identity(site.dtype);
  return fill(site.dtype, count, byName(value), { buffer: site.to });
}

function allReduce(site: BoxingSite, count: number): Call[] {
  const peers = members(site);
  const [lo, hi] = flatSlice(count, peers.length, coordinate(site));
  if (lo === hi) return [];
  const sources = peers.map((_, index) => source(site, index));
  const targets = sources.map((address) => ({ ...address, buffer: site.to }));
  const args = [
    ...reduction(site.step.monoid!, site.dtype),
    lo,
    hi,
    traffic(site.collective),
    peers.length,
    ...sources,
    ...targets,
  ];
  return [{ kernel: "all_reduce", args }];
}
