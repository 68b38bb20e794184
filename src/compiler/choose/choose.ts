/**
 * @file Chooses a signature for every op: least predicted time over the whole graph, an op's own work plus the boxing
 * between each producer and consumer, with the user's layouts as constraints. Ties go to the signature that comes first,
 * so the same graph always gets the same plan.
 */
import { showOperand } from "../../graph/infer.ts";
import { userLine } from "../../graph/source.ts";
import { InternalError, LayoutError, type SluiceError } from "../../ir/errors.ts";
import type { Op } from "../../ir/graph.ts";
import { type Layout, showLayout } from "../../ir/layout.ts";
import type { Choice } from "../../ir/plan.ts";
import { keyOf } from "../../sbp/canonical.ts";
import type { Signature } from "../../sbp/signatures.ts";
import { limitOf } from "../budget.ts";
import { type Draft, placementOf, producers, writers } from "../draft.ts";
import { forbidden } from "../solve/factors.ts";
import { type Problem, solve, solveLeast, type Table } from "../solve/solve.ts";
import { type Charges, type Copies, chargesOf } from "./charges.ts";
import { exactly } from "./exact.ts";
import { implicitBoxing, movedState } from "./implicit.ts";
import { type Menu, menusOf } from "./menu.ts";
import type { Price } from "./moves.ts";
import { rivalsOf } from "./rivals.ts";

export function choose(draft: Draft): Draft {
  const { graph } = draft;
  const moved = movedState(draft);
  if (moved) throw moved;
  const menus = menusOf(draft);
  const charges = chargesOf(draft, menus);
  const budget = draft.budget ?? hopeless(draft, menus, charges);
  const limit = draft.settled.size ? Number.POSITIVE_INFINITY : (budget ?? Number.POSITIVE_INFINITY);
  const { pick, cost, memory, problem } = cheapest(menus, charges, limit);
  const chosen = pick.map((option, v) => menus[v]!.signatures[option]!);
  const produced = producers(graph);
  if (cost >= forbidden)
    throw unmet(draft, chosen, produced) ?? implicitBoxing(draft, menus, chosen) ?? unsatisfiable(draft, menus, pick);
  const rivals = rivalsOf(draft, menus, problem, pick);
  const settled = new Map(draft.choices.map((choice) => [choice.op, choice]));
  const choices = graph.ops.map((op, v): Choice => {
    const { ins, outs } = chosen[v]!;
    const fixed = draft.written.has(op.name) && op.outputs.some((id) => draft.fixed.has(id));
    const { own, signatures } = menus[v]!;
    const found = rivals[v] ?? settled.get(op.name)?.rivals;
    return {
      op: op.name,
      ins,
      outs,
      placement: graph.values[op.outputs[0] ?? op.inputs[0]!]!.placement,
      held: charges.held(op, pick),
      compute: own[pick[v]!]! * 1e-12,
      boxing: charges.boxing(op, pick) * 1e-12,
      candidates: settled.get(op.name)?.candidates ?? signatures.length,
      fixed,
      ...(found && { rivals: found }),
    };
  });
  const foreseen = draft.foreseen ?? memory;
  return { ...draft, signatures: chosen, choices, foreseen, ...(budget !== undefined && { budget }) };
}

/** The limit, where a large graph misses it however it lies, so that its cheapest plan need not be made. */
function hopeless(draft: Draft, menus: readonly Menu[], { floor }: Charges): number | undefined {
  const limit = limitOf(draft);
  return menus.length >= many && !draft.settled.size && floor() > limit ? limit : undefined;
}

/** A pick may be this much dearer than what no plan undercuts. */
const tolerance = 5e-3;

/** Ops up to which the choice is exact. */
const few = 12;

/** Ops from which no bound is asked for, and copies are shared anew but once. */
const many = 2000;

/**
 * What is cheapest; where that is past the limit, what is cheapest within it; where nothing is found to fit, what takes the
 * least memory. Where that is past the limit too nothing else is sought, unless all could be.
 */
