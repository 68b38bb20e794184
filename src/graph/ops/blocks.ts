/** @file What ops share that move blocks of tensors: where a shard begins, copies of boxes, fills. */
import { itemSize } from "../../ir/dtype.ts";
import { InternalError } from "../../ir/errors.ts";
import type { Call, Operand } from "../../ir/program.ts";
import { count } from "../dims.ts";
import type { LocalTensor } from "../op.ts";
import { addressOf, call, fill, stridesOf, walks } from "./lowering.ts";

/** The global indices [lo, hi) of a dim that this rank holds; an empty shard holds [0, 0). */
export function interval({ region }: LocalTensor, dim: number): readonly [lo: number, hi: number] {
  const [first = [0, 0] as const, ...more] = region[dim]!;
  if (more.length) throw new InternalError(`dim ${dim} is dealt out by hand to an op that takes it in one piece`);
  return first;
}

/** Copies a box from one tensor into another, from and to these local indices. */
export function copyBlock(
  extents: readonly number[],
  from: LocalTensor,
  fromIndex: readonly number[],
  to: LocalTensor,
  toIndex: readonly number[],
): Call[] {
  const strides = [stridesOf(from.shape), stridesOf(to.shape)];
  const [x, y] = [fromIndex, toIndex].map((index, i) => index.reduce((at, n, d) => at + n * strides[i]![d]!, 0));
  const bytes = itemSize[to.dtype];
  return walks(extents, strides).map(({ extents: n, strides: [sx, sy], starts }) =>
    call(
      "copy_box",
      bytes,
      ...n,
      ...sx!,
      ...sy!,
      addressOf(from, x! + starts[0]!),
      0,
      addressOf(to, y! + starts[1]!),
      0,
      null,
    ),
  );
}

/** One number everywhere. */
export function fillWith(to: LocalTensor, value: Operand): Call[] {
  const n = count(to.shape);
  return n ? [fill(to.dtype, n, value, to.arg)] : [];
}
