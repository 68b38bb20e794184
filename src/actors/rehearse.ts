/**
 * @file A dry run before the first real one: the net on the virtual clock, with work that takes no time. A plan whose
 * order, slots and delays do not fit together would stand still for ever; here it is an error that names the task.
 */
import type { Net } from "./net.ts";
import { runVirtually } from "./virtual/clock.ts";
import { stuck } from "./virtual/stuck.ts";

/** Enough that delayed edges and reused slots have had their say. */
const steps = 3;

/** @throws PlanError SL4025 when the schedule cannot go on */
export function rehearse(net: Net): void {
  const run = runVirtually(net, { steps, duration: () => 0 });
  if (!run.ended) throw stuck(net, run);
}
