/** @file Tensors in memory as the reference kernels see them. */

/** A tensor from some element on. */
export interface Pointer {
  readonly data: Float64Array;
  readonly at: number;
}

export const get = (p: Pointer, i: number) => p.data[p.at + i]!;
export const set = (p: Pointer, i: number, value: number) => {
  if (p.at + i >= p.data.length) throw new Error(`element ${p.at + i} of ${p.data.length} written`);
  p.data[p.at + i] = value;
};

/** Calls `body` with the index in each of the arrays with these strides. */
export function nest(
  extents: readonly number[],
  strides: readonly (readonly number[])[],
  body: (...at: number[]) => void,
) {
  const total = extents.reduce((a, b) => a * b, 1);
  for (let i = 0; i < total; i++) {
    let rest = i;
    const at = strides.map(() => 0);
    for (let d = extents.length - 1; d >= 0; d--) {
      const index = rest % extents[d]!;
      rest = Math.floor(rest / extents[d]!);
      strides.forEach((s, k) => {
        at[k]! += index * s[d]!;
      });
    }
    body(...at);
  }
}
