/** @file Joined ops as one kernel call: a product of matrices that adds a bias and a residual as it stores. */
import { count } from "../../graph/dims.ts";
import type { LocalTensor } from "../../graph/op.ts";
import { call } from "../../graph/ops/lowering.ts";
import type { LogicalGraph } from "../../ir/graph.ts";
import type { Call } from "../../ir/program.ts";
import type { Joined, Product } from "../join/join.ts";
import { lowerChain } from "./chain.ts";

/** `local` says how a rank holds a value; of values that are not stored only the shape counts. */
export const lowerJoined = (run: Joined, graph: LogicalGraph, local: Local): Call[] =>
  run.kind === "product" ? lowerProduct(run, graph, local) : lowerChain(run, graph, local);

export type Local = (value: number) => LocalTensor;

function lowerProduct({ ops, ...added }: Product, graph: LogicalGraph, local: Local): Call[] {
  const { inputs, outputs, attrs } = graph.ops[ops[0]!]!;
  const [a, b] = [local(inputs[0]!), local(inputs[1]!)];
  const y = local(graph.ops[ops.at(-1)!]!.outputs[0]!);
  if (count(y.shape) === 0) return [];
  const [ta, tb] = [Number(attrs.transposeA), Number(attrs.transposeB)];
  const [rows, N] = local(outputs[0]!).shape.slice(-2) as [number, number];
  const batch = count(local(outputs[0]!).shape.slice(0, -2));
  const inner = a.shape.at(ta ? -2 : -1)!;
  const sums = graph.ops[ops[1]!]!.kind === "sum";
  const [M, K] = sums ? [rows, inner * batch] : [rows * batch, inner];
  const bias = added.bias === undefined ? null : local(added.bias).arg;
  const residual = added.residual === undefined ? null : local(added.residual).arg;
  return [call("gemm", ta, tb, M, N, K, a.arg, ta ? M : K, b.arg, tb ? K : N, y.arg, N, residual, N, bias)];
}
