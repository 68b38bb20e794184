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

/**
 * A number as an integer dtype holds it: what is too large wraps, infinities are the ends of the range. NaN stays: an
 * element that was not written should show.
 */
export function wrap(x: number, dtype: "int32" | "int64"): number {
  const bits = dtype === "int32" ? 32 : 64;
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return x > 0 ? Number(2n ** BigInt(bits - 1) - 1n) : -(2 ** (bits - 1));
  return Number(BigInt.asIntN(bits, BigInt(Math.trunc(x))));
}

/** To the nearest whole number, halves to the even one. */
export const roundHalfEven = (x: number) => {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 ? low + 1 : low;
};

/** By its series 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms all have one sign (Abramowitz & Stegun 7.1.6). */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = x;
  let term = x;
  for (let n = 1; Math.abs(term) > 1e-20 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
