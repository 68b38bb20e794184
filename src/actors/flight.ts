/**
 * @file The flight recorder: keeps a tape of every actor, and joins tapes, counters and the threads' queues to one picture
 * when a session has failed, or when somebody asks.
 */
import type { FiringName, Flight } from "../ir/flight.ts";
import type { LoadedPlan } from "../ir/session.ts";
import type { Launcher } from "./launcher.ts";
import type { TaskState } from "./logic.ts";
import { type ActorSpec, HOST, type Net } from "./net.ts";
import { createTape, type Tape } from "./tape.ts";
import type { ThreadMap } from "./threads.ts";
import { waitsOf } from "./waits.ts";

export interface FlightParts {
  readonly launcher: Launcher;
  readonly threads: ThreadMap;
  /** Whose turn it is, by plan. */
  turns(): readonly (ActorSpec | undefined)[];
  readonly plans: { readonly numbered: readonly LoadedPlan[] };
  status(): string;
  now(): number;
}

export interface Recorder {
  /** A net whose actors will be recorded. */
  admit(net: Net): void;
  /** The tape of an actor that begins with these counters. */
  tape(actor: number, state: TaskState): Tape;
  spec(actor: number): ActorSpec | undefined;
  flight(parts: FlightParts): Flight;
}

/** Launches of no actor fill states before the first step, or mark an end. */
const nameless = { task: "states, or the end of a run", rank: "host", stream: "host" } as const;
const rankOf = ({ rank }: ActorSpec) => (rank === HOST ? "host" : rank);

export function createRecorder(): Recorder {
  const nets: Net[] = [];
  const specs: ActorSpec[] = [];
  const tapes: (Tape | undefined)[] = [];
  const netOf = (actor: number) => nets.findLastIndex(({ base }) => base.actor <= actor);
  const firing = ({ actor, seq }: { readonly actor: number; readonly seq: number }): FiringName => {
    const spec = specs[actor];
    return spec ? { task: spec.name, rank: rankOf(spec), stream: spec.stream, seq } : { ...nameless, seq };
  };

  return {
    admit(net) {
      nets.push(net);
      for (const spec of net.actors) specs[spec.id] = spec;
    },
    tape: (actor, state) => (tapes[actor] = createTape(state)),
    spec: (actor) => specs[actor],
    flight({ launcher, threads, plans, turns, status, now }) {
      const queues = Array.from({ length: launcher.threads }, (_, thread) => launcher.queue(thread));
      const turn = (actor: number) => turns()[netOf(actor)];
      const around = { spec: (actor: number) => specs[actor]!, state: (actor: number) => tapes[actor]?.state, turn };
      return {
        t: now(),
        status: status(),
        threads: queues.map(({ launches, waits }, thread) => ({
          thread,
          ranks: threads.ranksOf(thread),
          queued: launches.length,
          ...(launches.length > 0 && { at: firing(launches[0]!) }),
          waits: waits.map(firing),
        })),
        plans: plans.numbered,
        actors: specs.flatMap((spec) => {
          const tape = tapes[spec.id];
          if (!tape) return [];
          const { state } = tape;
          const mine = queues.flatMap(({ launches }) => launches.filter(({ actor }) => actor === spec.id));
          return {
            actor: spec.id,
            task: spec.name,
            rank: rankOf(spec),
            stream: spec.stream,
            fired: state.fired,
            launched: mine.map(({ seq }) => seq),
            waits: waitsOf(spec, state, around),
            events: tape.read().map(({ from, ...event }) => {
              const sender = from >= 0 && event.type !== "abort" ? specs[from] : undefined;
              return sender ? { ...event, from: sender.name } : event;
            }),
          };
        }),
      };
    },
  };
}

/** The few lines of a flight that tell the most: threads that wait for others, then actors. */
export function waiting({ threads, actors }: Flight): string[] {
  const most = 4;
  const name = ({ task, seq }: FiringName) => `${task}, firing ${seq}`;
  const lines = [
    ...threads.flatMap(({ thread, at, waits }) =>
      at && waits.length ? [`thread ${thread}, at ${name(at)}, waits for ${waits.map(name).join(" and ")}`] : [],
    ),
    ...actors.flatMap(({ task, fired, launched, waits }) =>
      waits.length && !launched.length ? [`${task}, firing ${fired}, waits for ${[...new Set(waits)].join(", ")}`] : [],
    ),
  ];
  return lines.length > most ? [...lines.slice(0, most), `and ${lines.length - most} more: error.flight`] : lines;
}
