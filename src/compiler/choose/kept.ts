/**
 * @file How many copies of a value a rank is expected to keep, as far as that can be said before there are tasks. What
 * peers or the host touch keeps its place, in several slots. What only the compute tasks of a placement touch shares memory
 * with what is there at other times, so it counts only if it is there when most is: then the forward pass ends, as a rule.
 */
import { itemSize } from "../../ir/dtype.ts";
import type { LogicalGraph } from "../../ir/graph.ts";
import { type Draft, producers, shapeOf } from "../draft.ts";
import { outputSlots } from "../memory/buffers.ts";
import { inTime } from "../micro/in-time.ts";
import { readings } from "../uses.ts";

export interface Kept {
  /** Copies of the value as its producer gives it. */
  readonly own: number;
  /** Copies more, where peers take it. */
  readonly sent: number;
  /** Copies of another layout of it that a rank makes by itself. */
  readonly local: number;
}

/** By value. */
export function keptOf(draft: Draft): readonly Kept[] {
  const { graph, options } = draft;
  const slots = options.slots ?? 2;
  const there = whenMost(graph);
  const kept = there.map((is): Kept => ({ own: Number(is), sent: slots - Number(is), local: Number(is) }));
  const set = (id: number, own: number) => {
    kept[id] = { own, sent: 0, local: kept[id]!.local };
  };
  for (const op of graph.ops) {
    const [first] = op.outputs;
    if (op.kind === "state") set(first!, 1);
    if (op.kind === "input") set(first!, slots);
    if (op.kind === "to") set(first!, 0); // the copy is its boxing's
    if (readings.has(op.kind)) kept[first!] = { ...kept[first!]!, own: 0 }; // the bytes are its input's
    op.writes?.forEach((state, j) => {
      if (state !== null) set(op.outputs[j]!, 0); // lies where the state does
    });
  }
  const shares = sharesOf(draft);
  for (const [id, { own, sent, local }] of kept.entries()) {
    const share = shares[id] ?? 1;
    kept[id] = { own: own * share, sent: sent * share, local: local * share };
  }
  for (const id of Object.values(graph.outputs)) set(id, Math.max(slots, outputSlots));
  return kept;
}

/** By value how much of it is there at one time when a batch comes in parts; undefined: all. */
function sharesOf(draft: Draft): readonly (number | undefined)[] {
  const { graph, rows, options } = draft;
  if (!rows) return [];
  const count = rows.borders.length - 1;
  // 1F1B and what is like it begin as many micro-batches as there are stages before one ends; other schedules may begin all.
  const early =
    options.schedule === undefined || (typeof options.schedule === "string" && options.schedule !== "gpipe");
  const share = early ? Math.min(1, graph.placements.length / count) : 1;
  const shares: number[] = [];
  for (const [op, each] of inTime(draft, rows).entries()) {
    if (!each || graph.ops[op]!.kind === "input") continue;
    for (const [j, id] of graph.ops[op]!.outputs.entries()) if (each.gives[j]!.kind !== "total") shares[id] = share;
  }
  return shares;
}

/** By value, whether it is there, or another reading of it is, when its placement holds most, were everything whole. */
function whenMost(graph: LogicalGraph): boolean[] {
  const { ops, values, placements } = graph;
  const produced = producers(graph);
  const origin = values.map(({ id }) => id);
  const first = values.map(({ id }) => produced[id]!.id);
  const last = [...first];
  for (const { id, kind, inputs, outputs } of ops) {
    const same = kind === "to" || readings.has(kind);
    if (same) origin[outputs[0]!] = origin[inputs[0]!]!;
    for (const input of inputs) last[origin[input]!] = id;
  }
  const most = placements.map((_, placement) => {
    const change = new Float64Array(ops.length + 1);
    for (const { id, dtype } of values) {
      const { kind, writes } = produced[id]!;
      if (values[id]!.placement !== placement || origin[id] !== id) continue;
      if (kind === "state" || kind === "input" || writes?.some((state) => state !== null)) continue;
      const bytes = itemSize[dtype] * shapeOf(values[id]!).reduce((a, b) => a * b, 1);
      change[first[id]!]! += bytes;
      change[last[id]! + 1]! -= bytes;
    }
    let [now, at, high] = [0, 0, 0];
    for (const [place, bytes] of change.entries()) {
      now += bytes;
      if (now > high) [high, at] = [now, place];
    }
    return at;
  });
  return values.map(({ id, placement }) => {
    const from = origin[id]!;
    const at = most[placement]!;
    return first[from]! <= at && at <= last[from]!;
  });
}
