/** @file `sluice/testing`: the oracle that proves what an op's definition claims, for users' ops and for Sluice's own. */
export { type CheckOptions, checkOp, type OpCase, type OpReport } from "./check.ts";
export { CheckError } from "./error.ts";
