/**
 * @file A session: threads, memory and actors for one or several plans over the same states, from start to close. It puts
 * the parts together; what each does is said where it is.
 */
import { Subject } from "rxjs";
import type { InspectionEvent } from "xstate";
import { InternalError, PlanError, SessionError } from "../ir/errors.ts";
import type { PlanData } from "../ir/plan.ts";
import type { SessionEvent, StepMetrics } from "../ir/session.ts";
import { createExecutor, type Engine, loadEngine } from "../kernels/engine.ts";
import { createArena } from "./arena.ts";
import { type Bus, createBus } from "./bus.ts";
import { clock, clockOrigin } from "./clock.ts";
import { createCrew } from "./crew.ts";
import { createDoorbell } from "./doorbell.ts";
import { expand } from "./expand.ts";
import { checkArray } from "./feeds.ts";
import { createHost, type Outputs } from "./host.ts";
import { type Installed, install, type PlanMemory } from "./install.ts";
import { startLife } from "./life.ts";
import { createLoop } from "./loop.ts";
import type { Net } from "./net.ts";
import { rehearse } from "./rehearse.ts";
import { createRunner, type RunPort } from "./run.ts";
import type { RawSession, Runner, SessionOptions } from "./session-types.ts";
import { gather, scatter } from "./shards.ts";
import { createHomes } from "./states.ts";
import { type ThreadEvents, threadMap } from "./threads.ts";
import { type Region, readTraffic } from "./traffic.ts";

/** What tests and tools may put in place of the session's own, or look at. */
export interface Seams {
  readonly bus?: Bus;
  /** Sees every event of every actor, and slows all of them down. */
  readonly inspect?: (event: InspectionEvent) => void;
  /** Sees the memory once a plan is in it, before it runs. */
  readonly installed?: (memory: WebAssembly.Memory, plan: PlanMemory) => void;
}

/** Firing numbers that a launch record has room for at least, so that a further plan may bring a wider task. */
const leastSeqs = 32;

let engine: Engine | undefined;

interface Loaded {
  readonly plan: PlanData;
  readonly net: Net;
  readonly memory: PlanMemory;
}

