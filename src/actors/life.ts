/** @file Statecharts of what lives long: a session, and each of its ranks. */
import type { Subject } from "rxjs";
import { createActor, type InspectionEvent, setup } from "xstate";
import type { SessionEvent } from "../ir/session.ts";
import type { SessionStatus } from "./session-types.ts";

/** `running` feeds; `draining` waits for what has begun; nothing leads out of `closed` and `failed` but closing. */
const sessionLife = setup({
  types: {
    events: {} as
      | { type: "ready" }
      | { type: "run" }
      | { type: "drain" }
      | { type: "close" }
      | { type: "closed" }
      | { type: "fail" },
  },
}).createMachine({
  id: "session",
  initial: "starting",
  on: { close: ".closing", fail: ".failed" },
  states: {
    starting: { on: { ready: "ready" } },
    ready: { on: { run: "running" } },
    running: { on: { drain: "draining" } },
    draining: { on: { ready: "ready" } },
    closing: { on: { closed: "closed", close: {}, fail: {} } },
    closed: { type: "final", on: { close: {}, fail: {} } },
    failed: { on: { fail: {} } },
  },
});

const rankLife = setup({
  types: { events: {} as { type: "ready" } | { type: "stop" } | { type: "stopped" } | { type: "fail" } },
}).createMachine({
  id: "rank",
  initial: "starting",
  states: {
    starting: { on: { ready: "ready", stop: "stopping", fail: "failed" } },
    ready: { on: { stop: "stopping", fail: "failed" } },
    stopping: { on: { stopped: "stopped" } },
    stopped: { type: "final" },
    failed: { on: { stop: "stopping" } },
  },
});

/** The actors of these charts; the session's is the root of all others. */
export function startLife(
  ranks: readonly number[],
  events: Subject<SessionEvent>,
  now: () => number,
  inspect?: (event: InspectionEvent) => void,
) {
  const session = createActor(sessionLife, { id: "session", systemId: "session", ...(inspect ? { inspect } : {}) });
  const publish = (of: string) => {
    let last = "";
    return ({ value }: { readonly value: unknown }) => {
      if (String(value) === last) return;
      last = String(value);
      if (events.observed) events.next({ type: "state", of, value: last, t: now() });
    };
  };
  session.subscribe(publish("session"));
  session.start();
  const of = new Map(
    ranks.map((rank) => {
      const id = `rank ${rank}`;
      const actor = createActor(rankLife, { id, systemId: id, parent: session });
      actor.subscribe(publish(id));
      return [rank, actor.start()];
    }),
  );
  return {
    session,
    status: (): SessionStatus => session.getSnapshot().value,
    rank: (rank: number) => of.get(rank)!,
    ranks: [...of.values()],
  };
}
