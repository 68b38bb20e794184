/** @file Nested loops over two strided arrays, as few as possible: what box kernels and random fills take. */

export interface Loops {
  readonly extents: readonly number[];
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** Where these loops start, in elements. */
  readonly offsetA: number;
  readonly offsetB: number;
}

/** Strides of a contiguous array, in elements. */
export const rowMajor = (shape: readonly number[]): number[] =>
  shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));

const depth = 4;

/** Merges dims that lie side by side in both arrays, then pads to four loops; more than four become several walks. */
export function loops(extents: readonly number[], a: readonly number[], b: readonly number[]): Loops[] {
  const merged: { n: number; a: number; b: number }[] = [];
  extents.forEach((n, d) => {
    if (n === 1) return;
    const last = merged.at(-1);
    const next = { n, a: a[d]!, b: b[d]! };
    if (last && last.a === next.a * n && last.b === next.b * n)
      merged[merged.length - 1] = { n: last.n * n, a: next.a, b: next.b };
    else merged.push(next);
  });
  let starts = [{ offsetA: 0, offsetB: 0 }];
  for (const { n, a: stepA, b: stepB } of merged.slice(0, -depth))
    starts = starts.flatMap((s) =>
      Array.from({ length: n }, (_, i) => ({ offsetA: s.offsetA + i * stepA, offsetB: s.offsetB + i * stepB })),
    );
  const inner = merged.slice(-depth);
  while (inner.length < depth) inner.unshift({ n: 1, a: 0, b: 0 });
  return starts.map((s) => ({
    ...s,
    extents: inner.map((l) => l.n),
    a: inner.map((l) => l.a),
    b: inner.map((l) => l.b),
  }));
}
