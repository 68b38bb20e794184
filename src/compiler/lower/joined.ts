/**
 * @file Joined ops as one kernel call: a product of matrices that adds a bias and a residual as it stores, or the kernel of
 * another op, and the chain that follows; or a chain alone. What the head makes lies in its own buffer if somebody else
 * uses it, else where the run's result will.
 */
import { count, range } from "../../graph/dims.ts";
import type { LocalTensor } from "../../graph/op.ts";
import { call } from "../../graph/ops/lowering.ts";
import { opDef } from "../../graph/registry.ts";
import { kernelCode } from "../../ir/dtype.ts";
import { InternalError } from "../../ir/errors.ts";
import type { LogicalGraph, Op } from "../../ir/graph.ts";
import type { kernels } from "../../ir/kernel-table.ts";
import type { Call } from "../../ir/program.ts";
import type { Joined } from "../join/joined.ts";
import { spannedStrides } from "../spanned.ts";
import { chainArgs, type Local, lowerChain, thenRoom } from "./chain.ts";

export function lowerJoined(run: Joined, graph: LogicalGraph, seed: number, local: Local): Call[] {
  const members = run.ops.map((id) => graph.ops[id]!);
  if (run.head === 0) return lowerChain(members, run.inner, graph, local);
  const [head, tail] = [members.find(({ kind }) => opDef(kind).followed)!, members.slice(run.head)];
  const made = run.made!;
  const home = run.inner.includes(made) ? members.at(-1)!.outputs[0]! : made;
  const there: Local = (value) => (value === made ? { ...local(made), arg: local(home).arg } : local(value));
  const site = { ins: head.inputs.map(local), outs: [there(made)], attrs: head.attrs, seed };
  const calls =
    head.kind === "matmul" ? lowerProduct(head, run, graph, local, there(made)) : opDef(head.kind).lower(site);
  const [first] = calls;
  if (tail.length === 0 || !first) return [...calls];

  const { shape } = there(made);
  const spans = opDef(head.kind).followed!(shape.length, head.attrs);
  const sizes = spans.map((span, i) => {
    const from = spans.slice(0, i).reduce((a, b) => a + b, 0);
    return count(shape.slice(from, from + span));
  });
  const four = (numbers: readonly number[], none: number) => [...range(4 - spans.length).map(() => none), ...numbers];
  const strides = (value: number): readonly number[] => {
    const found = spannedStrides(local(value).shape, shape, spans);
    if (!found) throw new InternalError(`value ${value} does not lie evenly in the extents of ${head.name}`);
    return four(found, 0);
  };
  const inner = run.inner.filter((value) => value !== made);
  const args = chainArgs(tail, inner, graph, local, {
    extents: four(sizes, 1),
    strides,
    address: (value) => there(value).arg,
    room: thenRoom,
  });
  return [call(`${first.kernel}_then` as keyof typeof kernels, ...first.args, ...args)];
}

/** Operands that are widened within the run are read as they are stored. */
function lowerProduct(
  matmul: Op,
  { ops, ...added }: Joined,
  graph: LogicalGraph,
  local: Local,
  y: LocalTensor,
): Call[] {
  const { inputs, outputs, attrs } = matmul;
  const stored = (value: number) => {
    const cast = ops.map((id) => graph.ops[id]!).find(({ kind, outputs: [to] }) => kind === "cast" && to === value);
    return local(cast ? cast.inputs[0]! : value);
  };
  const [a, b] = [stored(inputs[0]!), stored(inputs[1]!)];
  const product = local(outputs[0]!).shape;
  const [rows, N] = product.slice(-2) as [number, number];
  const batch = count(product.slice(0, -2));
  const [ta, tb] = [Number(attrs.transposeA), Number(attrs.transposeB)];
  const inner = a.shape.at(ta ? -2 : -1)!;
  const sumsUp = ops.some((id) => graph.ops[id]!.kind === "sum" && graph.ops[id]!.inputs[0] === outputs[0]);
  const [M, K] = sumsUp ? [rows, inner * batch] : [rows * batch, inner];
  const sums = added.sums === undefined ? undefined : local(added.sums).arg;
  if (count(y.shape) === 0) return sums === undefined || N === 0 ? [] : [call("reduce", 0, 1, K, N, 1, b.arg, sums)];
  if (sums !== undefined) return [call("gemm_sums", M, N, K, a.arg, b.arg, y.arg, sums)];
  const bias = added.bias === undefined ? null : local(added.bias).arg;
  const residual = added.residual === undefined ? null : local(added.residual).arg;
  const [ofA, ofB] = [[a.arg, ta ? M : K] as const, [b.arg, tb ? K : N] as const];
  const rest = [y.arg, N, residual, N, bias];
  if (a.dtype === "float32" && b.dtype === "float32") return [call("gemm", ta, tb, M, N, K, ...ofA, ...ofB, ...rest)];
  return [call("gemm_mixed", ta, tb, M, N, K, kernelCode[a.dtype], ...ofA, kernelCode[b.dtype], ...ofB, ...rest)];
}
