/**
 * @file A session's events as a trace for Perfetto or chrome://tracing. A process is a rank, a thread one of its streams;
 * a slice is a firing, an arrow a register's slot on its way from the firing that filled it to one that reads it.
 * Everything comes from what went over the bus and what executors reported, nothing is measured again.
 *
 * Source of the format: "Trace Event Format", the JSON that Perfetto imports. Times there are microseconds.
 */
import { expand } from "../../actors/expand.ts";
import { type ActorSpec, HOST } from "../../actors/net.ts";
import type { PlanData, Stream } from "../../ir/plan.ts";
import type { SessionEvent } from "../../ir/session.ts";
import { shorten } from "../format.ts";
import { baseOf } from "../state-dot.ts";
import { type Firing, type Firings, firingsOf } from "./firings.ts";

const threads: Readonly<Record<Stream, number>> = { compute: 1, comm: 2, host: 3 };
/** The host's process; ranks follow. */
const hostProcess = 1;
/** What a firing on the host, which takes no time of its own, is drawn with; in ms. */
const instant = 1e-3;
/** The smallest time that the format tells apart, in µs: a slice has at least this, so that arrows find it. */
const tick = 1e-3;

/** Microseconds from the first firing on. */
type At = (ms: number) => number;

/**
 * Trace JSON of the events of a plan in a session launched with `trace: true`; those of other plans are left out. Throws
 * SessionError SL4013 for a plan that the session has not loaded.
 *
 * @example
 * const events: SessionEvent[] = [];
 * session.events$.subscribe((event) => events.push(event));
 * // … run some steps, then open the file in https://ui.perfetto.dev
 * await writeFile("trace.json", traceJson(plan.data, events));
 */
export function traceJson(plan: PlanData, events: readonly SessionEvent[]): string {
  const base = baseOf(plan, events);
  const net = expand(plan, { actor: 0, edge: 0, register: 0 });
  const firings = firingsOf(net, base, events);
  const drawn = firings.all.filter(({ actor }) => actor.kind !== "user");
  const origin = drawn.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  const at: At = (ms) => Math.round((ms - origin) * 1e6) / 1e3;
  const slice = slicer(plan, at);
  const records = [...metadata(net.actors), ...drawn.map(slice), ...arrows(plan, net.actors, firings, at)];
  const file = { displayTimeUnit: "ms", otherData: { plan: plan.name, hash: plan.hash }, traceEvents: records };
  return `${JSON.stringify(file)}\n`;
}

const place = ({ rank, stream }: ActorSpec) => ({
  pid: rank === HOST ? hostProcess : hostProcess + 1 + rank,
  tid: threads[stream],
});
const rankName = (rank: number): string => (rank === HOST ? "host" : `rank ${rank}`);

/** Names and order of processes and threads. */
function metadata(actors: readonly ActorSpec[]): object[] {
  const seen = new Set<string>();
  const first = (key: string) => !seen.has(key) && seen.add(key);
  return actors.flatMap((actor) => {
    const { pid, tid } = place(actor);
    return [
      ...(first(`${pid}`)
        ? [
            { ph: "M", pid, name: "process_name", args: { name: rankName(actor.rank) } },
            { ph: "M", pid, name: "process_sort_index", args: { sort_index: pid } },
          ]
        : []),
      ...(first(`${pid} ${tid}`)
        ? [
            { ph: "M", pid, tid, name: "thread_name", args: { name: actor.stream } },
            { ph: "M", pid, tid, name: "thread_sort_index", args: { sort_index: tid } },
          ]
        : []),
    ];
  });
}

/** From where to where a firing is drawn. */
function bounds({ actor, start, end }: Firing, at: At): readonly [ts: number, end: number] {
  const ts = at(start);
  return [ts, Math.max(ts + tick, at(actor.rank === HOST ? start + instant : end))];
}

const micros = (us: number): number => Math.round(us * 1e3) / 1e3;

function slicer(plan: PlanData, at: At): (firing: Firing) => object {
  const tasks = new Map(plan.tasks.map((task) => [task.id, task]));
  const collectives = new Map(plan.collectives.map((collective) => [collective.task, collective]));
  return (firing) => {
    const { actor, seq } = firing;
    const task = tasks.get(actor.template)!;
    const collective = collectives.get(task.id);
    const member = plan.placements[task.placement]!.ranks.indexOf(actor.rank);
    const args = { step: seq, ops: task.ops, ...(collective && { receivedBytes: collective.received[member] }) };
    const [ts, end] = bounds(firing, at);
    return { ph: "X", ...place(actor), ts, dur: micros(end - ts), name: task.name, cat: task.kind, args };
  };
}

const longest = 60;

/** Flow events, two for each reader of a slot that was filled: of the same step, or of a later one for what is kept. */
function arrows(plan: PlanData, actors: readonly ActorSpec[], firings: Firings, at: At): object[] {
  let id = 0;
  return actors.flatMap((from) =>
    from.kind === "user"
      ? []
      : from.outs.flatMap(({ id: register, slots, buffers, edges }) => {
          const name = shorten(buffers.map((buffer) => plan.buffers[buffer]!.name).join(", ") || "control", longest);
          return edges.flatMap(({ to, delay }) =>
            firings.of(from).flatMap((made) => {
              const taken = actors[to]!.kind === "user" ? undefined : firings.at(actors[to]!, made.seq + delay);
              if (!taken) return [];
              const same = { id: id++, name, cat: from.rank === actors[to]!.rank ? "register" : "message" };
              const args = {
                register,
                slot: made.seq % slots,
                from: rankName(from.rank),
                to: rankName(actors[to]!.rank),
              };
              return [
                { ph: "s", ...same, ...place(from), ts: micros(bounds(made, at)[1] - tick), args },
                { ph: "f", bp: "e", ...same, ...place(taken.actor), ts: bounds(taken, at)[0] },
              ];
            }),
          );
        }),
  );
}
