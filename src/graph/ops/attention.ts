/**
 * @file Attention of queries `[..., T, d]` to keys `[..., U, d]` and values `[..., U, e]`: softmax(q·kᵀ·scale)·v. With
 * `attrs.causal` query i sees the keys up to i + U − T, so that the last query sees them all; one that sees none gives
 * zeros. Ranks that hold some of the queries know from their region where these stand in the whole sequence.
 *
 * Operands may have their dims in another order than the one above: dim i there is dim `attrs.order[i]` of each operand and
 * of the result, the last one the last. Heads lie between the rows of one sequence so, as a projection makes them, and
 * nothing is copied: kernels take strides. The compiler puts it there (`compiler/reorder.ts`).
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, Dim, TensorType } from "../../ir/graph.ts";
import { B, P, S, type Sbp } from "../../ir/layout.ts";
import type { Call } from "../../ir/program.ts";
import type { Rule } from "../../sbp/rule.ts";
import { count, range, sameShape, showShape } from "../dims.ts";
import type { LowerSite, OpDef } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { checkFloats, checkSame } from "./checks.ts";
import { addressOf, callOn, stridesOf, walks } from "./lowering.ts";

const sum = P("sum");

/** By dim of `[..., T, d]` the dim of an operand. */
const orderOf = (rank: number, { order }: Attrs): readonly number[] => (order as readonly number[]) ?? range(rank);

/** The same dims in the op's order, and in the operands'. */
const ordered = <T>(order: readonly number[], dims: readonly T[]): T[] => order.map((dim) => dims[dim]!);
const restored = <T>(order: readonly number[], dims: readonly T[]): T[] =>
  dims.map((_, dim) => dims[order.indexOf(dim)]!);

/** The type of the output. */
function check(ins: readonly TensorType[], attrs: Attrs): TensorType {
  const order = orderOf(ins[0]!.shape.length, attrs);
  const dtype = checkFloats(ins.slice(0, 3));
  const alike = ins.every(({ shape }) => shape.length === order.length);
  const [q, k, v] = ins.map((type) => (alike ? { ...type, shape: ordered(order, type.shape) } : type)) as [
    TensorType,
    TensorType,
    TensorType,
  ];
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
  return { shape: restored(order, [...q.shape.slice(0, -1), v.shape.at(-1) as Dim]), dtype };
}

/**
 * Kernel arguments: sizes, which keys the first query of this rank sees, and of each operand its strides: along two dims
 * before the sequence, which more are folded to where they lie evenly, and along the sequence. A rank holds queries that
 * follow each other.
 */
function lower(kernel: "attention" | "attention_grad", { ins, outs, attrs }: LowerSite): Call[] {
  if (outs.every(({ shape }) => count(shape) === 0)) return [];
  const [q, k, v] = [ins[0]!, ins[1]!, ins[2]!];
  const order = orderOf(q.shape.length, attrs);
  const seq = order.length - 2;
  const [lead, along, last] = [order.slice(0, seq), order[seq]!, order[seq + 1]!];
  const first = (q.region[along]![0]?.[0] ?? 0) + k.global[along]! - q.global[along]!;
  const numbers = [q.shape[along]!, k.shape[along]!, q.shape[last]!, v.shape[last]!, Number(attrs.causal), first];
  const operands = [...ins, ...outs];
  const strides = operands.map(({ shape }) => stridesOf(shape));
  const heads = walks(
    ordered(lead, q.shape),
    operands.map((_, i) => ordered(lead, strides[i]!)),
    2,
  );
  return heads.map(({ extents, strides: steps, starts }) => {
    const rows = operands.flatMap((x, i) => [addressOf(x, starts[i]!), ...steps[i]!, strides[i]![along]!]);
    return callOn(q.dtype, kernel, ...extents, ...numbers, attrs.scale as number, ...rows);
  });
}

const flops =
  (passes: number): NonNullable<OpDef["flops"]> =>
  ([q, k, v], _, attrs) => {
    const order = orderOf(q!.shape.length, attrs);
    const [along, last] = order.slice(-2) as [number, number];
    return (2 * passes * count(q!.shape) * k!.shape[along]! * (q!.shape[last]! + v!.shape[last]!)) / q!.shape[last]!;
  };

export const attention: OpDef = {
  kind: "attention",
  infer(ins, attrs) {
    const type = check(ins, attrs);
    if (!Number.isFinite(attrs.scale))
      throw new ShapeError("SL1120", `cannot scale scores by ${attrs.scale}`, {
        hint: "give a scale, or queries whose last dim is a number",
      });
    return [type];
  },
  rules({ ins: [q], attrs }) {
    const order = orderOf(q!.shape.length, attrs);
    const [seq, last] = order.slice(-2).map((dim) => S(dim)) as [Sbp, Sbp];
    return [
      ...order.slice(0, -2).map((dim): Rule => ({ ins: [S(dim), S(dim), S(dim)], outs: [S(dim)] })),
      { ins: [seq, B, B], outs: [seq] },
      // The weights hang on queries and keys alone: in the values attention is linear, element by element.
      { ins: [B, B, last], outs: [last] },
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
  infer([q, k, v, g], attrs) {
    checkSame(check([q!, k!, v!], attrs), g!);
    return [q!, k!, v!];
  },
  rules({ ins: [q], attrs }) {
    const order = orderOf(q!.shape.length, attrs);
    const [seq, last] = order.slice(-2).map((dim) => S(dim)) as [Sbp, Sbp];
    return [
      ...order.slice(0, -2).map((dim): Rule => ({ ins: Array(4).fill(S(dim)), outs: Array(3).fill(S(dim)) })),
      { ins: [seq, B, B, seq], outs: [seq, sum, sum] },
      { ins: [B, B, last, last], outs: [sum, sum, last] },
      { ins: [B, B, B, sum], outs: [sum, sum, sum] },
      { ins: [B, B, sum, B], outs: [sum, sum, B] },
    ];
  },
  lower: (site) => lower("attention_grad", site),
  flops: flops(4),
};
