/** @file How many slots each actor of a plan has, and how many of them are held, from a flight record. */
import { expand } from "../../actors/expand.ts";
import type { Flight } from "../../ir/flight.ts";
import type { PlanData } from "../../ir/plan.ts";
import { type Counts, heldOf } from "../slots.ts";
import { fullest } from "./samples.ts";
import type { LiveSlots } from "./types.ts";

const none: Counts = { fired: 0, done: 0 };

/** Of a session that was launched with the plan: its actors have the first numbers. Of each actor the fullest register. */
export function slotsIn(plan: PlanData): (flight: Flight) => (actor: number) => LiveSlots | undefined {
  const net = expand(plan, { actor: 0, edge: 0, register: 0 });
  return ({ actors }) => {
    const counts = new Map(
      actors.map(({ actor, fired, launched }) => [actor, { fired, done: fired - launched.length }] as const),
    );
    const of = (actor: number) => counts.get(actor) ?? none;
    return (actor) =>
      fullest(
        (net.actors[actor]?.outs ?? []).flatMap((out) =>
          out.edges.some(({ to }) => net.actors[to]!.kind !== "user")
            ? [{ held: Math.max(0, heldOf(out, net, of)), of: out.slots }]
            : [],
        ),
      );
  };
}
