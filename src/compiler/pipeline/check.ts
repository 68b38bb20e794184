/** @file Whether something is a schedule at all, for functions that users give one. What it says is for `verifySchedule`. */
import { userLine } from "../../graph/source.ts";
import { OptionError, showGiven } from "../../ir/errors.ts";
import type { Schedule, ScheduleLane } from "../../ir/pipeline.ts";

/** Throws OptionError SL1075, naming what takes it; `others` are what else that takes. */
export function checkSchedule(subject: string, given: unknown, others: readonly string[] = []): void {
  const schedule = given as Partial<Schedule> | null | undefined;
  if (
    typeof schedule === "object" &&
    typeof schedule?.name === "string" &&
    Array.isArray(schedule.stages) &&
    Array.isArray(schedule.lanes) &&
    schedule.lanes.every((lane: Partial<ScheduleLane> | null) => Array.isArray(lane?.actions))
  )
    return;
  throw new OptionError("SL1075", `it is ${showGiven(given)}`, {
    subject,
    at: userLine(),
    choices: [...others, "what schedule(…) or parseSchedule(…) gives"],
  });
}
