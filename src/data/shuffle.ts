/**
 * @file The order of one epoch, as a function of (seed, epoch) alone: it knows no mesh and no layout, so every layout
 * sees the same batches.
 */
import { random, streamOf } from "../ir/philox.ts";

/** A permutation of 0 … n−1: Fisher and Yates' shuffle over one Philox stream per epoch. */
export function permutation(n: number, seed: number, epoch: number): Uint32Array {
  const next = random(seed, streamOf(`shuffle/${epoch}`));
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1, next);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

/** Uniform in 0 … bound−1; words above the last whole multiple of `bound` are thrown away, so none is favoured. */
function below(bound: number, next: () => number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let word = next();
  while (word >= limit) word = next();
  return word % bound;
}
