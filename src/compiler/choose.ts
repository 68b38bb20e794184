/**
 * @file Chooses a signature for every op: least predicted time over the whole graph, an op's own work plus the boxing
 * between each producer and consumer, with the user's layouts as constraints. Ties go to the signature that comes first,
 * so the same graph always gets the same plan.
 */
import { showOperand } from "../graph/infer.ts";
import { InternalError, LayoutError, type SluiceError } from "../ir/errors.ts";
import type { Op } from "../ir/graph.ts";
import { type Layout, showLayout } from "../ir/layout.ts";
import type { Choice } from "../ir/plan.ts";
import { keyOf } from "../sbp/canonical.ts";
import type { Signature } from "../sbp/signatures.ts";
import { chargesOf } from "./charges.ts";
import { type Draft, producers, writers } from "./draft.ts";
import { forbidden } from "./factors.ts";
import { type Menu, menusOf, placementOf } from "./menu.ts";
import { solve } from "./solve.ts";

export function choose(draft: Draft): Draft {
  const { graph } = draft;
  const menus = menusOf(draft);
  const { tables, move } = chargesOf(draft, menus);
  const { pick, cost } = solve({ sizes: menus.map(({ signatures }) => signatures.length), tables });
  const chosen = pick.map((option, v) => menus[v]!.signatures[option]!);
  const produced = producers(graph);
  if (cost >= forbidden) throw unmet(draft, chosen, produced) ?? unsatisfiable(draft, menus, pick);
  const choices = graph.ops.map((op, v): Choice => {
    const { ins, outs } = chosen[v]!;
    const given = (id: number) => chosen[produced[id]!.id]!.outs[produced[id]!.outputs.indexOf(id)]!;
    const boxing = op.inputs.reduce((s, id, i) => s + move(id, given(id), ins[i]!).time, 0);
    const fixed = op.outputs.some((id) => draft.fixed.has(id));
    const { own, signatures } = menus[v]!;
    return {
      op: op.name,
      ins,
      outs,
      compute: own[pick[v]!]! * 1e-12,
      boxing: boxing * 1e-12,
      candidates: signatures.length,
      fixed,
    };
  });
  return { ...draft, signatures: chosen, choices };
}

/** The expansion in which an op would have to be boxed, although its author says what is; undefined for none. */
function unmet(draft: Draft, chosen: readonly Signature[], produced: readonly Op[]): SluiceError | undefined {
  for (const op of draft.graph.ops) {
    const by = draft.strict.get(op.name);
    if (by === undefined) continue;
    for (const [i, id] of op.inputs.entries()) {
      const from = produced[id]!;
      const is = chosen[from.id]!.outs[from.outputs.indexOf(id)]!;
      const wanted = chosen[op.id]!.ins[i]!;
      if (keyOf(is) === keyOf(wanted)) continue;
      const how = `${from.kind} gives ${showLayout(is)}, ${op.kind} takes ${showLayout(wanted)}`;
      return new InternalError(`the expansion of ${by} needs a boxing that it does not have: ${how}`, { at: op.at });
    }
  }
  return undefined;
}

function unsatisfiable(draft: Draft, menus: readonly Menu[], pick: readonly number[]): LayoutError {
  const wrote = writers(draft.graph);
  const clash = draft.graph.ops.find((op) => {
    const writer = op.kind === "state" ? wrote.get(op.attrs.state as string) : undefined;
    if (!writer) return false;
    const read = menus[op.id]!.signatures[pick[op.id]!]!.outs[0]!;
    const written =
      menus[writer.op.id]!.signatures[pick[writer.op.id]!]!.outs[writer.op.outputs.indexOf(writer.value)]!;
    return keyOf(read) !== keyOf(written);
  });
  const state = clash ? (clash.attrs.state as string) : "a state";
  const writer = wrote.get(state)?.op;
  const axes = clash ? placementOf(draft, clash).axes.map(({ name }) => name) : [];
  const show = (layout: Layout) => showLayout(layout, axes);
  const given = clash && draft.fixed.get(clash.outputs[0]!);
  const value = clash && draft.graph.values[clash.outputs[0]!];
  const by = writer?.kind ?? "the op that writes it";
  return new LayoutError("SL3003", `${by} cannot keep it as it was given`, {
    subject: `state ${value ? showOperand({ ...value, name: state, layout: given && show(given) }) : state}`,
    choices: writer ? [...new Set(menus[writer.id]!.signatures.map((s) => show(s.outs[0]!)))] : [],
    hint: "give the state one of these layouts",
    at: clash?.at,
  });
}
