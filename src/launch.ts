/** @file `launch`: the typed door to the runtime. A session runs plans over one set of parameters. */
import { nanoid } from "nanoid";
import { type Observable, take } from "rxjs";
import { expand } from "./actors/expand.ts";
import { mostAhead } from "./actors/net.ts";
import { startSession } from "./actors/session.ts";
import type {
  Batches,
  CollectiveTraffic,
  Hang,
  Mapping,
  Runner as RawRunner,
  RawSession,
  RawStep,
  RunOptions,
  SessionOptions,
  SessionStats,
  SessionStatus,
} from "./actors/session-types.ts";
import { type CountedCollective, counted } from "./communication.ts";
import { boxingTimes } from "./compiler/durations.ts";
import type { Inputs, Outputs } from "./graph/graph.ts";
import { userLine } from "./graph/source.ts";
import type { FeedFits, Step } from "./graph/types/feed.ts";
import type { NdArray } from "./ir/array.ts";
import type { DType } from "./ir/dtype.ts";
import { fromElement } from "./ir/element.ts";
import { checkOptions, checkWhole, nearest, OptionError, SessionError, showGiven } from "./ir/errors.ts";
import type { Flight } from "./ir/flight.ts";
import type { PlanData } from "./ir/plan.ts";
import type { SessionEvent, StepMetrics } from "./ir/session.ts";
import { type EngineName, engineNames } from "./kernels/engine.ts";
import { type LinkModels, modelOf } from "./links.ts";
import { Plan } from "./plan.ts";
import { firingsOf } from "./view/trace/firings.ts";
import { traceJson } from "./view/trace/perfetto.ts";
import { type StepSummary, summarize } from "./view/trace/summary.ts";

/** A plan that is loaded and ready. */
export interface Runner<I extends Inputs, O extends Outputs, Dims> {
  /**
   * One step a batch, in order. Leaving the loop early lets the steps that have begun finish; batches are read ahead, at
   * most `prefetch`, so how many these are depends on timing. To stop after the same step each time, end the batches there,
   * or read none ahead. A loop that takes its time holds the steps back, and these the batches: nothing piles up.
   *
   * Batches may also be an observable (RxJS's; `from` makes one of another library's). It cannot be held back: `prefetch`
   * says how many may wait.
   *
   * Ctrl-C ends it as the last batch would: what follows the loop can save the parameters. The exit code is 130 then, another
   * run leaves the process, and a second Ctrl-C ends it at once. A program that listens to SIGINT decides by itself.
   *
   * Throws the signal's reason once that has aborted, OptionError SL1074 and SL1075 for options, FeedError for a batch that
   * does not fit, after the steps before it were yielded; SessionError when another run
   * is on, or the session is closed or has failed.
   */
  run<F extends object>(
    batches: (Iterable<F> | AsyncIterable<F> | Observable<F>) & FeedFits<F, I, Dims>,
    options?: RunOptions,
  ): AsyncIterable<Step<O, Dims>>;
  /**
   * The collectives of the plan as `plan.communication` has them, with how often each has run since the launch, and the
   * bytes that this moved, counted where they were moved: `count` times those that were predicted. While a run is on, those
   * under way may be counted in part. Throws SessionError SL4011 once the session is closed.
   */
  readonly communication: readonly CountedCollective[];
}

/**
 * What a session keeps from step to step, by name. Within a run the steps that have begun finish first, and none begins
 * meanwhile: with `{ prefetch: 0 }` these are the steps that the loop has got, so reading gives what the last of them
 * left, and the next one begins with what was written.
 */
export interface States<in out D extends DType> {
  readonly names: readonly string[];
  /** The global value. Throws SessionError SL1070 for a name that is not there. */
  read(name: string): Promise<NdArray<number[], D>>;
  /** Replaces it on all ranks. Throws SessionError SL1070, FeedError for another shape or dtype. */
  write(name: string, value: NdArray<number[], D>): Promise<void>;
}

export type { Hang };

