/** @file Milliseconds on a session's clock, the same on every thread: the machine's monotonic clock from one origin. */

/** The origin to hand to other threads, in nanoseconds. */
export const clockOrigin = (): bigint => process.hrtime.bigint();

/** Reads the clock that began at `origin`. Later readings go through `performance.now`, which costs less. */
export function clock(origin: bigint): () => number {
  const offset = Number(process.hrtime.bigint() - origin) / 1e6 - performance.now();
  return () => performance.now() + offset;
}
