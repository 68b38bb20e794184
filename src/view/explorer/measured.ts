/**
 * @file The timeline of a session that ran with `{ trace: true }`, from what its events tell or from the text that
 * `session.trace()` gives. Of a long run the last steps are taken, so that the page stays quick.
 */
import { expand } from "../../actors/expand.ts";
import { type ActorSpec, HOST, type Net } from "../../actors/net.ts";
import type { Slice, Timeline } from "../../actors/virtual/timeline.ts";
import { userLine } from "../../graph/source.ts";
import { OptionError, showGiven } from "../../ir/errors.ts";
import type { PlanData } from "../../ir/plan.ts";
import type { SessionEvent } from "../../ir/session.ts";
import { ranges } from "../format.ts";
import { areEvents } from "../given.ts";
import { baseOf } from "../state-dot.ts";
import { firingsOf } from "../trace/firings.ts";
import type { Run } from "./timeline.ts";

/** Events of a session, or what `session.trace()` gave. */
export type Traced = readonly SessionEvent[] | string;

/** Firings that a page shows. */
const mostSpans = 60_000;
/** Ticks of a timeline in a millisecond and in a microsecond. */
const milli = 1e9;
const micro = 1e6;

/** When an actor ran, by step; in ticks. */
type Times = ReadonlyMap<number, readonly [start: number, end: number]>;

/**
 * Throws OptionError SL1075 for what is no trace of this plan, or one without a whole step; SessionError SL4013 for events
 * of a session that has not loaded it.
 */
export function measuredRun(plan: PlanData, traced: Traced): { readonly timeline: Timeline; readonly run: Run } {
  if (typeof traced !== "string" && !areEvents(traced))
    throw refused(`it is ${showGiven(traced)}`, "give what session.trace() returned");
  const net = expand(plan, { actor: 0, edge: 0, register: 0 });
  const times = typeof traced === "string" ? ofText(plan, net, traced) : ofEvents(plan, net, traced);
  const working = net.actors.filter(({ rank }) => rank !== HOST);
  const all = [...(times.get(working[0]!.id)?.keys() ?? [])].sort((a, b) => a - b);
  const whole = all.filter((step) => working.every(({ id }) => times.get(id)?.has(step)));
  if (whole.length === 0)
    throw refused("it has no step of this plan in which every task ran", "launch the plan with { trace: true }");
  const last = whole.at(-1)!;
  let first = last;
  const least = last + 1 - Math.max(1, Math.floor(mostSpans / working.length));
  while (first > least && whole.includes(first - 1)) first--;
  const steps = last - first + 1;
  const which = `step${steps > 1 ? "s" : ""} ${ranges(whole.filter((step) => step >= first))}`;
  return {
    timeline: timelineOf(net, times, working, first, steps),
    run: { measured: true, first, text: `measured: ${which}${steps < whole.length ? ` of ${whole.length}` : ""}` },
  };
}

const refused = (why: string, hint: string): OptionError =>
  new OptionError("SL1075", why, {
    subject: "render, option trace",
    at: userLine(),
    choices: ["session.trace()", "an array of what session.events$ has told"],
    hint,
  });

/** Events give milliseconds. */
function ofEvents(plan: PlanData, net: Net, events: readonly SessionEvent[]): ReadonlyMap<number, Times> {
  const base = baseOf(plan, events);
  const firings = firingsOf(net, base, events);
  return new Map(
    net.actors.map((actor) => [
      actor.id,
      new Map(firings.of(actor).map(({ seq, start, end }) => [seq, [start * milli, end * milli] as const])),
    ]),
  );
}

/** The text gives microseconds; a process is the host, then rank 0 and so on. */
function ofText(plan: PlanData, net: Net, text: string): ReadonlyMap<number, Times> {
  const { otherData, traceEvents } = parsed(text);
  if (otherData?.hash !== plan.hash)
    throw refused("it is no trace of this plan", "draw the plan that was launched first");
  const idOf = new Map(net.actors.map(({ id, name }) => [name, id]));
  const times = new Map(net.actors.map(({ id }) => [id, new Map<number, readonly [number, number]>()]));
  for (const { ph, pid, ts, dur, name, args } of traceEvents ?? []) {
    if (ph !== "X") continue;
    const id = idOf.get(pid === 1 ? name : `${name} @${pid - 2}`);
    const end = pid === 1 ? ts : ts + dur;
    if (id !== undefined) times.get(id)!.set(args.step, [ts * micro, end * micro]);
  }
  return times;
}

interface TraceFile {
  readonly otherData?: { readonly hash?: string };
  readonly traceEvents?: readonly {
    readonly ph: string;
    readonly pid: number;
    readonly ts: number;
    readonly dur: number;
    readonly name: string;
    readonly args: { readonly step: number };
  }[];
}

function parsed(text: string): TraceFile {
  try {
    return JSON.parse(text) as TraceFile;
  } catch {
    throw refused(`it is ${showGiven(text)}`, "give what session.trace() returned");
  }
}

function timelineOf(
  net: Net,
  measured: ReadonlyMap<number, Times>,
  working: readonly ActorSpec[],
  first: number,
  steps: number,
): Timeline {
  let [origin, end] = [Number.POSITIVE_INFINITY, 0];
  for (const { id } of working) {
    const times = measured.get(id)!;
    for (let step = first; step < first + steps; step++) {
      origin = Math.min(origin, times.get(step)![0]);
      end = Math.max(end, times.get(step)![1]);
    }
  }
  const times = new Map(
    net.actors.map((actor) => {
      const own = new Float64Array(2 * steps);
      for (let i = 0; i < steps; i++) {
        const [start, over] = measured.get(actor.id)?.get(first + i) ?? [origin, origin];
        own[2 * i] = start - origin;
        own[2 * i + 1] = over - origin;
      }
      return [actor, own] as const;
    }),
  );
  const ranks = [...new Set(working.map(({ rank }) => rank))].sort((a, b) => a - b);
  const slicesOf = (rank: number): Slice[] =>
    working
      .filter((actor) => actor.rank === rank)
      .flatMap((actor) =>
        Array.from({ length: steps }, (_, step): Slice => {
          const [start, over] = [times.get(actor)![2 * step]!, times.get(actor)![2 * step + 1]!];
          return { task: actor.template, rank, stream: actor.stream, step, start, end: over };
        }),
      )
      .sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.start - b.start || a.end - b.end));
  // The sink's firing is when the host has the result.
  const taken = Array.from({ length: steps }, (_, step) => times.get(net.sink)![2 * step]!);
  return {
    steps,
    taken,
    makespan: end - origin,
    ranks,
    first: new Map(ranks.map((rank) => [rank, rank])),
    net,
    times: (actor) => times.get(actor)!,
    slices: slicesOf,
  };
}
