/**
 * @file Attention whose operands are all transposed alike takes them as they lie, their dims in that order (`attrs.order`):
 * what a projection gives as `[batch, sequence, heads, d]` is copied neither for attention nor, as this comes before
 * autodiff, for its gradients. The result is transposed for whoever reads it; who transposes it back reads it as it lies.
 */
import { sameShape } from "../graph/dims.ts";
import type { LogicalGraph, Op, Value } from "../ir/graph.ts";
import { type Draft, producers } from "./draft.ts";

export function reorder(draft: Draft): Draft {
  return draft.options.joins === false ? draft : { ...draft, graph: reordered(draft.graph) };
}

const dimsOf = ({ attrs }: Op) => attrs.dims as readonly number[];

function reordered(graph: LogicalGraph): LogicalGraph {
  const makers = producers(graph);
  const values: Value[] = [...graph.values];
  /** By a transposed result the result as it lies. */
  const lies = new Map<number, { readonly value: number; readonly dims: readonly number[] }>();
  /** By value another that is the same. */
  const same = new Map<number, number>();
  const now = (id: number) => same.get(id) ?? id;
  const ops = graph.ops.flatMap((old): Op[] => {
    const op = { ...old, inputs: old.inputs.map(now) };
    const y = op.outputs[0]!;
    const known = op.kind === "transpose" ? lies.get(op.inputs[0]!) : undefined;
    if (known && dimsOf(op).every((dim, i) => known.dims[dim] === i)) {
      same.set(y, known.value);
      return [];
    }
    const order = op.kind === "attention" && !op.attrs.order ? commonOrder(op, makers) : undefined;
    if (!order) return [op];
    const { shape, name } = values[y]!;
    const result = { ...values[y]!, id: values.length, shape: order.map((_, dim) => shape[order.indexOf(dim)]!) };
    values.push(result);
    values[y] = { ...values[y]!, name: `${name}.transpose` };
    lies.set(y, { value: result.id, dims: order });
    const inputs = op.inputs.map((id) => now(makers[id]!.inputs[0]!));
    const transpose = {
      ...op,
      kind: "transpose",
      name: `${op.name}.transpose`,
      inputs: [result.id],
      attrs: { dims: order },
    };
    return [{ ...op, inputs, outputs: [result.id], attrs: { ...op.attrs, order } }, transpose];
  });
  if (lies.size === 0) return graph;
  const outputs = Object.entries(graph.outputs).map(([name, id]) => [name, now(id)] as const);
  return { ...graph, values, ops: ops.map((op, id) => ({ ...op, id })), outputs: Object.fromEntries(outputs) };
}

/** The order into which all operands are transposed; undefined where one is not, or where rows are not what they were. */
function commonOrder({ inputs }: Op, makers: readonly (Op | undefined)[]): readonly number[] | undefined {
  const orders = inputs.map((id) => (makers[id]?.kind === "transpose" ? dimsOf(makers[id]) : undefined));
  const [order] = orders;
  const alike = order && orders.every((other) => other && sameShape(other, order));
  return alike && order.at(-1) === order.length - 1 ? order : undefined;
}
