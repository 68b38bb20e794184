/** @file How many slots each actor of a plan has, and how many of them are held, from a flight record. */
import type { Net } from "../../actors/net.ts";
import type { Flight } from "../../ir/flight.ts";
import { type Counts, heldOf } from "../slots.ts";
import { fullest } from "./samples.ts";
import type { LiveSlots } from "./types.ts";

const none: Counts = { fired: 0, done: 0 };

/** Of a session that was launched with the plan of this net: its actors have the first numbers. Of each actor the fullest register. */
export function slotsIn(net: Net): (flight: Flight) => (actor: number) => LiveSlots | undefined {
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
