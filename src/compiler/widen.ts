/**
 * @file 16-bit floats are computed in float32: an op that does more than move its elements gets them through a cast, and
 * gives them back through another. So kernels know 16-bit floats only as something to copy, to convert and to reduce
 * between ranks. What is kept for long is kept in 16 bits: a value is widened again for who takes it much later.
 */
import { opDef } from "../graph/registry.ts";
import { isHalf } from "../ir/dtype.ts";
import type { Draft } from "./draft.ts";
import { Edit } from "./precision/edit.ts";

export function widen(draft: Draft): Draft {
  const { graph, options } = draft;
  const half = (id: number) => isHalf(graph.values[id]!.dtype);
  if (!graph.values.some(({ id }) => half(id))) return draft;
  const parts = options.precision !== undefined;
  const edit = new Edit(graph);
  for (const op of graph.ops) {
    if (opDef(op.kind).moves || ![...op.inputs, ...op.outputs].some(half)) {
      edit.put(op);
      continue;
    }
    const { at } = op;
    const rounds = op.outputs.some(half);
    const name = rounds ? `${op.name}.float32` : op.name;
    const joins = op.kind === "matmul" || opDef(op.kind).elementwise !== undefined;
    const inputs = op.inputs.map((id) => (half(id) ? edit.as(id, "float32", at, joins ? "never" : "near") : id));
    const outputs = op.outputs.map((id) =>
      half(id) ? edit.like(id, "float32", `${graph.values[id]!.name}.float32`) : id,
    );
    edit.put({ ...op, name, inputs, outputs });
    for (const [j, id] of op.outputs.entries())
      if (half(id)) {
        const named = op.outputs.length > 1 ? `${op.name}.${j}` : op.name;
        edit.cast(outputs[j]!, graph.values[id]!.dtype, { name: named, becomes: id, at, parts });
      }
  }
  return { ...draft, graph: edit.finish() };
}
