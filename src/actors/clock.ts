/** @file Milliseconds on a session's clock, the same on every thread: the machine's monotonic clock from one origin. */

/** The origin to hand to other threads, in nanoseconds. */
export const clockOrigin = (): bigint => process.hrtime.bigint();

/** Reads the clock that began at `origin`. */
export const clock = (origin: bigint) => (): number => Number(process.hrtime.bigint() - origin) / 1e6;

/** The same through `performance.now`, which costs less, and is off by what lies between two readings of the clock. */
export function cheapClock(origin: bigint): () => number {
  const exact = clock(origin);
  let best = { width: Number.POSITIVE_INFINITY, offset: 0 };
  for (let i = 0; i < 10; i++) {
    const before = exact();
    const now = performance.now();
    const after = exact();
    if (after - before < best.width) best = { width: after - before, offset: (before + after) / 2 - now };
  }
  return () => performance.now() + best.offset;
}
