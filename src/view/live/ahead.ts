/**
 * @file What firings still wait for that threads were given ahead of it. Actors launch with tickets, before what they read
 * has been computed, so a launch says nothing of whether its data is there. Counters do: firings of an actor end in order,
 * so the oldest one under way and the delays of edges say of each reader what is missing.
 */
import type { Net } from "../../actors/net.ts";
import { letGo } from "../../actors/waits.ts";
import type { ActorFlight, Flight } from "../../ir/flight.ts";

/** Of an actor, what its oldest launched firing waits for, in the words of flight records; nothing when all is there. */
export type WaitsOf = (flight: Flight) => (actor: ActorFlight) => readonly string[];

/** Of a session that was launched with the plan of this net: its actors have the first numbers. */
export function waitsIn({ actors: specs }: Pick<Net, "actors">): WaitsOf {
  return ({ actors }) => {
    const done = new Map(actors.map(({ actor, fired, launched }) => [actor, fired - launched.length] as const));
    return ({ actor, launched: [seq] }) => {
      const spec = specs[actor];
      if (!spec || seq === undefined) return [];
      // What comes from the host or goes there was waited for before the launch.
      const open = (other: number, at: number, host: boolean) => !host && at >= (done.get(other) ?? 0);
      return [
        ...spec.ins.flatMap(({ from, delay, host }) => (open(from, seq - delay, host) ? [specs[from]!.name] : [])),
        ...spec.outs.flatMap(({ slots, edges }) =>
          edges.flatMap(({ to, delay, host }) =>
            open(to, seq - slots + delay, host) ? [`${specs[to]!.name}${letGo}`] : [],
          ),
        ),
      ];
    };
  };
}
