/**
 * @file The virtual clock of a schedule: every action starts as soon as what it waits for has ended. It says how long a
 * step takes, and which actions never start.
 */
import type { Waits } from "./waits.ts";

/** When each action starts and ends if it starts as soon as it may; infinite for what never does. */
export interface Times {
  readonly start: readonly number[];
  readonly end: readonly number[];
}

/** The virtual clock. Times are sums of costs along the longest path. */
export function clock({ waits }: Waits, cost: (n: number) => number): Times {
  const open = waits.map((list) => list.length);
  const next = waits.map((): number[] => []);
  for (const [n, list] of waits.entries()) for (const { on } of list) next[on]!.push(n);
  const soonest = waits.map(() => 0);
  const start = waits.map(() => Number.POSITIVE_INFINITY);
  const end = [...start];
  const ready = open.flatMap((count, n) => (count === 0 ? [n] : []));
  for (const n of ready) {
    start[n] = soonest[n]!;
    end[n] = start[n]! + cost(n);
    for (const after of next[n]!) {
      soonest[after] = Math.max(soonest[after]!, end[n]!);
      if (--open[after]! === 0) ready.push(after);
    }
  }
  return { start, end };
}
