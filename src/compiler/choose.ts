/**
 * @file Chooses a signature for every op: least predicted time over the whole graph, an op's own work plus the boxing
 * between each producer and consumer, with the user's layouts as constraints. Ties go to the signature that comes first,
 * so the same graph always gets the same plan.
 */
import { showOperand } from "../graph/infer.ts";
import { opDef } from "../graph/registry.ts";
import { itemSize } from "../ir/dtype.ts";
import { InternalError, LayoutError, type SluiceError } from "../ir/errors.ts";
import type { Op } from "../ir/graph.ts";
import { B, type Layout, showLayout, showSbp } from "../ir/layout.ts";
import type { Choice } from "../ir/plan.ts";
import { localShape } from "../sbp/boxes.ts";
import { boxingCost } from "../sbp/boxing.ts";
import { keyOf } from "../sbp/canonical.ts";
import type { LocalType } from "../sbp/rule.ts";
import type { Signature } from "../sbp/signatures.ts";
import { type Draft, producers, shapeOf, writers } from "./draft.ts";
import { machineOf } from "./machine.ts";
import { type Problem, solve, type Table } from "./solve.ts";
import { type Strategy, siteOf, strategies } from "./strategies.ts";

/** Dearer than any plan, yet finite, so that sums stay ordered. */
const forbidden = 1e9;
/** Seconds that a boxing inside an expansion takes at least: waiting for peers, and being started. */
const insideRound = 1e-5;

export function choose(draft: Draft): Draft {
  const { graph } = draft;
  const produced = producers(graph);
  const found: Strategy[][] = [];
  const candidates: Signature[][] = [];
  for (const op of graph.ops) {
    const strategies = legal(draft, op, candidates, produced);
    found.push(strategies);
    candidates.push(strategies.map(({ signature }) => signature));
  }
  const own = graph.ops.map((op, v) =>
    found[v]!.map((s) => computeTime(draft, op, s.signature) + insideRound * (s.expansion?.by.rounds ?? 0)),
  );
  const problem: Problem = {
    sizes: candidates.map((c) => c.length),
    tables: [
      ...own.map((cost, v): Table => ({ variables: [v], cost: Float64Array.from(cost) })),
      ...boxingTables(draft, candidates),
      ...stateTables(draft, candidates),
    ],
  };
  const { pick, cost } = solve(problem);
  const chosen = pick.map((option, v) => candidates[v]![option]!);
  if (cost >= forbidden) throw unmet(draft, chosen, produced) ?? unsatisfiable(draft, candidates, pick);
  const choices = graph.ops.map((op, v): Choice => {
    const { ins, outs } = chosen[v]!;
    const given = (id: number) => chosen[produced[id]!.id]!.outs[produced[id]!.outputs.indexOf(id)]!;
    const boxing = op.inputs.reduce((s, id, i) => s + boxingTime(draft, id, given(id), ins[i]!), 0);
    const fixed = op.outputs.some((id) => draft.fixed.has(id));
    return { op: op.name, ins, outs, compute: own[v]![pick[v]!]!, boxing, candidates: candidates[v]!.length, fixed };
  });
  return { ...draft, signatures: chosen, choices };
}

/** Signatures that agree with the constraints, without partial inputs that no producer gives. */
function legal(draft: Draft, op: Op, before: readonly Signature[][], produced: readonly Op[]): Strategy[] {
  const { fixed, settled } = draft;
  const known = settled.get(op.name);
  if (known) return [{ signature: known }];
  const given = fixed.get(op.outputs[0]!);
  // Sources and explicit boxings take what the user gave, hand-made partitions included.
  if (given && (op.kind === "input" || op.kind === "state" || op.kind === "to"))
    return [{ signature: { ins: op.inputs.map(() => given), outs: [given] } }];
  const monoids = op.inputs.map((id) => {
    const from = produced[id]!;
    const at = from.outputs.indexOf(id);
    return new Set(before[from.id]!.flatMap(({ outs }) => partial(outs[at]!)));
  });
  const possible = strategies(siteOf(draft, op), placementOf(draft, op));
  const met = possible.filter(({ signature }) =>
    signature.ins.every((layout, i) => partial(layout).every((m) => monoids[i]!.has(m))),
  );
  if (op.kind !== "to" || !op.attrs.axis) return met;
  // A boxing along one axis: what it becomes there is said, the rest is left to its neighbours.
  const { axis, sbp } = op.attrs;
  const there = (layout: Layout) => showSbp(layout.find(([name]) => name === axis)?.[1] ?? B);
  return possible.filter(({ signature }) => there(signature.outs[0]!) === sbp);
}

