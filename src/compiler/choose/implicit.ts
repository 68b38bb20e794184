/**
 * @file Explicit mode: where an op of the user's does not take a tensor as it lies, that is an error which names what
 * would do. What autodiff adds is boxed as it needs to be: its layouts follow from those of the forward pass.
 */
import { LayoutError } from "../../ir/errors.ts";
import { type Layout, showLayout } from "../../ir/layout.ts";
import { showPlacement } from "../../ir/placement.ts";
import { keyOf } from "../../sbp/canonical.ts";
import type { Signature } from "../../sbp/signatures.ts";
import { type Draft, forbidsBoxing, placementOf, producers } from "../draft.ts";
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
    for (const [i, id] of op.inputs.entries()) {
      const from = produced[id]!;
      const is = chosen[from.id]!.outs[from.outputs.indexOf(id)]!;
      const wanted = chosen[op.id]!.ins[i]!;
      if (keyOf(is) === keyOf(wanted)) continue;
      const axes = placementOf(draft, op).axes.map(({ name }) => name);
      const text = (layout: Layout) => showLayout(layout, axes);
      const { layouts, keys } = menus[op.id]!.ins[i]!;
      const others = [wanted, ...layouts.filter((_, k) => keys[k] !== keyOf(wanted) && keys[k] !== keyOf(is))];
      const { name } = graph.values[id]!;
      return new LayoutError("SL3042", `${op.kind} takes ${name} as ${text(wanted)}, it lies as ${text(is)}`, {
        subject: op.name,
        choices: others.slice(0, shown).map((layout) => `.to(mesh, ${text(layout)})`),
        hint: `say the boxing of ${name}, give its source another layout, or compile without boxing: "explicit"`,
        at: op.at,
      });
    }
  }
  return undefined;
}
