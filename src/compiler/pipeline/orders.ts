/**
 * @file The orders of computing of the known schedules, by rank. p ranks, m micro-batches, v chunks a rank.
 *
 * GPipe: Huang et al. 2019, arXiv 1811.06965. 1F1B and interleaved: Narayanan et al. 2021, arXiv 2104.04473 (Megatron-LM).
 * ZB-H1 and ZB-H2: Qi et al. 2024, arXiv 2401.10241. ZBV: Qi et al. 2024, arXiv 2405.15362.
 */
import { range } from "../../graph/dims.ts";
import type { Action, ComputeKind } from "../../ir/pipeline.ts";

/** The rank of each stage, and what each rank computes. */
export interface Orders {
  readonly stages: readonly number[];
  readonly computing: readonly (readonly Action[])[];
}

/** An action by its micro-batch, or by its number among all of its kind on the rank. */
type Nth = (k: number) => Action;

const of =
  (stage: number, kind: ComputeKind): Nth =>
  (microBatch) => ({ stage, kind, microBatch });

/** All forwards, then all backwards. */
export const gpipe = (p: number, m: number): Orders => ({
  stages: range(p),
  computing: range(p).map((r) => [...range(m).map(of(r, "F")), ...range(m).map(of(r, "B"))]),
});

/** p − r − 1 forwards to warm up, then one forward and one backward by turns. */
export const oneForwardOneBackward = (p: number, m: number): Orders => ({
  stages: range(p),
  computing: range(p).map((r) => byTurns(p - r - 1, m, of(r, "F"), of(r, "B"))),
});

/**
 * 1F1B over v chunks: stage s is on rank s mod p, and micro-batches pass a chunk in groups of p. Needs m mod p = 0. One
 * chunk is 1F1B.
 */
export function interleaved(p: number, m: number, v: number): Orders {
  if (v === 1) return oneForwardOneBackward(p, m);
  const nth =
    (r: number, kind: "F" | "B"): Nth =>
    (k) => {
      const turn = Math.floor((k % (p * v)) / p);
      const chunk = kind === "F" ? turn : v - 1 - turn;
      return { stage: chunk * p + r, kind, microBatch: Math.floor(k / (p * v)) * p + (k % p) };
    };
  return {
    stages: range(p * v).map((s) => s % p),
    computing: range(p).map((r) => byTurns(2 * (p - r - 1) + (v - 1) * p, m * v, nth(r, "F"), nth(r, "B"))),
  };
}

function byTurns(warmUp: number, total: number, forward: Nth, backward: Nth): Action[] {
  const first = Math.min(warmUp, total);
  const steady = range(total).flatMap((k) => [...(k + warmUp < total ? [forward(k + warmUp)] : []), backward(k)]);
  return [...range(first).map(forward), ...steady];
}

/**
 * Backward in two parts, the gradient of the weights delayed to fill the gaps: by r micro-batches on rank r with p live
 * activations a rank (H1, needs m ≥ p), by 2r with 2p − 1 (H2, needs m ≥ 2p − 1).
 */
export const zeroBubble = (p: number, m: number, h: 1 | 2): Orders => ({
  stages: range(p),
  computing: range(p).map((r) => {
    const warmUp = h === 1 ? p - r : 2 * (p - r) - 1;
    const late = h * r;
    const [forward, input, weight] = [of(r, "F"), of(r, "I"), of(r, "W")];
    const steady = range(m).flatMap((k) => [
      input(k),
      ...(k >= late ? [weight(k - late)] : []),
      ...(k + warmUp < m ? [forward(k + warmUp)] : []),
    ]);
    return [...range(warmUp).map(forward), ...steady, ...range(late).map((k) => weight(m - late + k))];
  }),
});

/**
 * Two chunks a rank in a V, stages r and 2p − 1 − r on rank r, so that the rank that starts a micro-batch's forward also
 * ends it and begins its backward. Needs m ≥ 2p − 1.
 */
export const zeroBubbleV = (p: number, m: number): Orders => ({
  stages: range(2 * p).map((s) => Math.min(s, 2 * p - 1 - s)),
  computing: range(p).map((r) => {
    const down = { stage: r, F: 0, B: 0, I: 0, W: 0 };
    const up = { ...down, stage: 2 * p - 1 - r };
    const order: Action[] = [];
    /** Goes through the list so often, each time with the next micro-batch of a kind, as long as there is one. */
    const repeat = (times: number, ...list: readonly (readonly [typeof down, "F" | "I" | "W"])[]) => {
      for (const _ of range(times))
        for (const [chunk, kind] of list)
          if (chunk[kind] < m) order.push({ stage: chunk.stage, kind, microBatch: chunk[kind]++ });
    };
    repeat(2 * (p - r) - 1, [down, "F"]);
    repeat(r, [up, "F"], [down, "F"]);
    repeat(p - r, [up, "F"], [up, "I"], [up, "W"]);
    repeat(m - p, [down, "F"], [down, "I"], [down, "W"], [up, "F"], [up, "I"], [up, "W"]);
    repeat(r, [down, "I"], [up, "I"]);
    repeat(p - r, [down, "I"], [down, "W"]);
    repeat(m, [up, "W"]);
    repeat(m, [down, "W"]);
    return order;
  }),
});
