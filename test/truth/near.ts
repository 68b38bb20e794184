/** @file When two numbers count as the same. */
import { expect } from "vitest";

/** Within a share of what is expected, or of 0.1 where that is less. */
export const near = (found: number, expected: number, what: string, share = 1e-5) =>
  expect(Math.abs(found - expected), `${what}: ${found} against ${expected}`).toBeLessThanOrEqual(
    share * Math.max(Math.abs(expected), 0.1),
  );
