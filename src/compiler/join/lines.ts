/**
 * @file Ops that reduce the last dims of what a chain makes (`OpDef.lines`): the chain's blocks are whole lines of these dims
 * then, and a step makes one number of each. Every rank must hold lines that fit the scratch of a call, and what comes in
 * must lie evenly in them: repeated along all dims of a line, or along none.
 */
import { count } from "../../graph/dims.ts";
import { opDef } from "../../graph/registry.ts";
import { itemSize } from "../../ir/dtype.ts";
import type { Op } from "../../ir/graph.ts";
import { kernels } from "../../ir/kernel-table.ts";
import { localShape } from "../../sbp/boxes.ts";
import { type Draft, shapeOf } from "../draft.ts";
import { scratch } from "../lower/chain.ts";
import { spannedStrides } from "../spanned.ts";

/** Of an op that reduces the last dims, their number; else 0. */
export function lineDims({ graph }: Draft, { kind, inputs, attrs }: Op): number {
  if (kind === "boxing" || !opDef(kind).lines) return 0;
  const dims = attrs.dims as readonly number[];
  return dims.at(-1) === shapeOf(graph.values[inputs[0]!]!).length - 1 ? dims.length : 0;
}

/** Whether a run that reduces lines can be one call on every rank. */
export function evenLines(draft: Draft, run: readonly Op[], inner: readonly number[]): boolean {
  const { graph, layouts } = draft;
  const [first] = run[0]!.outputs;
  const value = graph.values[first!]!;
  const whole = shapeOf(value);
  const reducing = run.filter((op) => lineDims(draft, op) > 0);
  const [dims, ...others] = new Set(reducing.map((op) => lineDims(draft, op)));
  if (dims === undefined || others.length) return false;
  const lead = whole.length - dims;
  const spans = [...whole.slice(0, lead).map(() => 1), dims];
  const given = run.filter((op) => !reducing.includes(op)).flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  if (given.some((id) => spannedStrides(shapeOf(graph.values[id]!), whole, spans) === undefined)) return false;
  const { bytes } = scratch(run, inner, (id) => itemSize[graph.values[id]!.dtype]);
  const placement = graph.placements[value.placement]!;
  return placement.ranks.every((_, member) => {
    const local = localShape(layouts[first!]!, whole, placement, member);
    const line = count(local.slice(lead));
    return count(local) > 0 && line > 1 && line * bytes <= kernels.chain.workspace;
  });
}
