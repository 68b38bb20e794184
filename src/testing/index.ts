/** @file `sluice/testing`: the oracle that proves what an op's definition claims, and matchers for tests of plans. */
export { checkOp } from "./check.ts";
export { CheckError } from "./error.ts";
export { type Communication, matchers } from "./matchers.ts";
export type { CheckOptions, MissingRule, OpCase, OpReport } from "./report.ts";
