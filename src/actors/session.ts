/**
 * @file A session: threads, memory and actors for one or several plans over the same states, from start to close. It puts
 * the parts together; what each does is said where it is.
 */
import type { Worker } from "node:worker_threads";
import { Subject } from "rxjs";
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
import { createRecorder } from "./flight.ts";
import { createHost, type Outputs } from "./host.ts";
import type { PlanMemory } from "./install.ts";
import { startLife } from "./life.ts";
import { createLoop } from "./loop.ts";
import { mappingOf, type Waits } from "./mapping.ts";
import { createPlans, type Loaded, ranksOf } from "./plans.ts";
import { createRunner, type PausableRunner, type RunPort } from "./run.ts";
import type { RawSession, Runner, SessionOptions } from "./session-types.ts";
import { type Core, shell, templatesOf } from "./shell.ts";
import { createSignal } from "./signal.ts";
import { createSupervisor } from "./supervise.ts";
import { computeThreads, threadMap } from "./threads.ts";
import { defaultTimeout } from "./watchdog.ts";

/** What tests and tools may put in place of the session's own, or look at. */
export interface Seams {
  readonly bus?: Bus;
  /** Milliseconds that a thread may take to load one module of the user's. */
  readonly loadLimit?: number;
  /** Sees the executor threads once they have begun. */
  readonly workers?: (workers: readonly Worker[]) => void;
  /** Links that ranks talk over: communication takes as long as they do, and waits meanwhile. */
  readonly waits?: Waits | undefined;
  /** Sees the memory once a plan is in it, before it runs. */
  readonly installed?: (memory: WebAssembly.Memory, plan: PlanMemory) => void;
}

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
export const startSession = async (
  plan: PlanData,
  options: SessionOptions = {},
  seams: Seams = {},
): Promise<RawSession> => shell(await startCore(plan, options, seams));

/**
 * An inspector whose own error ends the session, and which sees nothing then: thrown into an actor's turn it would come
 * again in each turn of the session's end, and keep that from ending.
 */
function untilItThrows<E>(inspect: (event: E) => void, failed: (error: unknown) => void): (event: E) => void {
  let threw = false;
  return (event) => {
    if (threw) return;
    try {
      inspect(event);
    } catch (error) {
      threw = true;
      queueMicrotask(() => failed(error));
    }
  };
}

async function startCore(plan: PlanData, options: SessionOptions, seams: Seams): Promise<Core> {
  const ranks = ranksOf(plan);
  const { waits } = seams;
  const compute = computeThreads(ranks, options.threads);
  const mapping = options.mapping ?? mappingOf(plan, { threads: compute, waits });
  const threads = threadMap(ranks, options.threads, mapping, waits && ranks.length);
  const engine = loadEngine(options.engine);
  checkThread();
  const ops = loadable();
  const plans = createPlans(engine, options.seed, ops, waits);
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
  const life = startLife(
    ranks,
    events,
    now,
    options.inspect && untilItThrows(options.inspect, (error) => failed(error)),
  );
  const recorder = createRecorder();
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
  const status = () => life.status();
  function fail(error: Error, task?: number): void {
    if (broken) return;
    if (events.observed)
      events.next({ type: "failure", ...(task === undefined ? {} : { task }), reason: error.message, t: now() });
    breakWith(error);
    life.session.send({ type: "fail" });
    void release();
  }
  const failed = (error: unknown) => fail(error instanceof Error ? error : new InternalError(String(error)));
  const loop = createLoop({ bus, launcher, threads, recorder, root: life.session, events, now, failed });
  const doorbell = createDoorbell(crew.control, loop.wake);
  const { timeout = defaultTimeout, onHang = "quarantine" } = options;
  const supervisor = createSupervisor({
    crew,
    launcher,
    threads,
    recorder,
    plans,
    timeout,
    onHang,
    status,
    now,
    turns: loop.turns,
    broken: () => broken,
    fail,
    lost(thread) {
      for (const rank of threads.ranksOf(thread)) life.rank(rank).send({ type: "fail" });
    },
  });

  let released: Promise<void> | undefined;
  async function endThreads(): Promise<void> {
    supervisor.stop();
    doorbell.stop();
    for (const rank of life.ranks) rank.send({ type: "stop" });
    await crew.end(timeout);
    for (const rank of life.ranks) rank.send({ type: "stopped" });
    life.session.send({ type: "closed" });
    events.complete();
    metrics.complete();
    gone.call();
  }
  const release = () => (released ??= endThreads());
  const gone = createSignal();

  const fence = createFence({
    launcher,
    threads,
    empty: plans.empty,
    hold: doorbell.hold,
    pump: loop.pump,
    broken: () => broken,
  });
  onBroken.push(fence.wake);

  /** Whose run is on, and how many pauses. */
  let active: PausableRunner | undefined;
  let pauses = 0;
  function begin(): void {
    if (broken) throw broken;
    if (life.status() === "running" || life.status() === "draining")
      throw new SessionError("SL4010", "another run is on", {
        subject: "session",
        hint: "let it end, or leave its loop, first",
      });
    if (life.status() !== "ready")
      throw new SessionError("SL4011", `it is ${life.status()}`, { subject: "session", hint: "start another one" });
    active = undefined;
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
        active = runner;
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
      launched: () => loop.launched(net),
    };
    const runner: PausableRunner = createRunner(of, net, host, port);
    return runner;
  }

  async function load(further: PlanData): Promise<Runner> {
    begin();
    try {
      const before = plans.arena.pieces.length;
      const entry = add(further);
      if (events.observed) events.next({ type: "plan", plan: plans.numbered.at(-1)!, t: now() });
      tellMemory(events, plans.arena.pieces.slice(before), now());
      await fence.runAll(entry.memory.fillers);
      return open(entry);
    } finally {
      end();
    }
  }

  function idle(what: string): void {
    if (broken) throw broken;
    if (life.status() !== "ready" && pauses === 0)
      throw new SessionError("SL4010", `${what} while the session is ${life.status()}`, {
        subject: "session",
        hint: "wait for the run to end",
      });
  }
  async function pause(): Promise<() => void> {
    const runs = life.status() === "running" || life.status() === "draining";
    const resume = runs ? await active?.pause() : undefined;
    if (!resume) return () => {};
    pauses++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      pauses--;
      resume();
    };
  }
  async function close(): Promise<void> {
    life.session.send({ type: "close" });
    breakWith(new SessionError("SL4011", "the session was closed", { subject: "session", hint: "start another one" }));
    await release();
  }

  const letSleep = doorbell.hold();
  try {
    const started = crew.start(supervisor, seams.loadLimit);
    seams.workers?.(crew.workers);
    await started;
    for (const rank of life.ranks) rank.send({ type: "ready" });
    await fence.runAll(first.memory.fillers);
  } catch (error) {
    await close();
    throw broken ?? error;
  } finally {
    letSleep();
  }
  const runner = open(first);
  life.session.send({ type: "ready" });

  return {
    ranks,
    threads: threads.threads,
    mapping,
    engine: engine.name,
    get status() {
      return status();
    },
    flight: () => (broken instanceof SessionError ? broken.flight : undefined) ?? supervisor.flight(),
    run: runner.run,
    load,
    get states() {
      return plans.states;
    },
    pause,
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
    templateOf: templatesOf(first.net),
    metrics$: metrics.asObservable(),
    events$: eventsOf(events, bus, plans, now),
    close,
    [Symbol.asyncDispose]: close,
    gone: gone.next(),
    broken: () => broken,
  };
}
