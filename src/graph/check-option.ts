/** @file Numbers that a user gives as options, checked against their range. */
import { GraphError, showGiven } from "../ir/errors.ts";
import { userLine } from "./source.ts";

/** Throws GraphError SL1060 unless the value is a number with lo ≤ value < hi. */
export function checkOption(
  call: string,
  name: string,
  value: unknown,
  lo: number,
  hi = Number.POSITIVE_INFINITY,
): void {
  if (typeof value === "number" && value >= lo && value < hi) return;
  throw new GraphError("SL1060", `${name} cannot be ${showGiven(value)}`, {
    subject: call,
    at: userLine(),
    hint: `give a number from ${lo} on${hi < Number.POSITIVE_INFINITY ? `, below ${hi}` : ""}`,
  });
}
