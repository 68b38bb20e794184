/** @file Steps and losses as a live view shows them, from a session's metrics. Pure, and bounded however long a run is. */
import type { StepMetrics } from "../../ir/session.ts";
import type { LiveCurve, LiveFrame } from "./types.ts";

/** Points of a curve, at most: then every other one is left out. */
const mostPoints = 400;
/** How much a step moves the average of milliseconds. */
const moves = 0.1;

interface Curve extends LiveCurve {
  /** Steps from point to point. */
  readonly every: number;
}

export interface Progress {
  readonly last?: { readonly plan: string; readonly step: number; readonly ms: number };
  /** Steps seen, by plan. */
  readonly seen: ReadonlyMap<string, number>;
  readonly curves: ReadonlyMap<string, Curve>;
}

export const noProgress: Progress = { seen: new Map(), curves: new Map() };

/** A step has ended. */
export function advanced({ last, seen, curves }: Progress, { plan, step, ms, outputs }: StepMetrics): Progress {
  const n = seen.get(plan) ?? 0;
  const ongoing = last?.plan === plan;
  const grown = Object.entries(outputs).flatMap(([output, value]) => {
    const name = `${plan}.${output}`;
    const curve = curves.get(name) ?? { name, every: 1, points: [] };
    return Number.isFinite(value) && n % curve.every === 0 ? [[name, thinned(curve, [n, value])] as const] : [];
  });
  return {
    // The first step of a run takes in what was before the run.
    last: { plan, step, ms: ongoing && step > 1 ? last.ms + moves * (ms - last.ms) : ms },
    seen: new Map([...seen, [plan, n + 1]]),
    curves: new Map([...curves, ...grown]),
  };
}

function thinned({ name, every, points }: Curve, point: LiveCurve["points"][number]): Curve {
  const all = [...points, point];
  if (all.length <= mostPoints) return { name, every, points: all };
  return { name, every: 2 * every, points: all.filter((_, i) => i % 2 === 0) };
}

export const shownProgress = ({ last, curves }: Progress): Pick<LiveFrame, "step" | "curves"> => ({
  ...(last && { step: { plan: last.plan, step: last.step, rate: last.ms > 0 ? 1000 / last.ms : 0 } }),
  curves: [...curves.values()].map(({ name, points }) => ({ name, points })),
});
