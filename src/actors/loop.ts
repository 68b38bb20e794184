/**
 * @file The event loop's part: delivers messages, gives actors their turn, launches, and hears of launches that are over,
 * until all is quiet; then it sleeps until an executor rings. Nothing here blocks.
 */
import type { Subject } from "rxjs";
import { type ActorRefFrom, type AnyActorRef, createActor } from "xstate";
import type { Message } from "../ir/message.ts";
import type { SessionEvent } from "../ir/session.ts";
import type { Bus } from "./bus.ts";
import type { Recorder } from "./flight.ts";
import type { PlanMemory } from "./install.ts";
import type { Launcher } from "./launcher.ts";
import { type Effects, type Firing, type TaskEvent, taskLogic } from "./logic.ts";
import type { NetEdge } from "./net.ts";
import { type ActorSpec, HOST, type Net } from "./net.ts";
import { createScheduler, type Scheduler } from "./scheduler.ts";
import type { ThreadMap } from "./threads.ts";

/** What the ends on the host do when they fire. */
export interface HostWork {
  source(seq: number): void;
  sink(seq: number): void;
}

export interface LoopParts {
  readonly bus: Bus;
  readonly launcher: Launcher;
  readonly threads: ThreadMap;
  readonly recorder: Recorder;
  /** Parent of all actors. */
  readonly root: AnyActorRef;
  readonly events: Subject<SessionEvent>;
  readonly now: () => number;
  /** An actor failed: a bug. */
  readonly failed: (error: unknown) => void;
}

const FIRE: TaskEvent = { type: "fire" };

export function createLoop({ bus, launcher, threads, recorder, root, events, now, failed }: LoopParts) {
  const actors: ActorRefFrom<ReturnType<typeof taskLogic>>[] = [];
  const edges: NetEdge[] = [];
  const schedulers: Scheduler[] = [];
  const stats = { wakes: 0, loopMs: 0 };
  let pumping = false;
  let stopped = false;
  /** The clock as of the last turn: messages of one firing need no reading of their own. */
  let time = now();

  /** Makes the actors of a plan. The user's own actor is not among them: it lives with the run. */
  function attach(net: Net, memory: PlanMemory, work: HostWork): void {
    edges.push(...net.edges);
    recorder.admit(net);
    const scheduler = createScheduler(net.schedule, (spec) => launcher.hasRoom(threads.of(spec.rank, spec.stream)));
    schedulers.push(scheduler);
    const finished = (actor: number, seq: number) => actors[actor]!.send({ type: "done", seq });
    for (const spec of net.actors) {
      if (spec.kind === "user") continue;
      const thread = spec.rank === HOST ? -1 : threads.of(spec.rank, spec.stream);
      const onHost = (firing: Firing) => {
        if (spec.kind === "source") work.source(firing.seq);
        else work.sink(firing.seq);
        return undefined;
      };
      const installed = memory.programs[spec.id - net.base.actor];
      const tells = [...spec.ins, ...spec.outs.flatMap((r) => r.edges)].some((edge) => edge.host);
      const done = tells ? finished : undefined;
      const onThread = ({ seq, arrived, waits }: Firing) => {
        const launch = launcher.launch(thread, { installed: installed!, seq, arrived, waits, actor: spec.id, done });
        return { thread, launch };
      };
      const start = installed ? onThread : onHost;
      const effects: Effects = {
        launch(_, firing) {
          if (events.observed)
            events.next({ type: "task", phase: "launched", task: spec.id, seq: firing.seq, t: time });
          return start(firing);
        },
        send: bus.send,
        ready(ready) {
          if (events.observed) events.next({ type: "schedule", task: ready.id, t: time });
          scheduler.ready(ready);
        },
        now: () => time,
        failed,
      };
      const logic = taskLogic(spec, edges, effects, recorder);
      const id = `${spec.id} ${spec.name}`;
      const actor = createActor(logic, { parent: root, id, systemId: id }).start();
      actors[spec.id] = actor;
      bus.connect(spec.id, (message) => actor.send(message));
    }
  }

  function next(): ActorSpec | undefined {
    for (const scheduler of schedulers) {
      const spec = scheduler.take();
      if (spec) return spec;
    }
    return undefined;
  }

  function drain(): void {
    for (;;) {
      bus.drain();
      const spec = next();
      if (!spec) break;
      time = now();
      actors[spec.id]!.send(FIRE);
    }
    launcher.wake();
  }

  /** Does all that can be done now. Called from within, it does nothing: the outer call goes on. */
  function pump(): void {
    if (pumping || stopped) return;
    pumping = true;
    const begin = performance.now();
    try {
      do {
        launcher.asleep(0);
        time = now();
        launcher.settle();
        drain();
        launcher.asleep(1);
      } while (launcher.hasSettled());
    } catch (error) {
      failed(error);
    } finally {
      pumping = false;
      stats.loopMs += performance.now() - begin;
    }
  }

  return {
    attach,
    pump,
    /** How often every task of a net has been launched at least. */
    launched: (net: Net): number =>
      Math.min(
        ...net.actors.flatMap(({ id, kind }) => (kind === "user" ? [] : actors[id]!.getSnapshot().context.fired)),
      ),
    edges: edges as readonly NetEdge[],
    stats,
    /** Whose turn it is, by plan. */
    turns: () => schedulers.map((scheduler) => scheduler.turn()),
    wake(): void {
      stats.wakes++;
      pump();
    },
    /** No actor acts any more; each hears why. */
    abort(reason: string): void {
      stopped = true;
      for (const [to, actor] of actors.entries()) {
        if (!actor) continue;
        const message: Message = {
          type: "abort",
          from: to,
          to,
          edge: -1,
          register: -1,
          slot: 0,
          seq: 0,
          reason,
          t: now(),
        };
        bus.send(message);
      }
      bus.drain();
    },
  };
}
