/** @file What the functions of this layer are given, checked: who passes something else gets an error, no TypeError. */
import { userLine } from "../graph/source.ts";
import { OptionError, showGiven } from "../ir/errors.ts";
import type { PlanData } from "../ir/plan.ts";

/** Throws OptionError SL1075 unless it fits. */
export function expectGiven(
  fits: boolean,
  given: unknown,
  subject: string,
  choices: readonly string[],
  at: string | undefined = userLine(),
): void {
  if (!fits) throw new OptionError("SL1075", `it is ${showGiven(given)}`, { subject, at, choices });
}

/** Throws OptionError SL1072 for what is no plan. */
export function planGiven(subject: string, given: unknown): PlanData {
  const data = (given as { readonly data?: PlanData } | null | undefined)?.data;
  if (Array.isArray(data?.tasks) && Array.isArray(data.states)) return data;
  throw new OptionError("SL1072", `it takes a Plan, got ${showGiven(given)}`, {
    subject,
    at: userLine(),
    choices: ["what compile(…) returns", "Plan.fromJSON(text)"],
  });
}

/** Objects, each of them with a text that says what it is of: events as `session.events$` tells them. */
export const areEvents = (given: unknown): boolean =>
  Array.isArray(given) && given.every((each: { readonly type?: unknown } | null) => typeof each?.type === "string");
