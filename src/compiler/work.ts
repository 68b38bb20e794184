/**
 * @file How long an op takes on one rank, by the roofline model (Williams et al., 2009): the larger of its arithmetic and
 * its memory traffic. Choosing weighs signatures with it, and the virtual clock runs tasks with it.
 */
import { opDef } from "../graph/registry.ts";
import { itemSize } from "../ir/dtype.ts";
import type { Op } from "../ir/graph.ts";
import type { LocalType } from "../sbp/rule.ts";
import type { Speed } from "./machine.ts";

export const picoseconds = (seconds: number) => Math.round(seconds * 1e12);

/** Ops that only say where something lies. */
const free: ReadonlySet<string> = new Set(["input", "state", "to"]);

/** Seconds on operands of these local extents. */
export function computeTime(
  { kind, attrs }: Op,
  from: readonly LocalType[],
  to: readonly LocalType[],
  { flops, bandwidth }: Speed,
): number {
  if (free.has(kind)) return 0;
  const count = (t: LocalType) => t.shape.reduce((a, b) => a * b, 1);
  const bytes = [...from, ...to].reduce((s, t) => s + count(t) * itemSize[t.dtype], 0);
  const work = opDef(kind).flops?.(from, to, attrs) ?? to.reduce((s, t) => s + count(t), 0);
  return Math.max(work / flops, bytes / bandwidth);
}
