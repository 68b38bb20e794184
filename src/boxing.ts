/** @file `planBoxing`: what it takes to lay a tensor out otherwise, without a graph. */
import { checkLayout, type Layout, type UserLayout, userLayout } from "./graph/layout.ts";
import { checkPlacement } from "./graph/operand.ts";
import type { Placement } from "./graph/placement.ts";
import { located, userLine } from "./graph/source.ts";
import { checkType } from "./graph/type.ts";
import type { DType } from "./ir/dtype.ts";
import { checkOptions, OptionError, showGiven } from "./ir/errors.ts";
import type { PlacementData } from "./ir/placement.ts";
import { type LinkModels, modelOf } from "./links.ts";
import { type BoxingStep as AnyStep, type BoxingPlan, planBoxing as plan, type Side } from "./sbp/boxing.ts";
import type { Model } from "./sbp/link.ts";
import { type LinkTraffic, trafficOf } from "./sbp/traffic.ts";

/** Where a tensor is and how it lies there; an axis that is not named is B. */
export interface BoxingSide<Axes extends string, Of extends number[]> {
  readonly placement: Placement<Axes>;
  readonly layout: Layout<Axes, Of>;
}

/** A collective along one axis, a transfer between ranks one by one, or what one needs no other ranks for. */
export interface BoxingStep {
  readonly kind: AnyStep["kind"];
  /** Mesh axis that a collective runs along. */
  readonly axis?: string;
  readonly from: UserLayout;
  readonly to: UserLayout;
  /** Where its result lies. */
  readonly placement: PlacementData;
  /** Bytes that each rank of `placement` receives from others, and their sum. */
  readonly received: readonly number[];
  readonly bytes: number;
  /** The same by link: who sends how much to whom. */
  readonly links: readonly LinkTraffic[];
  /** Modelled seconds. */
  readonly time: number;
}

export interface Boxing {
  readonly steps: readonly BoxingStep[];
  /** Between ranks, over all steps. */
  readonly bytes: number;
  /** The ranks of the target, then those of the source that are not among them; and what each of them receives. */
  readonly ranks: readonly number[];
  readonly received: readonly number[];
  /** Modelled seconds. */
  readonly time: number;
  /** The layouts that it passes by: `S(0),B → B,B → B,S(1)`. */
  readonly text: string;
}

/**
 * The cheapest way from one placement and layout to another, between any two: what `.to(…)` does in a graph and on a
 * global tensor. Bytes are exact, and are what `session.traffic()` counts; times are those of the α-β model. It is the
 * cheapest among all paths over layouts of balanced splits, B and the SBPs that the two ends name, first on the one
 * placement, then on the other: collectives along one axis, slices and fills, and transfers.
 *
 * Throws ShapeError SL1000 and SL1001, LayoutError SL1021–SL1025 and SL2004, PlacementError SL1141, OptionError SL1074
 * and SL1075 for a request or a side of it that is none.
 *
 * @example
 * const mesh = placement("cpu", { data: 2, model: 2 });
 * const { text, bytes } = planBoxing({
 *   shape: [4, 4], dtype: "float32",
 *   from: { placement: mesh, layout: { data: S(0), model: P() } },
 *   to: { placement: mesh, layout: { data: S(0) } },
 * });
 * text;  // "S(0),P(sum) → S(0),B"
 * bytes; // 128: each of four ranks reads half a shard of 32 bytes, and is sent the other half
 */
export function planBoxing<const S extends number[], A extends string, C extends string>(request: {
  readonly shape: readonly [...S];
  readonly dtype: DType;
  readonly from: BoxingSide<A, S>;
  readonly to: BoxingSide<C, S>;
  /** How fast ranks talk. Default: they share one host's memory. */
  readonly links?: LinkModels;
  /** What is made least; the other breaks ties. Default "time". */
  readonly objective?: "time" | "bytes";
}): Boxing {
  checkOptions("SL1074", "planBoxing", request, ["shape", "dtype", "from", "to", "links", "objective"], userLine);
  const { shape, dtype, links = {}, objective = "time" } = request;
  const { from, to } = located((at) => {
    checkType("planBoxing", shape, dtype, at);
    const side = (name: "from" | "to"): Side => {
      const subject = `planBoxing, ${name}`;
      checkOptions("SL1074", subject, request[name], ["placement", "layout"], userLine);
      const { placement, layout } = request[name];
      checkPlacement(subject, placement);
      const checked = checkLayout(placement.data, layout as UserLayout, { shape, dtype }, subject, at);
      return { placement: placement.data, layout: checked };
    };
    return { from: side("from"), to: side("to") };
  });
  if (objective !== "time" && objective !== "bytes")
    throw new OptionError("SL1075", `it is ${showGiven(objective)}`, {
      subject: "planBoxing, option objective",
      at: userLine(),
      choices: ['"time"', '"bytes"'],
    });
  const model = by(modelOf(links, "planBoxing", [from.placement, to.placement]), objective);
  const planned = plan({ shape, dtype, from, to }, model);
  const known = shownPlans.get(planned);
  if (known) return known;
  const { steps, ...rest } = planned;
  const boxing = { steps: steps.map((step) => shown(step, { shape, dtype })), ...rest };
  shownPlans.set(planned, boxing);
  return boxing;
}

/** Plans are remembered, and so is how users see them. */
const shownPlans = new WeakMap<BoxingPlan, Boxing>();

const byBytes = new WeakMap<Model, Model>();

/** Plans are remembered by model, so there is one for each objective. */
function by(model: Model, objective: "time" | "bytes"): Model {
  if (objective === "time") return model;
  const known = byBytes.get(model) ?? { ...model, objective };
  byBytes.set(model, known);
  return known;
}

const shown = (step: AnyStep, type: { readonly shape: readonly number[]; readonly dtype: DType }): BoxingStep => {
  const { kind, axis, from, to, received, bytes, time } = step;
  const [source, placement] =
    step.axis === undefined ? [step.source, step.placement] : [step.placement, step.placement];
  const along = axis === undefined ? {} : { axis };
  let links: BoxingStep["links"] | undefined;
  return {
    kind,
    ...along,
    from: userLayout(from, source),
    to: userLayout(to, placement),
    placement,
    received,
    get links() {
      links ??= trafficOf(step, type);
      return links;
    },
    bytes,
    time,
  };
};