function cheapest(menus: readonly Menu[], charges: Charges, limit: number): Found {
  const free = search(menus, charges, Number.POSITIVE_INFINITY);
  if (free.memory <= limit || free.cost >= forbidden) return free;
  const least = leastOf(menus, charges);
  if (least.memory > limit && menus.length > few) return least;
  const found = search(menus, charges, limit);
  return found.memory <= limit ? found : least;
}

/** The least memory found, whatever the limit, so that what is said of it holds at each. */
function leastOf(menus: readonly Menu[], { tables, evaluate }: Charges): Found {
  const sizes = menus.map(({ signatures }) => signatures.length);
  const attempt = (copies: Copies): Found => {
    const problem = { sizes, tables: tables(copies) };
    const pick = solveLeast(problem);
    const price = evaluate(pick);
    return { pick, problem, cost: price.time, ...price };
  };
  let best = attempt("shared");
  for (let round = sizes.length >= many ? 2 : 0; round < 3; round++) {
    const next = attempt(best.pick);
    if (next.memory >= best.memory) break;
    best = next;
  }
  return best;
}

interface Found extends Price {
  readonly pick: readonly number[];
  readonly problem: Problem;
  readonly cost: number;
}

/**
 * By shared copies, whose sum no plan undercuts; if that leaves a doubt, by copies of one's own, and then by copies shared
 * among those who want them by the best pick so far, as long as that pays.
 */
function search(menus: readonly Menu[], { tables, evaluate }: Charges, limit: number): Found {
  const sizes = menus.map(({ signatures }) => signatures.length);
  const large = sizes.length >= many;
  const attempt = (copies: Copies, besides: readonly Table[] = []) => {
    const problem = { sizes, tables: [...tables(copies), ...besides] };
    const { pick, cost, bound, memory } = solve(problem, { limit, prove: false });
    return { pick, cost, bound, possible: cost < forbidden && memory <= limit, problem, ...evaluate(pick) };
  };
  type Attempt = ReturnType<typeof attempt>;
  const better = (a: Attempt, b: Attempt) => {
    const [fits, fitted] = [a.memory <= limit, b.memory <= limit];
    if (!fits || !fitted) return fits || (!fitted && a.memory < b.memory);
    return a.cost < forbidden && (b.cost >= forbidden || a.time < b.time);
  };
  const settled = (options: readonly number[]) =>
    attempt(
      options,
      [...options.entries()].flatMap(([v, option]) => (option < 0 ? [] : only(v, sizes[v]!, option))),
    );
  let best = attempt(large ? "own" : "shared");
  if (best.cost >= forbidden) return best;
  if (sizes.length <= few) return exactly(sizes, best, settled, better);
  if (!large) {
    if (best.memory <= limit && best.time <= best.bound * (1 + tolerance)) return best;
    const own = attempt("own");
    if (better(own, best)) best = own;
  }
  for (let round = large ? 2 : 0; round < 3; round++) {
    const next = attempt(best.pick);
    if (!better(next, best)) break;
    best = next;
  }
  return best;
}

/** Forbids all options of a variable but one. */
const only = (v: number, size: number, option: number): Table => ({
  variables: [v],
  cost: Float64Array.from({ length: size }, (_, o) => (o === option ? 0 : forbidden)),
});

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

/** The layouts in which an op can write a state; none starts out as parts of a sum. */
function kept({ signatures }: Menu): readonly Layout[] {
  const all = new Map(signatures.map(({ outs }) => [keyOf(outs[0]!), outs[0]!]));
  return [...all.values()].filter((layout) => layout.every(([, sbp]) => sbp.kind !== "P"));
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
    choices: writer ? kept(menus[writer.id]!).map(show) : [],
    hint: "give the state one of these layouts",
    at: given ? userLine() : clash?.at, // a layout of a state comes with the options of compile
  });
}
