/**
 * @file Orders the ops and fuses them into tasks. Ops keep the order of the graph (forward, backward, optimizer), so any
 * contiguous run is convex. A run of compute ends where an op needs the result of a boxing that the run itself started,
 * or once it has started a bucketful; the boxing steps gathered until then become one task a kind and axis.
 *
 * So a bucket of gradients travels while the backward pass goes on (as in PyTorch's DDP, Li et al., VLDB 2020). What is
 * behind the last collective, the optimizer's updates, goes in the order in which buckets arrive, and a run of it waits for
 * no bucket later than it must: so updates hide the last buckets. Who reads a state goes before who writes it.
 */

import { itemSize } from "../ir/dtype.ts";
import type { Op, Value } from "../ir/graph.ts";
import { groupBy } from "../ir/group.ts";
import type { BoxingStep } from "../sbp/boxing.ts";
import { type Model, sharedMemory } from "../sbp/link.ts";
import { type Draft, producers, type TaskDraft } from "./draft.ts";

/** Boxing that moves nothing between ranks is compute like any other. */
export const isLocal = ({ bytes }: BoxingStep): boolean => bytes === 0;

/** Bytes between ranks that one boxing task gathers before it starts, on links that start at once, and at most. */
const [leastBucket, mostBucket] = [1 << 20, 1 << 26];
/** Bytes that a run of compute touches before it is worth a task of its own. */
const worthwhile = 1 << 20;

/** As much as keeps a link busy for eight times as long as it takes to start. */
function bucketOf(step: BoxingStep, model: Model): number {
  if (step.axis === undefined) return leastBucket;
  const { alpha, beta } = model.axis(step.placement, step.axis);
  const bytes = ((8 * alpha) / beta) * step.placement.ranks.length;
  return Math.min(mostBucket, Math.max(leastBucket, bytes || 0));
}

export function fuse(draft: Draft): Draft {
  const { graph, boxing, turns, actions } = draft;
  const { model = sharedMemory } = draft.options;
  const tasks: TaskDraft[] = [];
  let compute: Op[] = [];
  let moving: Op[] = [];
  /** Values that are on their way, and how many bytes with them. */
  const started = new Set<number>();
  /** States that are read by what is on its way. */
  const read = new Set<string>();
  let bytes = 0;
  /** By value, how many buckets must have arrived before it is there; and how many the compute so far waits for. */
  const needs: number[] = [];
  let closed = 0;
  let awaited = 0;
  let touched = 0;
  let turn: number | undefined;

  const place = (op: Op) => graph.values[op.outputs[0]!]!.placement;
  const source = (op: Op) => graph.values[op.inputs[0]!]!.placement;
  const dtype = (op: Op) => graph.values[op.outputs[0]!]!.dtype;
  const actionOf = (op: Op | undefined) => {
    const action = op && actions[turns[op.id] ?? -1];
    return action && { action };
  };
  const emit = (kind: TaskDraft["kind"], stream: TaskDraft["stream"], ops: readonly Op[], name: string) =>
    tasks.push({
      id: tasks.length,
      name,
      kind,
      stream,
      placement: ops[0] ? place(ops[0]) : 0,
      ops: ops.map((o) => o.id),
      ...actionOf(ops[0]),
    });
  const close = () => {
    if (compute.length) emit("compute", "compute", compute, span(compute));
    const alike = groupBy(moving, (op) => `${op.attrs.step} ${op.attrs.axis} ${source(op)} ${place(op)} ${dtype(op)}`);
    for (const group of alike.values())
      emit("boxing", "comm", group, group[0]!.name + (group.length > 1 ? ` +${group.length - 1}` : ""));
    if (moving.length) closed++;
    compute = [];
    moving = [];
    touched = 0;
    started.clear();
    read.clear();
    bytes = 0;
  };

  const inputs = graph.ops.filter((op) => op.kind === "input");
  emit("source", "host", inputs, "source");
  const crossing = (op: Op) => {
    const step = boxing.get(op.id);
    return step && !isLocal(step) ? step : undefined;
  };
  const produced = producers(graph);
  /** The state whose memory a value is, if it is one. */
  const stateOf = (value: number): string | undefined => {
    const op = produced[value]!;
    if (op.kind === "state") return op.attrs.state as string;
    return boxing.get(op.id)?.kind === "relabel" ? stateOf(op.inputs[0]!) : undefined;
  };
  const scheduled = graph.ops.findLastIndex(({ id }) => actions[turns[id] ?? -1]) + 1;
  for (const op of inOrderOfArrival(graph.ops, crossing, stateOf, scheduled)) {
    if (op.kind === "input" || op.kind === "state") continue;
    const crosses = crossing(op);
    const waits =
      op.inputs.some((id) => started.has(id)) || op.writes?.some((state) => state !== null && read.has(state));
    const elsewhere = compute[0] !== undefined && place(compute[0]) !== place(op);
    const needed = Math.max(0, ...op.inputs.map((id) => needs[id] ?? 0));
    const early = compute.length > 0 && needed > awaited && (moving.length > 0 || touched >= worthwhile);
    if (waits || elsewhere || early || turns[op.id] !== turn) close();
    turn = turns[op.id];
    if (!crosses) awaited = Math.max(awaited, needed);
    (crosses ? moving : compute).push(op);
    for (const id of op.outputs) needs[id] = crosses ? closed + 1 : needed;
    touched += [...op.inputs, ...op.outputs].reduce((sum, id) => sum + bytesOf(graph.values[id]!), 0);
    if (!crosses) continue;
    for (const id of op.outputs) started.add(id);
    for (const id of op.inputs) {
      const state = stateOf(id);
      if (state !== undefined) read.add(state);
    }
    bytes += crosses.bytes;
    if (bytes >= bucketOf(crosses, model)) close();
  }
  close();
  emit("sink", "host", [], "sink");
  return { ...draft, tasks };
}

const bytesOf = ({ dtype, shape }: Value): number =>
  itemSize[dtype] * (shape as readonly number[]).reduce((a, b) => a * b, 1);

/** Ops behind the last that crosses, and behind the `scheduled` first, by the last crossing that they hang on, or that a reader of what they write does. */
function inOrderOfArrival(
  ops: readonly Op[],
  crosses: (op: Op) => unknown,
  stateOf: (value: number) => string | undefined,
  scheduled: number,
): readonly Op[] {
  const latest: number[] = [];
  /** By state the latest of its readers. */
  const read = new Map<string | null, number>();
  let last = -1;
  const places = ops.map((op, at) => {
    const inputs = op.inputs.map((id) => latest[id] ?? -1);
    const from = Math.max(-1, ...inputs, ...(op.writes ?? []).map((state) => read.get(state) ?? -1));
    if (crosses(op)) last = at;
    const place = crosses(op) ? at : from;
    for (const id of op.outputs) latest[id] = place;
    for (const id of op.inputs) {
      const state = stateOf(id);
      if (state !== undefined) read.set(state, Math.max(place, read.get(state) ?? -1));
    }
    return place;
  });
  const first = Math.max(last + 1, scheduled);
  const tail = [...ops.keys()].slice(first).sort((a, b) => places[a]! - places[b]! || a - b);
  return [...ops.slice(0, first), ...tail.map((at) => ops[at]!)];
}

const span = (ops: readonly Op[]) => (ops.length === 1 ? ops[0]!.name : `${ops[0]!.name} … ${ops.at(-1)!.name}`);
