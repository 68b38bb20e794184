/**
 * @file Boxing: from any layout of a tensor on any placement to any other, by the cheapest sequence of steps: collectives
 * along one mesh axis, and direct transfers. A path always exists: a value that is partial by several monoids can be
 * reduced along its axes, and everything else can be transferred. Optimal among paths over the layouts of balanced
 * splits, B and the SBPs that the two ends name, first on the source's placement, then on the target's; partial by
 * several monoids only where an end is.
 */
import type { DType } from "../ir/dtype.ts";
import { LayoutError } from "../ir/errors.ts";
import { type Layout, showSbp } from "../ir/layout.ts";
import { type PlacementData, samePlacement, showPlacement, showRanks } from "../ir/placement.ts";
import { checkFit } from "./boxes.ts";
import { Cache } from "./cache.ts";
import { canonical, keyOf, layoutText } from "./canonical.ts";
import type { Edge, Edges } from "./edges.ts";
import { type Model, secondsOf, sharedMemory } from "./link.ts";
import { monoid } from "./monoid.ts";
import { alphabetOf, type Search, search } from "./search.ts";
import type { BoxingKind } from "./steps.ts";
import type { Transfer } from "./transfer.ts";

export { type BoxingKind, flatSlice } from "./steps.ts";
export type { Transfer } from "./transfer.ts";

/** Where a tensor is and how it lies there. */
export interface Side {
  readonly placement: PlacementData;
  readonly layout: Layout;
}

interface Step {
  /** Canonical. */
  readonly from: Layout;
  readonly to: Layout;
  /** Bytes that each member of the placement that it ends on receives from other ranks. */
  readonly received: readonly number[];
  /** Σ received. */
  readonly bytes: number;
  /** Modelled seconds. */
  readonly time: number;
}

/** A collective along one axis of one placement, or what one needs no peers for. */
export interface AxisStep extends Step {
  readonly kind: BoxingKind;
  /** Mesh axis that it runs along. */
  readonly axis: string;
  readonly placement: PlacementData;
  /** Of the partial value that it makes or reduces. */
  readonly monoid?: string;
}

/** A direct transfer, on one placement or to another; a `relabel` is one in which every rank keeps just what it has. */
export interface TransferStep extends Step {
  readonly kind: "p2p" | "relabel";
  readonly axis?: undefined;
  readonly source: PlacementData;
  readonly placement: PlacementData;
  /** Made when it is asked for. */
  readonly transfer: Transfer;
}

export type BoxingStep = AxisStep | TransferStep;

export interface BoxingPlan {
  readonly steps: readonly BoxingStep[];
  readonly bytes: number;
  /** The ranks of the target, then those of the source that are not among them. */
  readonly ranks: readonly number[];
  /** Bytes that each of `ranks` receives, over all steps. */
  readonly received: readonly number[];
  /** Modelled seconds. */
  readonly time: number;
  /** The layouts that it passes by: `S(0),B → B,B → B,S(1)`; `cpu[0-3] S(0),B → B,B → cpu[4,5] S(0)`. */
  readonly text: string;
}

export interface BoxingRequest {
  /** Global. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly from: Side;
  readonly to: Side;
  /** False: transfers only from one placement to another, collectives within one. Default true. */
  readonly transfers?: boolean;
}

/**
 * The cheapest boxing by the model's time, then bytes, then the number of steps. Bytes are exact: what a rank copies or
 * reduces from another. Throws a LayoutError when one of the layouts is not legal (SL2003 a split that does not fit,
 * SL2002 an unknown monoid, SL2004 a dtype that the monoid does not reduce).
 *
 * @example
 * const placement = { device: "cpu", axes: [{ name: "data", size: 2 }], ranks: [0, 1] };
 * const plan = planBoxing({
 *   shape: [4, 4], dtype: "float32",
 *   from: { placement, layout: [["data", S(0)]] },
 *   to: { placement, layout: [] },
 * });
 * plan.text;  // "S(0) → B"
 * plan.bytes; // 64: each of two ranks gets the 32 bytes of the other
 */
export function planBoxing(request: BoxingRequest, model: Model = sharedMemory): BoxingPlan {
  const { key, edges, path, source } = pathOf(request, model);
  return cacheOf(model).plans.get(key, () => planOf(edges, path, request.from.placement, request.to.placement, source));
}

/** What a plan costs, for those who compare many. */
export interface BoxingCost extends Pick<BoxingPlan, "time" | "bytes"> {
  /** How the tensor lies on the way, the ends left aside. */
  readonly stops: readonly Side[];
}

/** Modelled seconds, bytes, and the stops. Throws as `planBoxing` does. */
export function boxingCost(request: BoxingRequest, model: Model = sharedMemory): BoxingCost {
  const { path } = pathOf(request, model);
  return { ...costOf(path), stops: path.slice(0, -1).map(sideOf) };
}