export interface Session<I extends Inputs, O extends Outputs, Dims> extends Runner<I, O, Dims>, AsyncDisposable {
  /** A name of its own, for logs and files: another one each time. */
  readonly id: string;
  /**
   * Loads a further plan over the same parameters: an evaluation, say. Only between runs. Throws OptionError SL1072 for
   * what is no plan, PlanError SL4020 to SL4025 for one that does not fit.
   */
  load<I2 extends Inputs, O2 extends Outputs, Dims2>(plan: Plan<I2, O2, Dims2>): Promise<Runner<I2, O2, Dims2>>;
  readonly parameters: States<"float32">;
  /** All states of all plans: parameters, optimizers' moments, running statistics, counters, those of `g.state`. */
  readonly states: States<DType>;
  /** Ranks that it hosts, in order. */
  readonly ranks: readonly number[];
  /** Executor threads that work for them. */
  readonly threads: number;
  /** How streams became threads: as the option of that name says, or as it was chosen. */
  readonly mapping: Mapping;
  /** What runs the kernels: the option of that name says more. */
  readonly engine: EngineName;
  readonly status: SessionStatus;
  /** Counters of the event loop since the launch. */
  readonly stats: SessionStats;
  /**
   * The flight recorder: what every actor and thread is at, what it waits for, and its last 32 events, as JSON can hold it.
   * Of a session that has failed, what was so then; `error.flight` is the same.
   */
  flight(): Flight;
  readonly metrics$: Observable<StepMetrics>;
  readonly events$: Observable<SessionEvent>;
  /**
   * Id of the plan's task that an event is about: `events$` names actors, of which a task has one a rank. Undefined for
   * the user's end and for actors of plans loaded later.
   */
  templateOf(actor: number): number | undefined;
  /**
   * Bytes that each collective of a plan (the launched one unless said otherwise) has moved between ranks since the
   * launch, counted where they were moved.
   */
  traffic(plan?: { readonly hash: string }): readonly CollectiveTraffic[];
  /**
   * The first steps of the launched plan as JSON for https://ui.perfetto.dev: a process a rank, a thread a stream, an
   * arrow from what filled a slot to what read it. Throws SessionError SL1071 unless it was launched with `{ trace: true }`.
   */
  trace(): string;
  /**
   * The same steps in numbers: what each rank did with each step, in parts that add up to it exactly. `summaryTable` is the
   * text for it. Throws SessionError SL1071 unless it was launched with `{ trace: true }`.
   *
   * @example
   * for (const { step, rank, ms, bubble } of session.summary()) console.log(step, rank, bubble / ms);
   */
  summary(): StepSummary[];
  /** Ends threads and frees memory, whatever the session is doing. Idempotent. */
  close(): Promise<void>;
}

export interface LaunchOptions extends SessionOptions {
  /**
   * Runs as if ranks talked over these links: a boxing task takes as long as the model says, asleep meanwhile, to about a
   * tenth of a millisecond. Shows on one machine what overlaps on several.
   */
  readonly links?: LinkModels;
}

const optionNames = [
  "threads",
  "mapping",
  "trace",
  "seed",
  "engine",
  "timeout",
  "onHang",
  "inspect",
  "links",
] satisfies (keyof LaunchOptions)[];
const hangs: readonly string[] = ["quarantine", "kill"] satisfies Hang[];
const mappings: readonly string[] = ["rank", "stream"] satisfies Mapping[];

/**
 * Starts a session: threads, memory and actors for a plan, parameters initialised. Throws OptionError SL1072 for what is
 * no plan, SL1074 and SL1075 for options, SessionError SL4036 for an engine that was asked for and is not there, and what
 * loading a plan throws.
 *
 * @example
 * await using session = await launch(plan);
 * for await (const { step, loss } of session.run(batches)) console.log(step, loss);
 */
export async function launch<I extends Inputs, O extends Outputs, Dims>(
  plan: Plan<I, O, Dims>,
  options: LaunchOptions = {},
): Promise<Session<I, O, Dims>> {
  checkPlan("launch", plan);
  checkOptions("SL1074", "launch", options, optionNames, userLine);
  checkWhole("SL1075", "launch, option seed", options.seed, 0, userLine);
  if (options.mapping !== undefined && !mappings.includes(options.mapping))
    throw new OptionError("SL1075", `it is ${JSON.stringify(options.mapping)}`, {
      subject: "launch, option mapping",
      at: userLine(),
      choices: mappings,
    });
  if (options.engine !== undefined && !engineNames.includes(options.engine))
    throw new OptionError("SL1075", `it is ${JSON.stringify(options.engine)}`, {
      subject: "launch, option engine",
      at: userLine(),
      choices: engineNames,
    });
  const { timeout, onHang } = options;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout > 0))
    throw new OptionError("SL1075", `it is ${showGiven(timeout)}`, {
      subject: "launch, option timeout",
      at: userLine(),
      choices: ["milliseconds > 0", "Infinity"],
    });
  if (onHang !== undefined && !hangs.includes(onHang))
    throw new OptionError("SL1075", `it is ${showGiven(onHang)}`, {
      subject: "launch, option onHang",
      at: userLine(),
      choices: hangs,
    });
  const { trace, inspect } = options;
  if (trace !== undefined && typeof trace !== "boolean")
    throw new OptionError("SL1075", `it is ${showGiven(trace)}`, {
      subject: "launch, option trace",
      at: userLine(),
      choices: ["true", "false"],
    });
  if (inspect !== undefined && typeof inspect !== "function")
    throw new OptionError("SL1075", `it is ${showGiven(inspect)}`, {
      subject: "launch, option inspect",
      at: userLine(),
      choices: ["a function of one event"],
    });
  const { links, ...rest } = options;
  const model = links && modelOf(links, "launch", plan.data.placements);
  const waits = model && ((of: PlanData) => boxingTimes(of, model).map((ticks) => ticks / 1e12));
  const raw = await startSession(plan.data, rest, { waits });
  const net = expand(plan.data, { actor: 0, edge: 0, register: 0 });
  const recorded = recorder(raw, options);
  const parameters = plan.data.states.filter(({ kind }) => kind === "param").map(({ name }) => name);
  return {
    id: nanoid(10),
    run: typedRun<I, O, Dims>(raw),
    get communication() {
      return counted(raw, plan.data);
    },
    load: async (further) => {
      checkPlan("load", further);
      return runner(await raw.load(further.data), raw, further.data);
    },
    parameters: statesOf(raw, "parameter", () => parameters) as States<"float32">,
    states: statesOf(raw, "state", () => raw.states),
    ranks: raw.ranks,
    threads: raw.threads,
    mapping: raw.mapping,
    engine: raw.engine,
    get status() {
      return raw.status;
    },
    get stats() {
      return raw.stats;
    },
    flight: () => raw.flight(),
    metrics$: raw.metrics$,
    events$: raw.events$,
    templateOf: (actor) => plan.data.tasks[net.actors[actor]?.template ?? -1]?.id,
    traffic: (of) => raw.traffic(of?.hash),
    trace: () => traceJson(plan.data, recorded()),
    summary: () => summarize(net, firingsOf(net, 0, recorded())),
    close: () => raw.close(),
    [Symbol.asyncDispose]: () => raw.close(),
  };
}

