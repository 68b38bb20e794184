/** @file `customGradient`: an op of ops with a gradient of the user's own. */
import { GraphError, showGiven } from "../ir/errors.ts";
import type { LogicalGraph } from "../ir/graph.ts";
import { checkTensorList, isTensor } from "./operand.ts";
import { userLine } from "./source.ts";
import { emit, type Tensor } from "./tensor.ts";

/** What the backward function gets: the gradient of the output, then what it was computed from. */
export interface Backward<Ins extends readonly Tensor[], Out extends Tensor> {
  readonly ins: Ins;
  readonly out: Out;
}

/**
 * `forward(…ins)`, whose gradient is what `backward` says: one for each input, of its shape and dtype, or undefined for
 * none. Nothing else flows back through it. Both are called once, while the graph is built. In the manner of JAX's
 * `custom_vjp` and PyTorch's `autograd.Function`.
 *
 * Throws GraphError SL1093 unless `forward` gives a tensor and `backward` a list of as many gradients as there are inputs, ShapeError SL1092 for one of
 * another type.
 *
 * @example
 * // The sign forward, the identity backward: a straight-through estimator.
 * const hard = customGradient([x], (x) => x.sign(), (g) => [g]);
 */
export function customGradient<const Ins extends readonly Tensor[], Out extends Tensor>(
  ins: Ins,
  forward: (...ins: Ins) => Out,
  backward: (gradient: Out, at: Backward<Ins, Out>) => readonly (Tensor | undefined)[],
): Out {
  checkTensorList("customGradient", ins);
  const out = forward(...ins);
  if (!isTensor(out))
    throw new GraphError("SL1093", `forward returns ${showGiven(out)}, no tensor`, site("return one tensor, at once"));
  const held = emit("stopGradient", [out]);
  const seed = emit("cotangent", [held]);
  const gradients = backward(seed as Out, { ins, out });
  const wrong = misreturned(ins.length, gradients);
  if (wrong !== undefined)
    throw new GraphError(
      "SL1093",
      wrong,
      site("return a list: one gradient for each input, undefined where there is none"),
    );
  const learning = ins.filter((_, i) => gradients[i]);
  const stopped = gradients.flatMap((g) => (g ? [emit("stopGradient", [g])] : []));
  const written = { kind: "customGradient", ins };
  return out.builder.apply("withGradient", [held, seed, ...learning, ...stopped], {}, { written })[0] as Out;
}

const site = (hint: string) => ({ subject: "customGradient", at: userLine(), hint });

/** What is wrong with what the backward function gave for so many inputs. */
function misreturned(inputs: number, gradients: unknown): string | undefined {
  if (!Array.isArray(gradients))
    return `backward returns ${isTensor(gradients) ? "a tensor" : showGiven(gradients)}, not a list of gradients`;
  if (gradients.length !== inputs) return `${inputs} inputs, ${gradients.length} gradients`;
  const none = gradients.findIndex((gradient) => gradient !== undefined && !isTensor(gradient));
  return none < 0 ? undefined : `the gradient of input ${none} is ${showGiven(gradients[none])}, no tensor`;
}

/** The graph once its gradients are written out: whoever reads a `withGradient` reads the tensor itself. */
export function dropCustomGradients(graph: LogicalGraph): LogicalGraph {
  const made = new Map(graph.ops.flatMap((op) => op.outputs.map((id) => [id, op] as const)));
  const itself = (id: number): number => {
    const op = made.get(id)!;
    if (op.kind !== "withGradient") return id;
    return itself(made.get(op.inputs[0]!)!.inputs[0]!); // behind the stop that held the gradient back
  };
  const all = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, itself(id)]));
  if (!graph.ops.some(({ kind }) => kind === "withGradient")) return graph;
  const kept = graph.ops.filter(({ kind }) => kind !== "withGradient");
  return {
    ...graph,
    ops: kept.map((op, id) => ({ ...op, id, inputs: op.inputs.map(itself) })),
    outputs: all(graph.outputs),
  };
}
