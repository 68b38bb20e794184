/** @file Puts ops into an order in which everything is made before it is taken. */
import type { LogicalGraph, Op } from "../ir/graph.ts";
import type { Tensor } from "./tensor.ts";

/** The graph with values replaced by others, which may be made later: who takes these goes behind them. */
export function inOrder(graph: LogicalGraph, known: ReadonlyMap<number, Tensor>): LogicalGraph {
  const now = (id: number) => known.get(id)?.id ?? id;
  const made = new Set<number>();
  const ops: Op[] = [];
  let late: Op[] = [];
  const ready = ({ inputs }: Op) => inputs.every((id) => made.has(id));
  const put = (op: Op) => {
    ops.push({ ...op, id: ops.length });
    for (const id of op.outputs) made.add(id);
  };
  for (const op of graph.ops.map((each) => ({ ...each, inputs: each.inputs.map(now) }))) {
    if (!ready(op)) {
      late.push(op);
      continue;
    }
    put(op);
    for (let again = late.length > 0; again; ) {
      const free = late.find(ready);
      again = free !== undefined;
      if (!free) break;
      late = late.filter((each) => each !== free);
      put(free);
    }
  }
  const outputs = Object.entries(graph.outputs).map(([name, id]) => [name, now(id)] as const);
  return { ...graph, ops, outputs: Object.fromEntries(outputs) };
}
