/**
 * @file Explicit mode: where an op of the user's does not take a tensor as it lies, that is an error which names what
 * would do. What autodiff adds is boxed as it needs to be: its layouts follow from those of the forward pass.
 */
import { LayoutError } from "../../ir/errors.ts";
import type { Op } from "../../ir/graph.ts";
import { type Layout, showLayout } from "../../ir/layout.ts";
import { showPlacement } from "../../ir/placement.ts";
import { boxingCost } from "../../sbp/boxing.ts";
import { keyOf } from "../../sbp/canonical.ts";
import type { Signature } from "../../sbp/signatures.ts";
import { type Draft, forbidsBoxing, placementOf, producers, shapeOf } from "../draft.ts";
import type { Menu } from "./menu.ts";

const shown = 5;

/** A parameter or statistic that is met away from its home, and moved there without a word; undefined when there is none. */
export function movedState({ graph, options }: Draft): LayoutError | undefined {
  const op =
    options.boxing === "explicit" && graph.ops.find(({ kind, attrs }) => kind === "to" && attrs.state !== undefined);
  if (!op) return undefined;
  const [home, there] = [op.inputs[0]!, op.outputs[0]!].map((id) => graph.placements[graph.values[id]!.placement]!);
  return new LayoutError("SL3042", `it lives on ${showPlacement(home!)} and is used on ${showPlacement(there!)} too`, {
    subject: `state "${op.attrs.state}"`,
    choices: [`the module on ${showPlacement(home!)} alone`, "a module of its own for each placement"],
    hint: 'say with .to(…) where its input goes, or compile without boxing: "explicit"',
    at: op.at,
  });
}

/** The first implicit boxing of the graph; undefined when there is none. */
export function implicitBoxing(draft: Draft, menus: readonly Menu[], chosen: readonly Signature[]) {
  const { graph } = draft;
  const produced = producers(graph);
  for (const op of graph.ops) {
    if (!forbidsBoxing(draft, op)) continue;
    const lies = op.inputs.map((id) => {
      const from = produced[id]!;
      return chosen[from.id]!.outs[from.outputs.indexOf(id)]!;
    });
    const i = lies.findIndex((is, k) => keyOf(is) !== keyOf(chosen[op.id]!.ins[k]!));
    if (i < 0) continue;
    const axes = placementOf(draft, op).axes.map(({ name }) => name);
    const text = (layout: Layout) => showLayout(layout, axes);
    const nameOf = (k: number) => graph.values[op.inputs[k]!]!.name;
    const others = op.inputs.flatMap((id, k) => (id === op.inputs[i] ? [] : `, ${nameOf(k)} as ${text(lies[k]!)}`));
    const takes = `${op.kind} takes ${nameOf(i)} as ${text(chosen[op.id]!.ins[i]!)}`;
    return new LayoutError("SL3042", `${takes}, it lies as ${text(lies[i]!)}${others.join("")}`, {
      subject: op.name,
      choices: settling(draft, op, menus[op.id]!, lies, text),
      hint: `say the boxing, give a source another layout, or compile without boxing: "explicit"`,
      at: op.at,
    });
  }
  return undefined;
}

/** What to write so that the op takes all its operands as they lie then: the cheapest first. Nothing is made partial. */
function settling(
  draft: Draft,
  op: Op,
  { signatures }: Menu,
  lies: readonly Layout[],
  text: (layout: Layout) => string,
): readonly string[] {
  const { values, placements } = draft.graph;
  const placement = placementOf(draft, op);
  /** As an object says it, whose axes are in the mesh's order. */
  const inOrder = (layout: Layout) => {
    const places = layout.map(([axis]) => placement.axes.findIndex(({ name }) => name === axis));
    return places.every((place, k) => k === 0 || place > places[k - 1]!);
  };
  const found = new Map<string, { readonly time: number; readonly bytes: number }>();
  for (const { ins } of signatures) {
    const said = new Map<string, { readonly time: number; readonly bytes: number }>();
    const possible = ins.every((to, k) => {
      const from = lies[k]!;
      if (keyOf(from) === keyOf(to)) return true;
      if (to.some(([, sbp]) => sbp.kind === "P") || !inOrder(to)) return false;
      const value = values[op.inputs[k]!]!;
      const side = { placement: placements[value.placement]!, layout: from };
      const request = { shape: shapeOf(value), dtype: value.dtype, from: side, to: { placement, layout: to } };
      said.set(`${value.name}.to(mesh, ${text(to)})`, boxingCost(request, draft.options.model));
      return true;
    });
    if (!possible || !said.size) continue;
    const all = [...said.values()];
    const sum = (of: "time" | "bytes") => all.reduce((n, one) => n + one[of], 0);
    found.set([...said.keys()].join(" and "), { time: sum("time"), bytes: sum("bytes") });
  }
  return [...found]
    .sort(([a, { time: s }], [b, { time: t }]) => s - t || (a < b ? -1 : 1))
    .slice(0, shown)
    .map(([what, { bytes }]) => `${what}: ${bytes} B`);
}
