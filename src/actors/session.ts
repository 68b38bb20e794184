/**
 * @file A session: threads, memory and actors for one or several plans over the same states, from start to close. It puts
 * the parts together; what each does is said where it is.
 */
import { Subject } from "rxjs";
import type { InspectionEvent } from "xstate";
import { fromElement } from "../ir/element.ts";
import { InternalError, SessionError } from "../ir/errors.ts";
import type { PlanData } from "../ir/plan.ts";
import type { SessionEvent, StepMetrics } from "../ir/session.ts";
import { loadEngine } from "../kernels/engine.ts";
import { type Bus, createBus } from "./bus.ts";
import { cheapClock, clockOrigin } from "./clock.ts";
import { createCrew } from "./crew.ts";
import { checkThread, loadable } from "./defined.ts";
import { createDoorbell } from "./doorbell.ts";
import { eventsOf, tellMemory } from "./events.ts";
import { createFence } from "./fence.ts";
import { createHost, type Outputs } from "./host.ts";
import type { PlanMemory } from "./install.ts";
import { startLife } from "./life.ts";
import { createLoop } from "./loop.ts";
import { createPlans, type Loaded, ranksOf } from "./plans.ts";
import { createRunner, type RunPort } from "./run.ts";
import type { RawSession, Runner, SessionOptions } from "./session-types.ts";
import { type ThreadEvents, threadMap } from "./threads.ts";

/** What tests and tools may put in place of the session's own, or look at. */
export interface Seams {
  readonly bus?: Bus;
  /** Sees every event of every actor, and slows all of them down. */
  readonly inspect?: (event: InspectionEvent) => void;
  /** Milliseconds that a thread may take to load one module of the user's. */
  readonly loadLimit?: number;
  /** Sees the memory once a plan is in it, before it runs. */
  readonly installed?: (memory: WebAssembly.Memory, plan: PlanMemory) => void;
}

const restart = "close the session and start another from the last checkpoint";

/**
 * Starts a session: memory for every rank, executor threads, an actor a task, and states filled with their initial
 * values.
 *
 * @throws PlanError SL4021 the memory does not suffice, SL4023 or SL4025 the plan cannot run
 * @throws SessionError SL4012 a thread or an initialisation failed, SL4014 `threads` is no number of threads, SL4031
 *   or SL4035 the file of an op that the user has defined cannot be loaded by threads, SL4030 or SL4031 the plan uses
 *   such an op
 *
 * @example
 * await using session = await startSession(plan);
 * for await (const { step, outputs } of session.run(batches)) console.log(step, outputs.loss.data[0]);
 */
