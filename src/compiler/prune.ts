/**
 * @file Drops ops that neither an output nor a state depends on. Inputs stay: a batch is checked against all of them. What
 * is assigned to states goes to the end, behind all who read them: nothing depends on it within the step.
 */
import { userLine } from "../graph/source.ts";
import { GraphError, InternalError } from "../ir/errors.ts";
import type { LogicalGraph, Op, Value } from "../ir/graph.ts";
import { type Draft, producers } from "./draft.ts";

export function prune(draft: Draft): Draft {
  const { graph } = draft;
  if (!Object.keys(graph.outputs).length)
    throw new GraphError("SL3010", "the graph has no outputs", {
      subject: `graph "${graph.name}"`,
      at: userLine(),
      hint: "return at least one tensor from the function given to graph(…), such as { loss }",
    });
  const produced = producers(graph);
  for (const [name, id] of Object.entries(graph.outputs)) {
    const op = produced[id]!;
    if (op.kind !== "input" && op.kind !== "state") continue;
    const isParameter = graph.states.some(({ name, kind }) => name === op.attrs.state && kind === "param");
    const what = op.kind === "input" ? "an input" : isParameter ? "a parameter" : "a state";
    const read = isParameter ? "session.parameters" : "session.states";
    throw new GraphError("SL3011", `it is ${what} of the graph, not a result`, {
      subject: `output "${name}"`,
      hint: op.kind === "input" ? "return what is computed from it" : `read it with ${read}`,
      at: op.at,
    });
  }
  const needed = new Set(Object.values(graph.outputs));
  const kept: Op[] = [];
  for (const op of graph.ops.toReversed()) {
    const writes = op.writes?.some((state) => state !== null);
    if (!writes && op.kind !== "input" && !op.outputs.some((id) => needed.has(id))) continue;
    if (op.kind === "cotangent") throw leaked(op);
    kept.push(op);
    for (const id of op.inputs) needed.add(id);
  }
  const [now, last] = [false, true].map((assigns) =>
    kept.filter(({ kind }) => (kind === "assign") === assigns).reverse(),
  );
  return { ...draft, graph: renumber(graph, [...now!, ...last!]) };
}

/** A gradient is written out for the backward pass; elsewhere there is none that it could be. */
const leaked = ({ at }: Op) =>
  new GraphError("SL1147", "an output or a state depends on a gradient that its backward function was given", {
    subject: "customGradient",
    at,
    hint: "use the gradient only in what the backward function returns",
  });

/** The graph with these ops alone, in this order, ids dense again. */
export function renumber(graph: LogicalGraph, ops: readonly Op[]): LogicalGraph {
  const ids = new Map<number, number>();
  const values: Value[] = [];
  for (const op of ops)
    for (const id of op.outputs) {
      ids.set(id, values.length);
      values.push({ ...graph.values[id]!, id: values.length });
    }
  const at = (id: number) => {
    const now = ids.get(id);
    if (now === undefined) throw new InternalError(`value ${id} is used before it is made`);
    return now;
  };
  const rename = (all: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(all).map(([name, id]) => [name, at(id)]));
  const read = new Set(ops.filter((op) => op.kind === "state").map((op) => op.attrs.state));
  const wrote = new Set(ops.flatMap((op) => op.writes ?? []));
  return {
    ...graph,
    values,
    ops: ops.map((op, id) => ({ ...op, id, inputs: op.inputs.map(at), outputs: op.outputs.map(at) })),
    states: graph.states.filter((s) => read.has(s.name) || wrote.has(s.name)),
    inputs: rename(graph.inputs),
    outputs: rename(graph.outputs),
  };
}
