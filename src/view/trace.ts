/**
 * @file A session's events as a trace for Perfetto or chrome://tracing. A process is a rank, a thread one of its streams;
 * a slice is a firing, an arrow a message on its way from the producer's firing to the consumer's. Everything comes from
 * what went over the bus and what executors reported, nothing is measured again.
 *
 * Source of the format: "Trace Event Format", the JSON that Perfetto imports. Times there are microseconds.
 */
import { expand } from "../actors/expand.ts";
import { type ActorSpec, HOST } from "../actors/net.ts";
import type { PlanData, Stream } from "../ir/plan.ts";
import type { SessionEvent } from "../ir/session.ts";

interface Firing {
  readonly actor: ActorSpec;
  readonly seq: number;
  readonly start: number;
  readonly end: number;
}

const threads: Readonly<Record<Stream, number>> = { compute: 1, comm: 2, host: 3 };
/** The host's process; ranks follow. */
const hostProcess = 1;
/** What a firing on the host, which takes no time of its own, is drawn with, in µs. */
const instant = 1;

/**
 * Trace JSON of the events of a session's first plan, launched with `trace: true`; others are left out.
 *
 * @example
 * const events: SessionEvent[] = [];
 * session.events$.subscribe((event) => events.push(event));
 * // … run some steps, then open the file in https://ui.perfetto.dev
 * await writeFile("trace.json", traceJson(plan.data, events));
 */
export function traceJson(plan: PlanData, events: readonly SessionEvent[]): string {
  const { actors } = expand(plan, { actor: 0, edge: 0, register: 0 });
  const firings = firingsOf(actors, events);
  const origin = Math.min(...[...firings.values()].map(({ start }) => start));
  const at = (ms: number) => Math.round((ms - origin) * 1e6) / 1e3;
  const records = [
    ...metadata(actors),
    ...[...firings.values()].map((firing) => slice(plan, firing, at)),
    ...arrows(actors, firings, events, at),
  ];
  const file = { displayTimeUnit: "ms", otherData: { plan: plan.name, hash: plan.hash }, traceEvents: records };
  return `${JSON.stringify(file)}\n`;
}

const keyOf = (task: number, seq: number): string => `${task} ${seq}`;
const place = ({ rank, stream }: ActorSpec) => ({
  pid: rank === HOST ? hostProcess : hostProcess + 1 + rank,
  tid: threads[stream],
});

/** When each firing ran: as its executor reported, or as it was fired where there is none. */
function firingsOf(actors: readonly ActorSpec[], events: readonly SessionEvent[]): Map<string, Firing> {
  const firings = new Map<string, Firing>();
  for (const event of events) {
    if (event.type !== "task") continue;
    const actor = actors[event.task];
    if (!actor || actor.kind === "user") continue;
    if (event.phase === "done") firings.set(keyOf(actor.id, event.seq), { actor, ...event });
    else if (actor.rank === HOST)
      firings.set(keyOf(actor.id, event.seq), { actor, seq: event.seq, start: event.t, end: event.t + instant / 1e3 });
  }
  return firings;
}

/** Names and order of processes and threads. */
function metadata(actors: readonly ActorSpec[]): object[] {
  const seen = new Set<string>();
  const first = (key: string) => !seen.has(key) && seen.add(key);
  return actors.flatMap((actor) => {
    const { pid, tid } = place(actor);
    const name = actor.rank === HOST ? "host" : `rank ${actor.rank}`;
    return [
      ...(first(`${pid}`)
        ? [
            { ph: "M", pid, name: "process_name", args: { name } },
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

function slice(plan: PlanData, { actor, seq, start, end }: Firing, at: (ms: number) => number): object {
  const task = plan.tasks.find(({ id }) => id === actor.template)!;
  const collective = plan.collectives.find((c) => c.task === task.id);
  const member = plan.placements[task.placement]!.ranks.indexOf(actor.rank);
  const args = { step: seq, ops: task.ops, ...(collective && { receivedBytes: collective.received[member] }) };
  const dur = Math.round((end - start) * 1e6) / 1e3;
  return { ph: "X", ...place(actor), ts: at(start), dur, name: task.name, cat: task.kind, args };
}

/** From the end of the firing that made something to the start of the one that took it, within a step. */
function arrows(
  actors: readonly ActorSpec[],
  firings: ReadonlyMap<string, Firing>,
  events: readonly SessionEvent[],
  at: (ms: number) => number,
): object[] {
  let id = 0;
  return events.flatMap((event) => {
    if (event.type !== "message" || event.message.type !== "req") return [];
    const { from, to, seq, edge } = event.message;
    const made = firings.get(keyOf(from, seq));
    const taken = firings.get(keyOf(to, seq));
    const forNextStep = actors[to]?.ins.some((e) => e.id === edge && e.delay > 0);
    if (!made || !taken || forNextStep) return [];
    const named = { id: id++, name: "register", cat: "message" };
    return [
      { ph: "s", ...named, ...place(made.actor), ts: at(made.end) - 0.001 },
      { ph: "f", bp: "e", ...named, ...place(taken.actor), ts: at(taken.start) + 0.001 },
    ];
  });
}
