/**
 * @file Replaces some ops of a graph by others, which a builder makes. What is new takes the place of what it replaces, so
 * the order stays topological, and everyone downstream reads the new values.
 */
import { Builder } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { LogicalGraph, Op } from "../ir/graph.ts";
import { renumber } from "./prune.ts";

/** Tensors in the place of the op's outputs; undefined leaves it as it is. */
export type Replace = (builder: Builder, op: Op, ins: readonly Tensor[]) => readonly Tensor[] | undefined;

export interface Rewritten {
  readonly graph: LogicalGraph;
  /** The ops that are new, each with the op in whose place it is. */
  readonly added: readonly { readonly op: Op; readonly of: Op }[];
}

/** Undefined when nothing was replaced. */
export function rewrite(graph: LogicalGraph, replace: Replace): Rewritten | undefined {
  const builder = Builder.from(graph);
  const replaced = new Map<number, number>();
  const now = (id: number) => replaced.get(id) ?? id;
  const spans = new Map<number, readonly [from: number, to: number]>();
  for (const op of graph.ops) {
    const from = builder.opCount;
    const ins = op.inputs.map((id) => builder.tensor(now(id)));
    const outs = replace(builder, op, ins);
    if (!outs) continue;
    for (const [j, id] of op.outputs.entries()) replaced.set(id, outs[j]!.id);
    spans.set(op.id, [from, builder.opCount]);
  }
  if (!spans.size) return undefined;
  const rename = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, now(id)]));
  const grown = builder.finish(rename(graph.inputs), rename(graph.outputs));
  const order = graph.ops.flatMap((op): Op[] => {
    const span = spans.get(op.id);
    return span ? grown.ops.slice(...span) : [{ ...grown.ops[op.id]!, inputs: op.inputs.map(now) }];
  });
  const added = graph.ops.flatMap((of) => grown.ops.slice(...(spans.get(of.id) ?? [0, 0])).map((op) => ({ op, of })));
  return { graph: renumber(grown, order), added };
}
