/** @file What the explorer says of ops: their tensors, how they work on the mesh, what that costs, and why not otherwise. */
import { B, type Layout, showSbp } from "../../ir/layout.ts";
import type { Choice, PlanData } from "../../ir/plan.ts";
import { layoutText } from "../../sbp/canonical.ts";
import { opChange } from "../boxing-text.ts";
import { chosen } from "../explain/signatures.ts";
import { alone, remark } from "../explain/tensors.ts";
import { shorten } from "../format.ts";
import { stepText } from "../logical-text.ts";
import { phasesOf } from "../phase.ts";
import { choicesOf } from "./choices.ts";
import type { ChoiceInfo, OpInfo, RivalInfo } from "./types.ts";

/** Characters of an op's attributes. */
const width = 160;

/** By op of the graph. `taskOf` gives the place of the task that runs an op. */
export function opsOf(plan: PlanData, taskOf: ReadonlyMap<string, number>): OpInfo[] {
  const { graph } = plan;
  const phase = phasesOf(graph);
  const choices = choicesOf(graph, plan.choices);
  const tight = plan.choices.some(({ unlimited }) => unlimited);
  return graph.ops.map((op): OpInfo => {
    const [choice, parts = 0] = choices.get(op.name) ?? [];
    const writes = (op.writes ?? []).filter((state) => state !== null);
    const attrs = op.kind === "boxing" ? "{}" : JSON.stringify(op.attrs);
    return {
      name: op.name,
      kind: op.kind,
      phase: phase[op.id]!,
      ...(op.at !== undefined && { at: op.at }),
      placement: graph.values[op.outputs[0]!]!.placement,
      ins: op.inputs,
      outs: op.outputs,
      task: taskOf.get(op.name) ?? -1,
      ...(op.kind === "boxing" && { step: stepText(op), change: opChange(plan, op) }),
      ...(writes.length > 0 && { writes }),
      ...(attrs !== "{}" && { attrs: shorten(attrs, width) }),
      ...(choice && { choice: choiceInfo(plan, choice, parts, op.outputs, tight) }),
    };
  });
}

function choiceInfo(
  plan: PlanData,
  choice: Choice,
  parts: number,
  outputs: readonly number[],
  tight: boolean,
): ChoiceInfo {
  const placement = plan.placements[choice.placement]!;
  const on = (layouts: readonly Layout[], axis: string) =>
    layouts.map((layout) => showSbp(layout.find(([name]) => name === axis)?.[1] ?? B));
  const text = (layout: Layout) => layoutText(layout, placement);
  return {
    rules: placement.axes.map(({ name: axis }) => ({ axis, ins: on(choice.ins, axis), outs: on(choice.outs, axis) })),
    chosen: chosen(choice),
    compute: choice.compute,
    boxing: choice.boxing,
    ...(parts > 0 && { parts }),
    rivals: outputs.map((tensor, j): RivalInfo => {
      const rival = choice.fixed ? null : (choice.rivals?.[j] ?? null);
      const would = choice.unlimited?.[j];
      const unlimited = would && text(would) !== text(choice.outs[j]!) ? { unlimited: text(would) } : {};
      if (!rival) return { tensor, text: alone(choice), ...unlimited };
      const { compute, boxing, memory } = rival;
      return { tensor, text: text(rival.layout) + remark(rival, tight), more: [compute, boxing, memory], ...unlimited };
    }),
  };
}
