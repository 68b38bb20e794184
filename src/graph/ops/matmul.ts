/**
 * @file `[..., M, K] × [..., K, N]`, leading dims broadcast; `transposeA` and `transposeB` read an operand's last two
 * dims swapped. Rows of an operand without transpose fold into one product when the other has no leading dims.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, Dim, TensorType } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import type { Call } from "../../ir/program.ts";
import type { LocalType, Rule, Site } from "../../sbp/rule.ts";
import { broadcastShapes, count, range } from "../dims.ts";
import type { LowerSite, OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { sumTo } from "./broadcast.ts";
import { checkFloats } from "./checks.ts";
import { addressOf, broadcastStrides, call, callOn, fill, stridesOf, walks } from "./lowering.ts";

/** Which dims of the operands are M, K and N. */
function places(a: TensorType, b: TensorType, attrs: Attrs) {
  const [ra, rb] = [a.shape.length, b.shape.length];
  const [rowA, colA] = attrs.transposeA ? [ra - 1, ra - 2] : [ra - 2, ra - 1];
  const [rowB, colB] = attrs.transposeB ? [rb - 1, rb - 2] : [rb - 2, rb - 1];
  return { m: rowA, kA: colA, kB: rowB, n: colB };
}

function infer(ins: readonly TensorType[], attrs: Attrs): TensorType[] {
  const [a, b] = [ins[0]!, ins[1]!];
  const dtype = checkFloats(ins);
  for (const type of ins) {
    if (type.shape.length < 2)
      throw new ShapeError("SL1016", `takes tensors of two dims or more, got [${type.shape.join(",")}]`, {
        hint: "make it a matrix of one row with .unsqueeze(0)",
      });
  }
  const { m, kA, kB, n } = places(a, b, attrs);
  if (a.shape[kA] !== b.shape[kB])
    throw new ShapeError("SL1017", `inner dims differ: ${a.shape[kA]} vs ${b.shape[kB]}`, {
      hint: "make the two equal; .transpose() swaps the last two dims of a tensor",
    });
  const lead = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  return [{ shape: [...lead, a.shape[m] as Dim, b.shape[n] as Dim], dtype }];
}

function rules({ ins, outs, attrs }: Site): Rule[] {
  const [a, b] = [ins[0]!, ins[1]!];
  const { m, kA, kB, n } = places(a, b, attrs);
  const rank = outs[0]!.shape.length;
  const lead = range(rank - 2).flatMap((out): Rule[] => {
    const atA = out - rank + a.shape.length;
    const atB = out - rank + b.shape.length;
    const [extentA, extentB] = [atA < 0 ? 1 : a.shape[atA], atB < 0 ? 1 : b.shape[atB]];
    return [
      ...(atA >= 0 && atB >= 0 && extentA === extentB ? [{ ins: [S(atA), S(atB)], outs: [S(out)] }] : []),
      ...(atA >= 0 && extentB === 1 ? [{ ins: [S(atA), B], outs: [S(out)] }] : []),
      ...(atB >= 0 && extentA === 1 ? [{ ins: [B, S(atB)], outs: [S(out)] }] : []),
    ];
  });
  return [
    ...lead,
    { ins: [S(m), B], outs: [S(rank - 2)] },
    { ins: [B, S(n)], outs: [S(rank - 1)] },
    { ins: [S(kA), S(kB)], outs: [P("sum")] },
    { ins: [P("sum"), B], outs: [P("sum")] },
    { ins: [B, P("sum")], outs: [P("sum")] },
  ];
}

function sizes([a, b]: readonly LocalType[], [y]: readonly LocalType[], attrs: Attrs) {
  const { m, kA, n } = places(a!, b!, attrs);
  return { M: a!.shape[m]!, K: a!.shape[kA]!, N: b!.shape[n]!, batch: count(y!.shape.slice(0, -2)) };
}

function lower({ ins, outs, attrs }: LowerSite): Call[] {
  const [a, b, y] = [ins[0]!, ins[1]!, outs[0]!];
  const { M, K, N, batch } = sizes(ins, outs, attrs);
  const elements = count(y.shape);
  if (elements === 0) return [];
  if (K === 0) return [fill(y.dtype, elements, 0, y.arg)];
  const [ta, tb] = [Number(attrs.transposeA), Number(attrs.transposeB)];
  const [lda, ldb] = [ta ? M : K, tb ? K : N];
  if (batch === 1 || (!ta && count(b.shape.slice(0, -2)) === 1)) {
    const rows = batch * M;
    if (y.dtype === "float32")
      return [call("gemm", ta, tb, rows, N, K, a.arg, lda, b.arg, ldb, y.arg, N, null, N, null)];
    return [callOn(y.dtype, "gemm_batched", 1, ta, tb, rows, N, K, a.arg, lda, 0, b.arg, ldb, 0, y.arg, N, 0)];
  }
  const lead = y.shape.slice(0, -2);
  const strides = [
    broadcastStrides(a.shape.slice(0, -2), lead).map((s) => s * M * K),
    broadcastStrides(b.shape.slice(0, -2), lead).map((s) => s * K * N),
    stridesOf(lead).map((s) => s * M * N),
  ];
  return walks(lead, strides, 1).map(({ extents: [n], strides: [sa, sb, sy], starts }) => {
    const at = [a, b, y].map((t, i) => addressOf(t, starts[i]!));
    const [pa, pb] = [[at[0]!, lda, sa![0]!] as const, [at[1]!, ldb, sb![0]!] as const];
    return callOn(y.dtype, "gemm_batched", n!, ta, tb, M, N, K, ...pa, ...pb, at[2]!, N, sy![0]!);
  });
}

export const matmul: OpDef = {
  kind: "matmul",
  infer,
  rules,
  lower,
  gradient({ ins: [a, b], grads: [g], attrs }) {
    const [ta, tb] = [attrs.transposeA === true, attrs.transposeB === true];
    const product = (x: typeof a, y: typeof a, transposeA: boolean, transposeB: boolean) =>
      emit("matmul", [x!, y!], { transposeA, transposeB });
    return [
      () => sumTo(ta ? product(b, g, tb, true) : product(g, b, false, !tb), a!),
      () => sumTo(tb ? product(g, a, true, ta) : product(a, g, !ta, false), b!),
    ];
  },
  followed: (rank) => [rank - 1, 1],
  flops(ins, outs, attrs) {
    const { M, K, N, batch } = sizes(ins, outs, attrs);
    return 2 * batch * M * N * K;
  },
};
