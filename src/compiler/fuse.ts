/**
 * @file Orders the ops and fuses them into tasks. Ops keep the order of the graph (forward, backward, optimizer), so any
 * contiguous run is convex. A run of compute ends where an op needs the result of a boxing that the run itself started,
 * or once it has started a bucketful; the boxing steps gathered until then become one task a kind and axis.
 */
import type { Op } from "../ir/graph.ts";
import type { BoxingStep } from "../sbp/boxing.ts";
import type { Draft, TaskDraft } from "./draft.ts";

/** Boxing that moves nothing between ranks is compute like any other. */
export const isLocal = ({ bytes }: BoxingStep): boolean => bytes === 0;

/** Bytes between ranks that one boxing task gathers before it starts. */
const bucketBytes = 1 << 20;

export function fuse(draft: Draft): Draft {
  const { graph, boxing } = draft;
  const tasks: TaskDraft[] = [];
  let compute: Op[] = [];
  let moving: Op[] = [];
  /** Values that are on their way, and how many bytes with them. */
  const started = new Set<number>();
  let bytes = 0;

  const place = (op: Op) => graph.values[op.outputs[0]!]!.placement;
  const source = (op: Op) => graph.values[op.inputs[0]!]!.placement;
  const dtype = (op: Op) => graph.values[op.outputs[0]!]!.dtype;
  const emit = (kind: TaskDraft["kind"], stream: TaskDraft["stream"], ops: readonly Op[], name: string) =>
    tasks.push({
      id: tasks.length,
      name,
      kind,
      stream,
      placement: ops[0] ? place(ops[0]) : 0,
      ops: ops.map((o) => o.id),
    });
  const close = () => {
    if (compute.length) emit("compute", "compute", compute, span(compute));
    for (const group of groupBy(
      moving,
      (op) => `${op.attrs.step} ${op.attrs.axis} ${source(op)} ${place(op)} ${dtype(op)}`,
    ))
      emit("boxing", "comm", group, group[0]!.name + (group.length > 1 ? ` +${group.length - 1}` : ""));
    compute = [];
    moving = [];
    started.clear();
    bytes = 0;
  };

  const inputs = graph.ops.filter((op) => op.kind === "input");
  emit("source", "host", inputs, "source");
  for (const op of graph.ops) {
    if (op.kind === "input" || op.kind === "state") continue;
    const step = boxing.get(op.id);
    const crosses = step !== undefined && !isLocal(step);
    const waits = op.inputs.some((id) => started.has(id));
    const elsewhere = compute[0] !== undefined && place(compute[0]) !== place(op);
    if (waits || elsewhere) close();
    (crosses ? moving : compute).push(op);
    if (!crosses) continue;
    for (const id of op.outputs) started.add(id);
    bytes += boxing.get(op.id)!.bytes;
    if (bytes >= bucketBytes) close();
  }
  close();
  emit("sink", "host", [], "sink");
  return { ...draft, tasks };
}

const span = (ops: readonly Op[]) => (ops.length === 1 ? ops[0]!.name : `${ops[0]!.name} … ${ops.at(-1)!.name}`);

function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}