const placementOf = ({ graph }: Draft, op: Op) => graph.placements[graph.values[op.outputs[0]!]!.placement]!;

const partial = (layout: Layout): string[] => layout.flatMap(([, s]) => (s.kind === "P" ? [s.monoid] : []));

/** Seconds of the op on the busiest rank: the larger of arithmetic and memory traffic. */
function computeTime(draft: Draft, op: Op, { ins, outs }: Signature): number {
  const { values } = draft.graph;
  const place = placementOf(draft, op);
  const machine = machineOf(place.device);
  const def = opDef(op.kind);
  if (op.kind === "state" || op.kind === "input" || op.kind === "to") return 0;
  const busiest = 0; // exact for balanced splits, which give the remainder to the first ranks
  const local = (ids: readonly number[], layouts: readonly Layout[]): LocalType[] =>
    ids.map((id, i) => ({
      shape: localShape(layouts[i]!, shapeOf(values[id]!), place, busiest),
      dtype: values[id]!.dtype,
    }));
  const [from, to] = [local(op.inputs, ins), local(op.outputs, outs)];
  const count = (t: LocalType) => t.shape.reduce((a, b) => a * b, 1);
  const bytes = [...from, ...to].reduce((s, t) => s + count(t) * itemSize[t.dtype], 0);
  const flops = def.flops?.(from, to, op.attrs) ?? to.reduce((s, t) => s + count(t), 0);
  return Math.max(flops / machine.flops, bytes / machine.bandwidth);
}

function boxingTime(draft: Draft, value: number, from: Layout, to: Layout): number {
  if (keyOf(from) === keyOf(to)) return 0;
  const { shape, dtype, placement } = draft.graph.values[value]!;
  const place = draft.graph.placements[placement]!;
  const side = (layout: Layout) => ({ placement: place, layout });
  const type = { shape: shape as readonly number[], dtype };
  return boxingCost({ ...type, from: side(from), to: side(to), transfers: false }).time;
}

/** Between each producer and consumer: the time to box what one gives into what the other takes. */
function boxingTables(draft: Draft, candidates: readonly Signature[][]): Table[] {
  const produced = producers(draft.graph);
  return draft.graph.ops.flatMap((op, v) =>
    op.inputs.map((id, i): Table => {
      const from = produced[id]!;
      const at = from.outputs.indexOf(id);
      const seen = new Map<string, number>();
      const time = (a: Layout, b: Layout) => {
        const key = `${keyOf(a)}>${keyOf(b)}`;
        if (!seen.has(key)) {
          const barred = draft.strict.has(op.name) && keyOf(a) !== keyOf(b);
          seen.set(key, barred ? forbidden : boxingTime(draft, id, a, b));
        }
        return seen.get(key)!;
      };
      const rows = candidates[from.id]!.flatMap((a) => candidates[v]!.map((b) => time(a.outs[at]!, b.ins[i]!)));
      return { variables: [from.id, v], cost: Float64Array.from(rows) };
    }),
  );
}

/** A state is written where it is read: the layout of the value it becomes is its own. */
function stateTables(draft: Draft, candidates: readonly Signature[][]): Table[] {
  const wrote = writers(draft.graph);
  return draft.graph.ops.flatMap((op, v): Table[] => {
    const writer = op.kind === "state" ? wrote.get(op.attrs.state as string) : undefined;
    if (!writer) return [];
    const at = writer.op.outputs.indexOf(writer.value);
    const rows = candidates[v]!.flatMap((a) =>
      candidates[writer.op.id]!.map((b) => (keyOf(a.outs[0]!) === keyOf(b.outs[at]!) ? 0 : forbidden)),
    );
    return [{ variables: [v, writer.op.id], cost: Float64Array.from(rows) }];
  });
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

function unsatisfiable(draft: Draft, candidates: readonly Signature[][], pick: readonly number[]): LayoutError {
  const wrote = writers(draft.graph);
  const clash = draft.graph.ops.find((op) => {
    const writer = op.kind === "state" ? wrote.get(op.attrs.state as string) : undefined;
    if (!writer) return false;
    const read = candidates[op.id]![pick[op.id]!]!.outs[0]!;
    const written = candidates[writer.op.id]![pick[writer.op.id]!]!.outs[writer.op.outputs.indexOf(writer.value)]!;
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
    choices: writer ? [...new Set(candidates[writer.id]!.map((s) => show(s.outs[0]!)))] : [],
    hint: "give the state one of these layouts",
    at: clash?.at,
  });
}
