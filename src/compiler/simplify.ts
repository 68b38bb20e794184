/**
 * @file Takes out what the backward pass need not do: a product with the constant 1, which a sum's gradient is, and what it
 * does a second time, as both gradients of x·x. Ops that the user wrote stay.
 */
import { sameShape } from "../graph/dims.ts";
import { opDef } from "../graph/registry.ts";
import type { LogicalGraph, Op } from "../ir/graph.ts";
import { type Draft, producers, shapeOf } from "./draft.ts";

export function simplify(draft: Draft): Draft {
  const { graph, written } = draft;
  const makers = producers(graph);
  const value = (id: number) => graph.values[id]!;
  /** By value another that is the same. */
  const same = new Map<number, number>();
  const now = (id: number) => same.get(id) ?? id;
  /** What is done by element-wise ops, by what they do. */
  const done = new Map<string, number>();
  const isOne = (id: number) => makers[id]!.kind === "constant" && makers[id]!.attrs.value === 1;

  /** The value that the op's result is known to be. */
  const known = ({ kind, name, inputs, outputs: [y], attrs }: Op): number | undefined => {
    if (written.has(name) || !opDef(kind).elementwise) return undefined;
    const key = JSON.stringify([kind, inputs, attrs, value(y!).placement]);
    const before = done.get(key);
    done.set(key, before ?? y!);
    const other = kind === "mul" ? inputs.find((_, i) => isOne(inputs[1 - i]!)) : undefined;
    return other !== undefined && sameShape(shapeOf(value(other)), shapeOf(value(y!))) ? other : before;
  };
  const ops = graph.ops.flatMap((old): Op[] => {
    const op = { ...old, inputs: old.inputs.map(now) };
    const result = known(op);
    if (result === undefined) return [op];
    same.set(op.outputs[0]!, result);
    return [];
  });
  return same.size ? { ...draft, graph: renamed(graph, ops, now) } : draft;
}

function renamed(graph: LogicalGraph, ops: readonly Op[], now: (id: number) => number): LogicalGraph {
  const outputs = Object.fromEntries(Object.entries(graph.outputs).map(([name, id]) => [name, now(id)]));
  return { ...graph, ops: ops.map((op, id) => ({ ...op, id })), outputs };
}
