/**
 * @file Boxing: from one layout of a tensor to another, by the cheapest sequence of steps along mesh axes. Within one
 * placement a path always exists: what is innermost can go to B, and every layout is built from B, axis by axis. Optimal
 * among paths of collectives along one axis at a time, over balanced splits, B and the SBPs that the two ends name.
 */
import type { DType } from "../ir/dtype.ts";
import { LayoutError, PlacementError } from "../ir/errors.ts";
import { type Layout, showSbp } from "../ir/layout.ts";
import { type PlacementData, samePlacement, showPlacement } from "../ir/placement.ts";
import { regions } from "./boxes.ts";
import { Cache } from "./cache.ts";
import { canonical, keyOf, layoutText } from "./canonical.ts";
import { type Model, sharedMemory } from "./link.ts";
import { monoid } from "./monoid.ts";
import { alphabetOf, type Edge, type Search, search } from "./search.ts";
import type { BoxingKind } from "./steps.ts";

export { type BoxingKind, flatSlice } from "./steps.ts";

/** Where a tensor is and how it lies there. */
export interface Side {
  readonly placement: PlacementData;
  readonly layout: Layout;
}

export interface BoxingStep {
  readonly kind: BoxingKind;
  /** Mesh axis that it runs along. */
  readonly axis: string;
  /** Of the partial value that it makes or reduces. */
  readonly monoid?: string;
  /** Canonical. */
  readonly from: Layout;
  readonly to: Layout;
  /** Bytes that each member of the placement receives from others. */
  readonly received: readonly number[];
  /** Σ received. */
  readonly bytes: number;
  /** Modelled seconds. */
  readonly time: number;
}

export interface BoxingPlan {
  readonly steps: readonly BoxingStep[];
  readonly bytes: number;
  /** Bytes that each member of the target placement receives, over all steps. */
  readonly received: readonly number[];
  /** Modelled seconds. */
  readonly time: number;
  /** The layouts that it passes by: `S(0),B → B,B → B,S(1)`. */
  readonly text: string;
}

export interface BoxingRequest {
  /** Global. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly from: Side;
  readonly to: Side;
}

/**
 * The cheapest boxing by the model's time, then bytes, then the number of steps. Bytes are exact: what a rank of the
 * placement copies or reduces from another. Throws a LayoutError when one of the layouts is not legal (SL2003 a split
 * that does not fit, SL2002 an unknown monoid, SL2004 a dtype that the monoid does not reduce), a PlacementError SL2005
 * when the two sides are on different placements.
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
  const { shape, dtype, from, to } = request;
  const { placement } = from;
  if (!samePlacement(placement, to.placement))
    throw new PlacementError(
      "SL2005",
      `boxing changes layouts within one placement, this goes from ${showPlacement(placement)} to ${showPlacement(to.placement)}`,
      { hint: "keep both ends of this tensor on one placement" },
    );
  const [source, target] = [canonical(from.layout, placement), canonical(to.layout, placement)];
  const { plans, searches } = cacheOf(model);
  const problem = `${showPlacement(placement)} ${dtype}[${shape.join(",")}]`;
  return plans.get(`${problem} ${keyOf(source)} > ${keyOf(target)}`, () => {
    for (const layout of [source, target]) {
      checkReductions(layout, shape, dtype);
      regions(layout, shape, placement);
    }
    const alphabet = alphabetOf(shape, [source, target]);
    const find = searches.get(`${problem} ${alphabet.map(showSbp).sort().join(" ")}`, () =>
      search({ shape, dtype, placement, model, alphabet }),
    );
    return planOf(find(source, target), source, placement);
  });
}

/** Throws LayoutError SL2004 for a partial layout of a dtype that its reduction is not defined on. */
export function checkReductions(layout: Layout, shape: readonly (number | string)[], dtype: DType): void {
  for (const [axis, sbp] of layout)
    if (sbp.kind === "P" && !monoid(sbp.monoid).dtypes.includes(dtype))
      throw new LayoutError("SL2004", `${showSbp(sbp)} on mesh axis "${axis}" of a ${dtype} tensor`, {
        choices: [...shape.map((_, dim) => `S(${dim})`), "B"],
        hint: `${sbp.monoid} reduces numbers: cast first, or split or replicate`,
      });
}

function planOf(edges: readonly Edge[], source: Layout, placement: PlacementData): BoxingPlan {
  const steps = edges.map(
    ({ kind, axis, monoid, from, to, receivedBytes, bytes, picoseconds }): BoxingStep => ({
      kind,
      axis,
      ...(monoid !== undefined && { monoid }),
      from: from.layout,
      to: to.layout,
      received: receivedBytes,
      bytes,
      time: picoseconds * 1e-12,
    }),
  );
  return {
    steps,
    bytes: steps.reduce((sum, { bytes }) => sum + bytes, 0),
    received: placement.ranks.map((_, member) => steps.reduce((sum, { received }) => sum + received[member]!, 0)),
    time: edges.reduce((sum, { picoseconds }) => sum + picoseconds, 0) * 1e-12,
    text: [source, ...steps.map(({ to }) => to)].map((layout) => layoutText(layout, placement)).join(" → "),
  };
}

const caches = new WeakMap<Model, { readonly plans: Cache<BoxingPlan>; readonly searches: Cache<Search> }>();

function cacheOf(model: Model) {
  let cache = caches.get(model);
  if (!cache) {
    cache = { plans: new Cache(20_000), searches: new Cache(200) };
    caches.set(model, cache);
  }
  return cache;
}
