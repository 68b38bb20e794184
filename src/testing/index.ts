/** @file `sluice/testing`: the oracle that proves what an op's definition claims, for users' ops and for Sluice's own. */
export { checkOp } from "./check.ts";
export { CheckError } from "./error.ts";
export type { CheckOptions, MissingRule, OpCase, OpReport } from "./report.ts";
