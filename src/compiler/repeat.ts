/**
 * @file Element-wise ops repeat what they take by themselves: a `broadcastTo` before one is left out where its other
 * operands have all dims. So the gradient of a sum is never written down in full. A `broadcastTo` that repeats nothing is
 * a reshape, which is another reading of the same bytes.
 */
import { broadcastShapes, count, sameShape } from "../graph/dims.ts";
import { opDef } from "../graph/registry.ts";
import type { Op, Value } from "../ir/graph.ts";
import { type Draft, producers, shapeOf } from "./draft.ts";

export function repeat(draft: Draft): Draft {
  const { graph } = draft;
  const values: Value[] = [...graph.values];
  const makers = producers(graph);
  const shape = (id: number) => shapeOf(values[id]!);
  /** By what is repeated, with 1 where it is. */
  const known = new Map<number, number>();
  const ops: Op[] = [];
  /** Names of values that others stand for: gradients of these are gradients of those. */
  const stands = new Map<string, string>();

  /** What the op is to take instead of a repeated value. */
  const once = (repeated: Op): number => {
    const [x, y] = [repeated.inputs[0]!, repeated.outputs[0]!];
    const before = onceShape(shape(x), shape(y), repeated);
    if (sameShape(before, shape(x))) return x;
    const id = known.get(y) ?? values.length;
    if (known.has(y)) return id;
    known.set(y, id);
    const name = `${repeated.name}.once`;
    values.push({ ...values[y]!, id, name, shape: before });
    ops.push({ ...repeated, kind: "reshape", name, outputs: [id], attrs: { shape: before } });
    return id;
  };

  for (const op of graph.ops) {
    const [y] = op.outputs;
    if (op.kind === "broadcastTo" && count(shape(op.inputs[0]!)) === count(shape(y!)))
      ops.push({ ...op, kind: "reshape", attrs: { shape: shape(y!) } });
    else if (!repeats(op, values)) ops.push(op);
    else {
      const inputs = [...op.inputs];
      for (const [i, id] of inputs.entries()) {
        const maker = makers[id]!;
        if (maker.kind !== "broadcastTo") continue;
        const small = onceShape(shape(maker.inputs[0]!), shape(id), maker);
        const whole = broadcastShapes(inputs.map((other, j) => (i === j ? small : shape(other))));
        if (!sameShape(whole, shape(y!))) continue;
        inputs[i] = once(maker);
        stands.set(values[id]!.name, values[inputs[i]]!.name);
      }
      ops.push({ ...op, inputs });
    }
  }
  for (const value of values) {
    const gradientOf = stands.get(value.gradientOf ?? "");
    if (gradientOf !== undefined) values[value.id] = { ...value, gradientOf };
  }
  return { ...draft, graph: { ...graph, values, ops: ops.map((op, id) => ({ ...op, id })) } };
}

/** Whether the op's kernel takes strides, so that an operand may be repeated along any dims. */
const repeats = ({ kind, inputs, outputs, attrs }: Op, values: readonly Value[]): boolean => {
  const [ins, outs] = [inputs, outputs].map((ids) => ids.map((id) => values[id]!));
  return opDef(kind).elementwise?.({ ins: ins!, outs: outs!, attrs }).extents === "walk";
};

/** The shape that, repeated from the right as element-wise ops do, gives the same. */
function onceShape(x: readonly number[], y: readonly number[], { attrs }: Op): readonly number[] {
  const dims = attrs.dims as readonly number[];
  const ones = y.map((_, dim) => x[dims.indexOf(dim)] ?? 1);
  const first = ones.findIndex((n) => n !== 1);
  return first < 0 ? [] : ones.slice(first);
}
