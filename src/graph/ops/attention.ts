/**
 * @file Attention of queries `[..., T, d]` to keys `[..., U, d]` and values `[..., U, e]`: softmax(q·kᵀ·scale)·v. With
 * `attrs.causal` query i sees the keys up to i + U − T, so that the last query sees them all; one that sees none gives
 * zeros. Ranks that hold some of the queries know from their region where these stand in the whole sequence.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Dim, TensorType } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import type { Call } from "../../ir/program.ts";
import type { LocalType, Rule } from "../../sbp/rule.ts";
import { count, range, sameShape, showShape } from "../dims.ts";
import type { LowerSite, OpDef } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { checkFloats, checkSame } from "./checks.ts";
import { callOn } from "./lowering.ts";

const sum = P("sum");

/** The type of the output. */
function check(q: TensorType, k: TensorType, v: TensorType): TensorType {
  const dtype = checkFloats([q, k, v]);
  const fits =
    q.shape.length >= 2 &&
    sameShape(k.shape.slice(0, -1), v.shape.slice(0, -1)) &&
    sameShape(q.shape.slice(0, -2), k.shape.slice(0, -2)) &&
    q.shape.at(-1) === k.shape.at(-1);
  if (!fits)
    throw new ShapeError(
      "SL1117",
      `takes [..., T, d], [..., U, d] and [..., U, e], got ${[q, k, v].map(({ shape }) => showShape(shape)).join(", ")}`,
      { hint: "make d equal in the first two, U in the last two, and the dims before them in all" },
    );
  return { shape: [...q.shape.slice(0, -1), v.shape.at(-1) as Dim], dtype };
}

/** Kernel arguments: sizes, and which keys the first query of this rank sees. A rank holds queries that follow each other. */
function lower(kernel: "attention" | "attention_grad", { ins, outs, attrs }: LowerSite): Call[] {
  const [q, k, v] = [ins[0]!, ins[1]!, ins[2]!];
  const seq = q.shape.length - 2;
  const [T, U] = [q.shape[seq]!, k.shape[seq]!];
  const first = (q.region[seq]![0]?.[0] ?? 0) + k.global[seq]! - q.global[seq]!;
  const sizes = [count(q.shape.slice(0, -2)), T, U, q.shape[seq + 1]!, v.shape[seq + 1]!];
  if (outs.every(({ shape }) => count(shape) === 0)) return [];
  const operands = [...ins, ...outs].map(({ arg }) => arg);
  return [callOn(q.dtype, kernel, ...sizes, Number(attrs.causal), first, attrs.scale as number, ...operands)];
}

const flops =
  (passes: number) =>
  ([q, k, v]: readonly LocalType[]) =>
    2 * passes * count(q!.shape.slice(0, -1)) * k!.shape.at(-2)! * (q!.shape.at(-1)! + v!.shape.at(-1)!);

export const attention: OpDef = {
  kind: "attention",
  infer([q, k, v], { scale }) {
    const type = check(q!, k!, v!);
    if (!Number.isFinite(scale))
      throw new ShapeError("SL1120", `cannot scale scores by ${scale}`, {
        hint: "give a scale, or queries whose last dim is a number",
      });
    return [type];
  },
  rules({ ins: [q] }) {
    const seq = q!.shape.length - 2;
    return [
      ...range(seq).map((dim): Rule => ({ ins: [S(dim), S(dim), S(dim)], outs: [S(dim)] })),
      { ins: [S(seq), B, B], outs: [S(seq)] },
      // The weights hang on queries and keys alone: in the values attention is linear, element by element.
      { ins: [B, B, S(seq + 1)], outs: [S(seq + 1)] },
      { ins: [B, B, sum], outs: [sum] },
    ];
  },
  gradient({ ins: [q, k, v], grads: [g], attrs }) {
    let made: readonly Tensor[] | undefined;
    const gradient = (i: number) => () => {
      made ??= q!.builder.apply("attentionGrad", [q!, k!, v!, g!], attrs);
      return made[i]!;
    };
    return [gradient(0), gradient(1), gradient(2)];
  },
  lower: (site) => lower("attention", site),
  flops: flops(1),
};

/** (q, k, v, gradient of the output) → gradients of q, k and v. */
export const attentionGrad: OpDef = {
  kind: "attentionGrad",
  infer([q, k, v, g]) {
    checkSame(check(q!, k!, v!), g!);
    return [q!, k!, v!];
  },
  rules({ ins: [q] }) {
    const seq = q!.shape.length - 2;
    const last = S(seq + 1);
    return [
      ...range(seq).map((dim): Rule => ({ ins: Array(4).fill(S(dim)), outs: Array(3).fill(S(dim)) })),
      { ins: [S(seq), B, B, S(seq)], outs: [S(seq), sum, sum] },
      { ins: [B, B, last, last], outs: [sum, sum, last] },
      { ins: [B, B, B, sum], outs: [sum, sum, sum] },
      { ins: [B, B, sum, B], outs: [sum, sum, B] },
    ];
  },
  lower: (site) => lower("attention_grad", site),
  flops: flops(4),
};