function checkPlan(subject: string, plan: unknown): void {
  if (plan instanceof Plan) return;
  throw new OptionError("SL1072", "it takes a Plan", {
    subject,
    choices: ["what compile(…) returns", "Plan.fromJSON(text)"],
  });
}

const runOptionNames = ["prefetch", "signal"] satisfies (keyof RunOptions)[];

const runner = <I extends Inputs, O extends Outputs, Dims>(
  of: RawRunner,
  raw: RawSession,
  plan: PlanData,
): Runner<I, O, Dims> => ({
  run: typedRun<I, O, Dims>(of),
  get communication() {
    return counted(raw, plan);
  },
});

const typedRun =
  <I extends Inputs, O extends Outputs, Dims>(raw: RawRunner): Runner<I, O, Dims>["run"] =>
  (batches, options = {}) => {
    checkOptions("SL1074", "run", options, runOptionNames, userLine);
    const { prefetch, signal } = options;
    checkWhole("SL1075", "run, option prefetch", prefetch, 0, userLine);
    const refuse = (option: string, given: unknown, choice: string) =>
      new OptionError("SL1075", `it is ${showGiven(given)}`, {
        subject: `run, option ${option}`,
        at: userLine(),
        choices: [choice],
      });
    if (prefetch !== undefined && prefetch > mostAhead) throw refuse("prefetch", prefetch, `0 to ${mostAhead}`);
    if (signal !== undefined && !(signal instanceof AbortSignal)) throw refuse("signal", signal, "an AbortSignal");
    return steps(raw.run(batches as Batches, options));
  };

async function* steps<O, Dims>(raw: AsyncIterable<RawStep>): AsyncIterable<Step<O, Dims>> {
  for await (const { step, outputs } of raw) {
    const values = Object.entries(outputs).map(([name, value]) => [name, value.shape.length ? value : scalar(value)]);
    yield { step, ...Object.fromEntries(values) };
  }
}

/** A number; of int64 a bigint, which holds them all. */
const scalar = ({ dtype, data }: NdArray): number | bigint =>
  dtype === "int64" ? data[0]! : fromElement(dtype, data[0]!);

/** Events kept for the trace: some hundred steps of a small plan, tens of MB at most. */
const mostEvents = 200_000;

/** Keeps the first events of a session. */
function recorder(raw: RawSession, { trace = false }: SessionOptions): () => readonly SessionEvent[] {
  if (!trace)
    return () => {
      throw new SessionError("SL1071", "nothing was recorded", {
        subject: "session",
        hint: "launch the plan with { trace: true }",
      });
    };
  const events: SessionEvent[] = [];
  raw.events$.pipe(take(mostEvents)).subscribe({
    next: (event) => events.push(event),
    error: () => {}, // the run that failed has thrown it; what came before is still a trace
  });
  return () => events;
}

/** States by name; `names` are asked for anew, as further plans bring more. */
function statesOf(raw: RawSession, what: "parameter" | "state", names: () => readonly string[]): States<DType> {
  const known = (name: string): string => {
    if (names().includes(name)) return name;
    const [meant] = nearest(String(name), names());
    throw new SessionError("SL1070", `there is no ${what} ${showGiven(name)}`, {
      subject: "session",
      choices: names(),
      hint: meant === undefined ? "take one of these" : `did you mean "${meant}"?`,
    });
  };
  const paused = async <T>(act: () => T): Promise<T> => {
    const resume = await raw.pause();
    try {
      return act();
    } finally {
      resume();
    }
  };
  return {
    get names() {
      return names();
    },
    read: async (name) => (await paused(() => raw.read(known(name)))) as NdArray<number[]>,
    write: (name, value) => paused(() => raw.write(known(name), value)),
  };
}
