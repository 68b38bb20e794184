/** @file Milliseconds on a session's clock, the same on every thread: the machine's monotonic clock from one origin. */

/** The origin to hand to other threads, in nanoseconds. */
export const clockOrigin = (): bigint => process.hrtime.bigint();

/** Reads the clock that began at `origin`. */
export const clock = (origin: bigint) => (): number => Number(process.hrtime.bigint() - origin) / 1e6;
