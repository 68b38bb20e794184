/** @file What a session's collectives have moved so far, in the shape in which its plan foretold it. */
import type { RawSession } from "./actors/session-types.ts";
import type { Collective, PlanData } from "./ir/plan.ts";

/** `bytes` and `received` are what was counted where it was moved, over all runs of the collective since the launch. */
export interface CountedCollective extends Collective {
  /** How often it has run. */
  readonly count: number;
}

/** @throws SessionError SL4011 once the session is closed */
export function counted(raw: RawSession, { hash, collectives, placements, tasks }: PlanData): CountedCollective[] {
  const moved = raw.traffic(hash);
  const { plans, actors } = raw.flight();
  const place = plans.findIndex((plan) => plan.hash === hash);
  const [first, beyond] = [plans[place]!.actor, plans[place + 1]?.actor ?? Number.POSITIVE_INFINITY];
  const done = new Map(
    actors.flatMap(({ actor, task, fired, launched }) =>
      first <= actor && actor < beyond ? [[task, fired - launched.length] as const] : [],
    ),
  );
  return collectives.map((collective, i) => {
    const name = tasks.find(({ id }) => id === collective.task)!.name;
    const ranks = placements[collective.placement]!.ranks;
    const count = Math.min(...ranks.map((rank) => done.get(`${name} @${rank}`)!));
    return { ...collective, bytes: moved[i]!.bytes, received: moved[i]!.received, count };
  });
}