export async function startSession(
  plan: PlanData,
  options: SessionOptions = {},
  seams: Seams = {},
): Promise<RawSession> {
  const ranks = ranksOf(plan);
  const threads = threadMap(ranks, options.threads, options.mapping);
  const engine = loadEngine(options.engine);
  checkThread();
  const ops = loadable();
  const plans = createPlans(engine, options.seed, ops);
  const add = (further: PlanData): Loaded => {
    const entry = plans.add(further);
    seams.installed?.(plans.arena.memory, entry.memory);
    return entry;
  };
  const first = add(plan);
  const events = new Subject<SessionEvent>();
  const metrics = new Subject<StepMetrics>();
  const origin = clockOrigin();
  const now = cheapClock(origin);
  const traced = (thread: number, task: number, seq: number, start: number, end: number) => {
    if (events.observed) events.next({ type: "task", phase: "done", task, seq, thread, start, end });
  };
  const crew = createCrew(plans.arena, engine, {
    threads: threads.threads,
    seqs: plans.seqs,
    origin,
    traced: options.trace ? traced : undefined,
    ops,
  });
  const { launcher } = crew;
  const life = startLife(ranks, events, now, seams.inspect);
  const bus = seams.bus ?? createBus();
  let broken: Error | undefined;
  const onBroken: (() => void)[] = [];

  function breakWith(error: Error): void {
    if (broken) return;
    broken = error;
    launcher.stop();
    loop.abort(error.message);
    for (const call of onBroken) call();
  }
  function fail(error: Error, at?: number): void {
    if (broken) return;
    if (events.observed)
      events.next({ type: "failure", ...(at === undefined ? {} : { task: at }), reason: error.message, t: now() });
    breakWith(error);
    life.session.send({ type: "fail" });
  }
  const failed = (error: unknown) => fail(error instanceof Error ? error : new InternalError(String(error)));
  const loop = createLoop({ bus, launcher, threads, root: life.session, events, now, failed });
  const doorbell = createDoorbell(crew.control, loop.wake);

  const threadEvents: ThreadEvents = {
    failed(thread, launch, { code = "SL4012", what, at, stack, hint = restart }) {
      if (broken) return;
      for (const rank of threads.ranksOf(thread)) life.rank(rank).send({ type: "fail" });
      const culprit = launch === undefined ? undefined : launcher.culprit(thread, launch);
      const spec = plans.loaded.flatMap(({ net }) => net.actors).find(({ id }) => id === culprit?.actor);
      const subject = spec
        ? `task ${spec.name}, firing ${culprit!.seq}`
        : `executor thread ${thread} of ranks ${threads.ranksOf(thread).join(",")}`;
      const cause = stack === undefined ? {} : { cause: Object.assign(new Error(what), { stack }) };
      fail(new SessionError(code, what, { subject, at, hint, ...cause }), spec?.id);
    },
  };

  const fence = createFence({
    launcher,
    threads,
    empty: plans.empty,
    hold: doorbell.hold,
    pump: loop.pump,
    broken: () => broken,
  });
  onBroken.push(fence.wake);

  function begin(): void {
    if (broken) throw broken;
    if (life.status() === "running" || life.status() === "draining")
      throw new SessionError("SL4010", "another run is on", {
        subject: "session",
        hint: "let it end, or leave its loop, first",
      });
    if (life.status() !== "ready")
      throw new SessionError("SL4011", `it is ${life.status()}`, { subject: "session", hint: "start another one" });
    life.session.send({ type: "run" });
  }
  function end(): void {
    life.session.send({ type: "drain" });
    life.session.send({ type: "ready" });
  }

  let lastStep = now();
  function stepped(name: string, step: number, outputs: Outputs): void {
    if (!metrics.observed) return;
    const t = now();
    const scalars = Object.entries(outputs).flatMap(([name, { shape, dtype, data }]) =>
      shape.length ? [] : [[name, fromElement(dtype, data[0]!)]],
    );
    metrics.next({ plan: name, step, ms: t - lastStep, outputs: Object.fromEntries(scalars) });
    lastStep = t;
  }

  function open({ plan: of, net, memory }: Loaded): Runner {
    const host = createHost(of, plans.arena, memory.locate);
    loop.attach(net, memory, host);
    const port: RunPort = {
      bus,
      root: life.session,
      now,
      begin() {
        begin();
        lastStep = now();
      },
      draining: () => life.session.send({ type: "drain" }),
      settled: fence.settled,
      end,
      pump: loop.pump,
      hold: doorbell.hold,
      broken: () => broken,
      onBroken: (call) => onBroken.push(call),
      stepped,
    };
    return createRunner(of, net, host, port);
  }

  async function load(further: PlanData): Promise<Runner> {
    begin();
    try {
      const before = plans.arena.pieces.length;
      const entry = add(further);
      tellMemory(events, plans.arena.pieces.slice(before), now());
      await fence.runAll(entry.memory.fillers);
      return open(entry);
    } finally {
      end();
    }
  }

  function idle(what: string): void {
    if (broken) throw broken;
    if (life.status() !== "ready")
      throw new SessionError("SL4010", `${what} while the session is ${life.status()}`, {
        subject: "session",
        hint: "wait for the run to end",
      });
  }
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    life.session.send({ type: "close" });
    for (const rank of life.ranks) rank.send({ type: "stop" });
    breakWith(new SessionError("SL4011", "the session was closed", { subject: "session", hint: "start another one" }));
    doorbell.stop();
    await crew.end();
    for (const rank of life.ranks) rank.send({ type: "stopped" });
    life.session.send({ type: "closed" });
    events.complete();
    metrics.complete();
  }

  const release = doorbell.hold();
  try {
    await crew.start(threadEvents, seams.loadLimit);
    for (const rank of life.ranks) rank.send({ type: "ready" });
    await fence.runAll(first.memory.fillers);
  } catch (error) {
    await close();
    throw broken ?? error;
  } finally {
    release();
  }
  const runner = open(first);
  life.session.send({ type: "ready" });

  return {
    ranks,
    threads: threads.threads,
    engine: engine.name,
    get status() {
      return life.status();
    },
    run: runner.run,
    load,
    get states() {
      return plans.states;
    },
    read(name) {
      idle("reading a state");
      return plans.read(name);
    },
    write(name, value) {
      idle("writing a state");
      plans.write(name, value);
    },
    traffic: (hash = plan.hash) => plans.traffic(hash),
    get stats() {
      return { launches: launcher.launches, messages: bus.delivered, ...loop.stats };
    },
    templateOf: (actor) => first.net.actors[actor]?.template ?? -1,
    metrics$: metrics.asObservable(),
    events$: eventsOf(events, bus, plans.arena, now),
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}
