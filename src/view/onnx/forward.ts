/**
 * @file The forward part of a graph: the ops that the outputs asked for need, as an evaluation runs them. Gradients,
 * updates and what else a step leaves behind are no part of it.
 */
import { showType } from "../../ir/dtype.ts";
import { GraphError } from "../../ir/errors.ts";
import type { LogicalGraph, Op } from "../../ir/graph.ts";
import { reasons, same, sources, table } from "./ops/index.ts";

/** Whether a step of the graph updates parameters. */
export const trains = (graph: LogicalGraph): boolean => graph.ops.some(({ kind }) => kind === "minimize");

/** The operands that count. */
export const operandsOf = ({ kind, inputs }: Op): readonly number[] => (same.has(kind) ? inputs.slice(0, 1) : inputs);

/**
 * In order. Throws GraphError SL6050 for an op that ONNX cannot say, SL6052 for statistics of a batch that only training
 * takes.
 */
export function forwardOf(graph: LogicalGraph, outputs: readonly string[], at: string | undefined): readonly Op[] {
  const needed = new Set(outputs.map((name) => graph.outputs[name]!));
  const ops = graph.ops
    .toReversed()
    .filter((op) => {
      const leads = op.outputs.some((id) => needed.has(id));
      if (leads) for (const id of operandsOf(op)) needed.add(id);
      return leads;
    })
    .reverse();
  const strangers = ops.filter(({ kind }) => !table[kind] && !same.has(kind) && !sources.has(kind));
  const told = strangers.find(({ kind }) => reasons[kind]) ?? strangers[0];
  if (told) throw unsaid(graph, told, outputs);
  const moved = graph.ops.find(({ kind, inputs }) => kind === "blend" && needed.has(inputs[1]!));
  if (moved)
    throw new GraphError("SL6052", "its statistics are those of a batch, as in training", {
      subject: `${moved.writes?.[0]} of graph "${graph.name}"`,
      at: moved.at ?? at,
      hint: 'export a graph of the same model with mode: "eval": its statistics are states',
    });
  return ops;
}

function unsaid(graph: LogicalGraph, op: Op, outputs: readonly string[]): GraphError {
  const value = graph.values[op.outputs[0]!]!;
  const [why, next] = reasons[op.kind] ?? [`ONNX has no form of ${op.kind}`, "compute it of ops that have one"];
  const needing = outputs.filter((name) => reaches(graph, name, op));
  const others = Object.keys(graph.outputs).filter((name) => !reaches(graph, name, op));
  return new GraphError("SL6050", why, {
    subject: `${op.name}, ${showType(value)}`,
    at: op.at,
    details: [`needed by ${needing.length > 1 ? "outputs" : "output"} ${needing.join(", ")}`],
    choices: others.length ? [`{ outputs: ${JSON.stringify(others)} }`] : [],
    hint: next,
  });
}

/** Does an output hang on an op? */
function reaches(graph: LogicalGraph, output: string, target: Op): boolean {
  const needed = new Set([graph.outputs[output]!]);
  return graph.ops.toReversed().some((op) => {
    if (!op.outputs.some((id) => needed.has(id))) return false;
    for (const id of operandsOf(op)) needed.add(id);
    return op.id === target.id;
  });
}
