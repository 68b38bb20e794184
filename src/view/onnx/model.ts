/** @file A logical graph as a model of ONNX: its forward part, op by op through the table. Placements and layouts vanish. */
import { GraphError } from "../../ir/errors.ts";
import type { LogicalGraph, Op, Value } from "../../ir/graph.ts";
import { type DimSource, Draft } from "./draft.ts";
import { operandsOf, trains } from "./forward.ts";
import type { OnnxModel, OnnxTensor, OnnxValue } from "./messages.ts";
import { same, sources, table } from "./ops/index.ts";

/** What states hold, by name. */
export type StateValues = ReadonlyMap<string, Pick<OnnxTensor, "shape" | "dtype" | "data">>;

/** By the name of a dim: an input that has it, and where. One that the ops read is preferred. */
function dimSources(graph: LogicalGraph, ops: readonly Op[]): Record<string, DimSource> {
  const read = new Set(ops.flatMap(({ outputs }) => outputs));
  const inputs = Object.values(graph.inputs).map((id) => graph.values[id]!);
  const last = [...inputs.filter(({ id }) => !read.has(id)), ...inputs.filter(({ id }) => read.has(id))];
  return Object.fromEntries(
    last.flatMap(({ name, shape }) =>
      shape.flatMap((dim, at) => (typeof dim === "string" ? [[dim, { input: name, dim: at }] as const] : [])),
    ),
  );
}

const typed = (name: string, { shape, dtype }: Value): OnnxValue => ({ name, shape, dtype });

/**
 * The model of `ops`, in order. States are its inputs, or numbers in it when `states` has them. Throws GraphError SL6054
 * for an output by the name of another tensor's input or state, ShapeError SL1040 for a dim whose extent no input tells.
 */
export function modelOf(
  graph: LogicalGraph,
  ops: readonly Op[],
  outputs: readonly string[],
  states: StateValues | undefined,
): OnnxModel {
  const reads = ops.filter(({ kind }) => kind === "state").map((op) => ({ op, value: graph.values[op.outputs[0]!]! }));
  const inputs = Object.values(graph.inputs).map((id) => graph.values[id]!);
  const given = [...inputs, ...reads.map(({ value }) => value)];
  for (const name of outputs) {
    const other = given.find((value) => value.name === name && value.id !== graph.outputs[name]);
    if (other) throw clash(graph, name);
  }
  const draft = new Draft([...given.map(({ name }) => name), ...outputs], dimSources(graph, ops));
  const called = new Map(given.map(({ id, name }) => [id, name]));
  const wanted = new Map(outputs.toReversed().map((name) => [graph.outputs[name]!, name]));
  const between: OnnxValue[] = [];
  for (const op of ops.filter(({ kind }) => !sources.has(kind))) {
    const before = draft.nodes.length;
    const made = write(draft, graph, op, called);
    const fresh = new Set(draft.nodes.slice(before).flatMap((node) => node.outputs));
    op.outputs.forEach((id, i) => {
      const value = graph.values[id]!;
      called.set(id, made[i]!);
      if (!fresh.has(made[i]!)) return; // an operand, or a constant: it has its name
      const name = wanted.get(id) ?? draft.unique(value.name);
      draft.rename(made[i]!, name);
      called.set(id, name);
      if (!wanted.has(id)) between.push(typed(name, value));
    });
  }
  for (const name of outputs) {
    const is = called.get(graph.outputs[name]!)!;
    if (is !== name) draft.rename(draft.node("Identity", name, [is], {})[0]!, name);
  }
  if (states)
    for (const { op, value } of reads) draft.add({ name: value.name, ...states.get(String(op.attrs.state))! });
  const used = new Set([...draft.nodes.flatMap((node) => node.inputs), ...outputs]);
  const fed = [...inputs, ...(states ? [] : reads.map(({ value }) => value))].filter(({ name }) => used.has(name));
  return {
    name: graph.name,
    about: aboutOf(graph),
    nodes: draft.nodes,
    initializers: draft.initializers,
    inputs: fed.map((value) => typed(value.name, value)),
    outputs: outputs.map((name) => typed(name, graph.values[graph.outputs[name]!]!)),
    values: between,
  };
}

/** What the file says of itself. */
const aboutOf = (graph: LogicalGraph): string =>
  `The forward part of graph "${graph.name}"${trains(graph) ? ", which trains: its gradients and updates are left out" : ""}.`;

/** Appends an op's nodes; gives what the model calls its outputs. */
function write(draft: Draft, graph: LogicalGraph, op: Op, called: ReadonlyMap<number, string>): readonly string[] {
  const ins = operandsOf(op).map((id) => ({ ...graph.values[id]!, name: called.get(id)! }));
  if (same.has(op.kind)) return [ins[0]!.name];
  const found = table[op.kind]!({
    ins,
    outs: op.outputs.map((id) => graph.values[id]!),
    attrs: op.attrs,
    node: (type, inputs, attrs = {}) => draft.node(type, op.name, inputs, attrs)[0]!,
    nodes: (type, inputs, attrs, outputs) => draft.node(type, op.name, inputs, attrs, outputs),
    scalar: (dtype, value) => draft.constant(dtype, [], [value]),
    ints: (values) => draft.ints(values),
    constant: (dtype, shape, values) => draft.constant(dtype, shape, values),
    extent: (dim) => draft.extent(dim),
    shape: (shape) => draft.shape(shape),
  });
  return typeof found === "string" ? [found] : found;
}

const clash = (graph: LogicalGraph, name: string): GraphError =>
  new GraphError("SL6054", "an input or a state of the graph has this name, and ONNX has one name for one tensor", {
    subject: `output "${name}" of graph "${graph.name}"`,
    hint: "call the output something else",
  });
