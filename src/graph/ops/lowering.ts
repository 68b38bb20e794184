/** @file What the ops share to become kernel calls: strides, walks over strided arrays, addresses. */
import { type DType, itemSize, shortName } from "../../ir/dtype.ts";
import type { kernels } from "../../ir/kernel-table.ts";
import type { Call, Operand } from "../../ir/program.ts";
import { range } from "../dims.ts";
import type { LocalTensor } from "../op.ts";

export const call = (kernel: keyof typeof kernels, ...args: Operand[]): Call => ({ kernel, args });

/** The kernel's variant for elements of a dtype: float32 has the plain name. */
export const kernelFor = (dtype: DType, kernel: keyof typeof kernels): string =>
  dtype === "float32" ? kernel : `${kernel}_${shortName[dtype]}`;

export const callOn = (dtype: DType, kernel: keyof typeof kernels, ...args: Operand[]): Call => ({
  kernel: kernelFor(dtype, kernel),
  args,
});

/** `n` times one number, an infinity by its name. */
export const fill = (dtype: DType, n: number, value: Operand, to: Operand): Call => callOn(dtype, "fill", n, value, to);

/** Of a contiguous row-major array, in elements. */
export const stridesOf = (shape: readonly number[]): number[] =>
  shape.map((_, d) => shape.slice(d + 1).reduce((n, dim) => n * dim, 1));

/** Strides that read `shape` as if it were `to`, aligned from the right; 0 where it is repeated. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(shape);
  return to.map((_, d) => {
    const at = d - to.length + shape.length;
    return at < 0 || shape[at] === 1 ? 0 : own[at]!;
  });
}

/** Nested loops over some arrays: extents, and for each array its strides and where it starts, in elements. */
export interface Walk {
  readonly extents: readonly number[];
  readonly strides: readonly (readonly number[])[];
  readonly starts: readonly number[];
}

/**
 * Loops over `extents` as few as possible: dims that lie side by side in every array are merged, the rest padded to
 * `depth` loops. More than `depth` become several walks; none when there is nothing to visit.
 */
export function walks(extents: readonly number[], strides: readonly (readonly number[])[], depth = 4): Walk[] {
  if (extents.includes(0)) return [];
  const merged: { n: number; steps: readonly number[] }[] = [];
  extents.forEach((n, d) => {
    if (n === 1) return;
    const steps = strides.map((s) => s[d]!);
    const last = merged.at(-1);
    const adjoins = last?.steps.every((step, i) => step === steps[i]! * n);
    if (last && adjoins) merged[merged.length - 1] = { n: last.n * n, steps };
    else merged.push({ n, steps });
  });
  const inner = merged.slice(-depth);
  while (inner.length < depth) inner.unshift({ n: 1, steps: strides.map(() => 0) });
  let starts: number[][] = [strides.map(() => 0)];
  for (const { n, steps } of merged.slice(0, -depth))
    starts = starts.flatMap((start) => range(n).map((i) => start.map((at, k) => at + i * steps[k]!)));
  const loops = { extents: inner.map(({ n }) => n), strides: strides.map((_, k) => inner.map((l) => l.steps[k]!)) };
  return starts.map((start) => ({ ...loops, starts: start }));
}

/** The address of element `start` of a tensor. */
export function addressOf({ arg, dtype }: LocalTensor, start: number): Operand {
  if (start === 0 || arg === null || typeof arg !== "object" || !("buffer" in arg)) return arg;
  return { ...arg, offset: (arg.offset ?? 0) + start * itemSize[dtype] };
}
