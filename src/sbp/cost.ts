/** @file What steps cost, in whole numbers, so that sums are exact and ties are ties. */
export interface Cost {
  /** Femtoseconds, whole. */
  readonly ticks: number;
  /** Received by all ranks together. */
  readonly bytes: number;
}

export const nothing: Cost = { ticks: 0, bytes: 0 };
export const plus = (a: Cost, b: Cost): Cost => ({ ticks: a.ticks + b.ticks, bytes: a.bytes + b.bytes });