const costOf = (path: readonly Edge[]) => ({
  time: secondsOf(path.reduce((sum, { ticks }) => sum + ticks, 0)),
  bytes: path.reduce((sum, { bytes }) => sum + bytes, 0),
});

interface Found {
  readonly key: string;
  readonly edges: Edges;
  readonly path: readonly Edge[];
  /** Canonical. */
  readonly source: Layout;
}

function pathOf({ shape, dtype, from, to, transfers = true }: BoxingRequest, model: Model): Found {
  const [source, target] = [canonical(from.layout, from.placement), canonical(to.layout, to.placement)];
  const { paths, searches } = cacheOf(model);
  const ends = `${showPlacement(from.placement)} > ${from.placement === to.placement ? "" : showPlacement(to.placement)}`;
  const problem = `${ends} ${dtype}[${shape.join(",")}] ${transfers}`;
  const key = `${problem} ${keyOf(source)} > ${keyOf(target)}`;
  return paths.get(key, () => {
    for (const [layout, { placement }] of [[source, from] as const, [target, to] as const]) {
      checkReductions(layout, shape, dtype);
      checkFit(layout, shape, placement);
    }
    const alphabet = alphabetOf(shape, [source, target]);
    const mixed = [source, target].some((layout) => new Set(layout.flatMap(monoidsOf)).size > 1);
    const { edges, find } = searches.get(`${problem} ${mixed} ${alphabet.map(showSbp).sort().join(" ")}`, () =>
      search({ shape, dtype, from: from.placement, to: to.placement, model, alphabet, mixed }, transfers),
    );
    return { key, edges, path: find(source, target), source };
  });
}

const monoidsOf = ([, sbp]: Layout[number]): string[] => (sbp.kind === "P" ? [sbp.monoid] : []);

/** Throws LayoutError SL2004 for a partial layout of a dtype that its reduction is not defined on. */
export function checkReductions(layout: Layout, shape: readonly (number | string)[], dtype: DType): void {
  for (const [axis, sbp] of layout)
    if (sbp.kind === "P" && !monoid(sbp.monoid).dtypes.includes(dtype))
      throw new LayoutError("SL2004", `${showSbp(sbp)} on mesh axis "${axis}" of a ${dtype} tensor`, {
        choices: [...shape.map((_, dim) => `S(${dim})`), "B"],
        hint: `${sbp.monoid} reduces numbers: cast first, or split or replicate`,
      });
}

function planOf(
  edges: Edges,
  path: readonly Edge[],
  from: PlacementData,
  to: PlacementData,
  source: Layout,
): BoxingPlan {
  const steps = path.map((edge) => stepOf(edges, edge));
  const one = samePlacement(from, to);
  const ranks = one ? to.ranks : [...new Set([...to.ranks, ...from.ranks])];
  const at = new Map(ranks.map((rank, i) => [rank, i]));
  const received = ranks.map(() => 0);
  for (const [i, step] of steps.entries())
    for (const [member, rank] of path[i]!.to.places.placement.ranks.entries())
      received[at.get(rank)!]! += step.received[member]!;
  return {
    steps,
    ...costOf(path),
    ranks,
    received,
    text: textOf([{ placement: from, layout: source }, ...path.map(sideOf)], one),
  };
}

const sideOf = ({ to: { layout, places } }: Edge): Side => ({ placement: places.placement, layout });

function stepOf(edges: Edges, edge: Edge): BoxingStep {
  const { from, to, bytes, ticks } = edge;
  const step = { from: from.layout, to: to.layout, received: edges.received(edge), bytes, time: secondsOf(ticks) };
  if (edge.axis === undefined) {
    // Whoever only asks what it costs has no need of its pieces: a million for a thousand ranks.
    let transfer: Transfer | undefined;
    return {
      kind: edge.kind,
      placement: to.places.placement,
      source: from.places.placement,
      ...step,
      get transfer() {
        transfer ??= edges.plan(from, to);
        return transfer;
      },
    };
  }
  const { kind, axis, monoid } = edge;
  return { kind, axis, ...(monoid !== undefined && { monoid }), placement: to.places.placement, ...step };
}

/** Layouts in a row; the placement is named where it changes. */
function textOf(sides: readonly Side[], one: boolean): string {
  let last: PlacementData | undefined;
  const texts = sides.map(({ placement, layout }) => {
    const named = !one && placement !== last;
    last = placement;
    return `${named ? `${placement.device}[${showRanks(placement.ranks)}] ` : ""}${layoutText(layout, placement)}`;
  });
  return texts.join(" → ");
}

interface Known {
  readonly searches: Cache<Search>;
  readonly paths: Cache<Found>;
  readonly plans: Cache<BoxingPlan>;
}

const caches = new WeakMap<Model, Known>();

function cacheOf(model: Model): Known {
  let known = caches.get(model);
  if (!known) {
    known = { searches: new Cache(200), paths: new Cache(100_000), plans: new Cache(5_000) };
    caches.set(model, known);
  }
  return known;
}