/**
 * Starts a session: memory for every rank, executor threads, an actor a task, and states filled with their initial
 * values.
 *
 * @throws PlanError SL4021 the memory does not suffice, SL4023 or SL4025 the plan cannot run
 * @throws SessionError SL4012 a thread or an initialisation failed, SL4014 `threads` is no number of threads
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
  engine ??= loadEngine();
  const { image, reserved, stack } = engine;
  const arena = createArena(reserved);
  const executor = createExecutor(image, arena.memory, arena.take(stack, "the loop's stack") + stack);
  const empty: Installed = { program: arena.take(64, "the empty program"), workspace: 0, arrivals: [] };
  const homes = createHomes();
  const loaded: Loaded[] = [];
  let regions: readonly Region[] = [];

  function place(further: PlanData): Loaded {
    const base = loaded.at(-1)?.net.next ?? { actor: 0, edge: 0, register: 0 };
    const net = expand(further, base);
    rehearse(net);
    const memory = install(further, net, { arena, executor, homes, regions, seed: options.seed });
    regions = memory.regions;
    const entry = { plan: further, net, memory };
    loaded.push(entry);
    seams.installed?.(arena.memory, memory);
    return entry;
  }

  const first = place(plan);
  const events = new Subject<SessionEvent>();
  const metrics = new Subject<StepMetrics>();
  const origin = clockOrigin();
  const now = clock(origin);
  const traced = (thread: number, task: number, seq: number, start: number, end: number) => {
    if (events.observed) events.next({ type: "done", task, seq, thread, start, end });
  };
  const seqs = Math.max(leastSeqs, widest(first.memory));
  const crew = createCrew(arena, engine, {
    threads: threads.threads,
    seqs,
    origin,
    traced: options.trace ? traced : undefined,
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
    failed(thread, launch, reason) {
      for (const rank of threads.ranksOf(thread)) life.rank(rank).send({ type: "fail" });
      const culprit = launch === undefined ? undefined : launcher.culprit(thread, launch);
      const spec = loaded.flatMap(({ net }) => net.actors).find(({ id }) => id === culprit?.actor);
      const subject = spec
        ? `task ${spec.name}, firing ${culprit!.seq}`
        : `executor thread ${thread} of ranks ${threads.ranksOf(thread).join(",")}`;
      const hint = "close the session and start another from the last checkpoint";
      fail(new SessionError("SL4012", reason, { subject, hint }), spec?.id);
    },
  };

  /** Resolves when all launches until now are done. */
  async function settled(): Promise<void> {
    const release = doorbell.hold();
    const over = Array.from({ length: launcher.threads }, (_, thread) => {
      return new Promise<void>((resolve) => {
        onBroken.push(resolve);
        launcher.launch(thread, { installed: empty, seq: 0, arrived: [], waits: [], actor: -1, done: () => resolve() });
      });
    });
    loop.pump();
    await Promise.all(over);
    onBroken.splice(-over.length);
    release();
    if (broken) throw broken;
  }

  /** Runs the programs that fill a plan's new states. */
  async function fill({ memory }: Loaded): Promise<void> {
    for (const [i, { rank, installed }] of memory.fillers.entries()) {
      const thread = threads.of(rank, "compute");
      if (i > 0 && !launcher.hasRoom(thread)) await settled();
      launcher.launch(thread, { installed, seq: 0, arrived: [], waits: [], actor: -1, done: undefined });
    }
    await settled();
  }

  function begin(): void {
    if (broken) throw broken;
    if (life.status() === "running" || life.status() === "draining")
      throw new SessionError("SL4010", "another run is on", { hint: "let it end, or leave its loop, first" });
    if (life.status() !== "ready") throw new SessionError("SL4011", `the session is ${life.status()}`);
    life.session.send({ type: "run" });
  }
  function end(): void {
    life.session.send({ type: "drain" });
    life.session.send({ type: "ready" });
  }

  let lastStep = now();
  function stepped(step: number, outputs: Outputs): void {
    if (!metrics.observed) return;
    const t = now();
    const scalars = Object.entries(outputs).flatMap(([name, { shape, data }]) =>
      shape.length ? [] : [[name, data[0]!]],
    );
    metrics.next({ step, ms: t - lastStep, outputs: Object.fromEntries(scalars) });
    lastStep = t;
  }

  function open({ plan: of, net, memory }: Loaded): Runner {
    const host = createHost(of, arena, memory.locate);
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
      settled,
      end,
      pump: loop.pump,
      hold: doorbell.hold,
      broken: () => broken,
      onBroken: (call) => onBroken.unshift(call),
      stepped,
    };
    return createRunner(of, net, host, port);
  }

  async function load(further: PlanData): Promise<Runner> {
    const foreign = ranksOf(further).filter((rank) => !ranks.includes(rank));
    if (foreign.length)
      throw new PlanError("SL4022", `it runs on ranks ${foreign.join(",")}, which the session lacks`, {
        subject: `plan ${further.name}`,
        choices: ranks.map(String),
      });
    begin();
    try {
      const entry = place(further);
      if (widest(entry.memory) > seqs)
        throw new PlanError("SL4024", `a task reads ${widest(entry.memory)} registers, launch records hold ${seqs}`, {
          subject: `plan ${further.name}`,
          hint: "start the session with this plan, and load the other one",
        });
      await fill(entry);
      return open(entry);
    } finally {
      end();
    }
  }

  function idle(what: string): void {
    if (broken) throw broken;
    if (life.status() !== "ready")
      throw new SessionError("SL4010", `${what} while the session is ${life.status()}`, {
        hint: "wait for the run to end",
      });
  }
  function home(name: string) {
    const found = homes.get(name);
    if (found) return found;
    throw new SessionError("SL4013", `there is no state "${name}"`, { choices: homes.names });
  }

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    life.session.send({ type: "close" });
    for (const rank of life.ranks) rank.send({ type: "stop" });
    breakWith(new SessionError("SL4011", "the session was closed", { hint: "start another one" }));
    doorbell.stop();
    await crew.end();
    for (const rank of life.ranks) rank.send({ type: "stopped" });
    life.session.send({ type: "closed" });
    events.complete();
    metrics.complete();
  }

  const release = doorbell.hold();
  try {
    await crew.start(threadEvents);
    for (const rank of life.ranks) rank.send({ type: "ready" });
    await fill(first);
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
    get status() {
      return life.status();
    },
    run: runner.run,
    load,
    get states() {
      return homes.names;
    },
    read(name) {
      const { state, map, at } = home(name);
      idle("reading a state");
      const data = gather(map, (rank, elements) => arena.view(state.dtype, at(rank), elements));
      return { shape: [...state.shape], dtype: state.dtype, data };
    },
    write(name, value) {
      const { state, map, at } = home(name);
      idle("writing a state");
      checkArray(state, value, `state "${name}"`);
      scatter(map, value.data, (rank, elements) => arena.view(state.dtype, at(rank), elements));
    },
    traffic(hash = plan.hash) {
      const found = loaded.find((entry) => entry.plan.hash === hash);
      if (!found) throw new SessionError("SL4013", `there is no plan with hash ${hash}`);
      const { plan: of, memory } = found;
      return of.collectives.map((c) =>
        readTraffic(arena, c, of.placements[c.placement]!, memory.regions, (rank) => memory.blockOf(c.id, rank)),
      );
    },
    get stats() {
      return { launches: launcher.launches, messages: bus.delivered, ...loop.stats };
    },
    templateOf: (actor) => first.net.actors[actor]?.template ?? -1,
    metrics$: metrics.asObservable(),
    events$: events.asObservable(),
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

const ranksOf = (plan: PlanData): number[] =>
  [...new Set(plan.placements.flatMap((p) => p.ranks))].toSorted((a, b) => a - b);

/** The most firing numbers that a launch of a plan carries. */
const widest = ({ programs }: PlanMemory): number => 1 + Math.max(0, ...programs.map((p) => p?.arrivals.length ?? 0));
