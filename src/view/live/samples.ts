/**
 * @file The shares of time that a live view shows, from samples: flight records, taken some times a second, each standing
 * for the time since the one before. What was so long ago counts less and less, so the shares are those of the last
 * seconds. Work is better known than by samples where executors write down when it began and ended. Pure: the same
 * records give the same state.
 */
import { letGo, waitKind } from "../../actors/waits.ts";
import type { ActorFlight, Flight } from "../../ir/flight.ts";
import type { WaitsOf } from "./ahead.ts";
import type { Activity, LiveFrame, LiveSlots, LiveTask } from "./types.ts";

/** Milliseconds after which a sample counts for 1/e, and those that it can stand for. */
const [memory, longest] = [4000, 1000];
const activities = ["works", "queued", "data", "slot", "turn"] as const satisfies readonly Activity[];

interface TaskSamples {
  readonly fired: number;
  /** Milliseconds, weighted. */
  readonly of: Readonly<Record<Activity, number>>;
  readonly awaited: number;
  readonly slots: LiveSlots | undefined;
  readonly now: ReadonlyMap<string, number>;
}

interface RankSamples {
  readonly compute: number;
  readonly communication: number;
  readonly thread: number | undefined;
}

export interface Samples {
  readonly t: number;
  readonly status: string;
  /** Milliseconds in all, weighted. */
  readonly weight: number;
  readonly tasks: ReadonlyMap<number, TaskSamples>;
  readonly ranks: ReadonlyMap<number, RankSamples>;
}

export const noSamples: Samples = { t: 0, status: "starting", weight: 0, tasks: new Map(), ranks: new Map() };

const placeOf = ({ task, rank }: { readonly task: string; readonly rank: number | "host" }) => `${rank} ${task}`;
/** Who is waited for. */
const named = (text: string) => (text.endsWith(letGo) ? text.slice(0, -letGo.length) : text);
/** Actors of a task are told apart by their ranks; here they are one. */
const unranked = (text: string) => named(text).replace(/ @\d+$/, "") + (text.endsWith(letGo) ? letGo : "");
const zero: TaskSamples["of"] = { works: 0, queued: 0, data: 0, slot: 0, turn: 0 };

/** The one with the fewest free slots. */
export const fullest = (all: readonly LiveSlots[]): LiveSlots | undefined =>
  all.reduce<LiveSlots | undefined>((a, b) => (a && a.of - a.held <= b.of - b.held ? a : b), undefined);

const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;

function grouped<T, K>(all: readonly T[], key: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group) group.push(one);
    else groups.set(key(one), [one]);
  }
  return groups;
}

/** The first kind of what is waited for, and what is of that kind. */
function foremost(waits: readonly string[]): readonly [Activity, readonly string[]] {
  const kinds = waits.map(waitKind);
  const first = (["data", "slot", "turn"] as const).find((kind) => kinds.includes(kind)) ?? "turn";
  return [first, waits.filter((_, i) => kinds[i] === first)];
}

/**
 * What an actor is at, and the words for it. `working`: who is in the hands of a thread, with what the thread waits for;
 * `ahead`: what an actor waits for that was launched before all was there.
 */
function seen(
  actor: ActorFlight,
  working: ReadonlyMap<string, readonly string[]>,
  ahead: (actor: ActorFlight) => readonly string[],
): readonly [Activity, readonly string[]] {
  if (!actor.launched.length) return foremost(actor.waits);
  const needs = working.get(placeOf(actor));
  if (needs && !needs.length) return ["works", ["works"]];
  const waits = ahead(actor);
  if (waits.length) return foremost(waits);
  return needs ? ["data", needs] : ["queued", ["in the queue of its thread"]];
}

/**
 * A further sample. `taskOf` says which task of the plan an actor runs; actors of none are left out.
 *
 * @param flight what `session.flight()` gave: `t` in milliseconds
 * @param work milliseconds that each actor has worked since the sample before, of a session that tells
 * @param slotsOf how many slots of an actor's fullest register are held
 * @param waitsOf what actors wait for that were launched before all was there
 */
export function sampled(
  state: Samples,
  flight: Flight,
  taskOf: (actor: number) => number | undefined,
  work?: ReadonlyMap<number, number>,
  slotsOf: (flight: Flight) => (actor: number) => LiveSlots | undefined = () => () => undefined,
  waitsOf: WaitsOf = () => () => [],
): Samples {
  const [keep, dt] = state.weight
    ? [Math.exp((state.t - flight.t) / memory), Math.min(longest, flight.t - state.t)]
    : [0, 1];
  const working = new Map(
    flight.threads.flatMap(({ at, waits }) => (at ? [[placeOf(at), waits.map(({ task }) => task)] as const] : [])),
  );
  const ahead = waitsOf(flight);
  const known = flight.actors.flatMap((actor) => {
    const id = taskOf(actor.actor);
    return id === undefined ? [] : [{ actor, id, seen: seen(actor, working, ahead) }];
  });
  const slots = slotsOf(flight);
  const names = new Set(known.map(({ actor }) => actor.task));
  const others = ({ actor, seen: [, words] }: (typeof known)[number]) =>
    words.map(named).filter((name) => name !== actor.task && names.has(name));
  const awaited = new Set(known.flatMap(others));
  /** Who waits for another task itself passes on what that one holds up. */
  const holdsUp = (one: (typeof known)[number]) => awaited.has(one.actor.task) && !others(one).length;
  const tasks = new Map<number, TaskSamples>();
  for (const [id, group] of grouped(known, (one) => one.id)) {
    const before = state.tasks.get(id);
    const parts = group.map(({ actor, seen: [is] }) => ({
      is,
      ms: work ? (work.get(actor.actor) ?? 0) : Number(is === "works") * dt,
    }));
    const spent = (activity: Activity) =>
      activity === "works"
        ? mean(parts.map(({ ms }) => ms))
        : mean(parts.map(({ is }) => Number(is === activity) * dt));
    const words = group.flatMap(({ seen: [, all] }) => [...new Set(all.map(unranked))]);
    tasks.set(id, {
      fired: Math.max(...group.map(({ actor }) => actor.fired)),
      of: Object.fromEntries(
        activities.map((a) => [a, keep * (before?.of ?? zero)[a] + spent(a)]),
      ) as TaskSamples["of"],
      awaited: keep * (before?.awaited ?? 0) + Number(group.some(holdsUp)) * dt,
      slots: fullest(group.flatMap(({ actor }) => slots(actor.actor) ?? [])),
      now: new Map([...grouped(words, (text) => text)].map(([text, all]) => [text, all.length] as const)),
    });
  }
  const ranks = new Map<number, RankSamples>();
  const homes = new Map(
    // Where communication has threads of its own, they come last.
    flight.threads.toReversed().flatMap(({ thread, ranks: on }) => on.map((rank) => [rank, { thread, on }] as const)),
  );
  for (const [rank, group] of grouped(known, ({ actor }) => actor.rank)) {
    if (rank === "host") continue;
    const before = state.ranks.get(rank) ?? { compute: 0, communication: 0 };
    const home = homes.get(rank);
    const spent = (stream: string) => {
      const own = group.filter(({ actor }) => actor.stream === stream);
      if (work) return own.reduce((sum, { actor }) => sum + (work.get(actor.actor) ?? 0), 0);
      return own.some(({ seen: [is] }) => is === "works") ? dt : 0;
    };
    ranks.set(rank, {
      compute: keep * before.compute + spent("compute"),
      communication: keep * before.communication + spent("comm"),
      thread: home && home.on.length > 1 ? home.thread : undefined,
    });
  }
  return { t: flight.t, status: flight.status, weight: keep * state.weight + dt, tasks, ranks };
}

/** As shares of the weighted time. */
export function sharesOf({ weight, tasks, ranks }: Samples): Pick<LiveFrame, "tasks" | "ranks"> {
  const share = (ms: number, most = 1) => Math.round(Math.min(most, ms / weight) * 1000) / 1000;
  return {
    tasks: [...tasks].map(([id, { fired, of, awaited, slots, now }]) => {
      const works = share(of.works);
      const others = activities.slice(1).reduce((sum, activity) => sum + of[activity], 0);
      // What was not seen to wait lay in a queue.
      const rest = (a: Activity) => (others ? (of[a] / others) * (1 - works) : Number(a === "queued") * (1 - works));
      const shares = activities.map((a) => [a, a === "works" ? works : Math.round(rest(a) * 1000) / 1000]);
      return {
        id,
        fired,
        shares: Object.fromEntries(shares) as LiveTask["shares"],
        awaited: share(awaited),
        ...(slots && { slots }),
        now: [...now],
      };
    }),
    ranks: [...ranks]
      .sort(([a], [b]) => a - b)
      .map(([rank, { compute, communication, thread }]) => ({
        rank,
        compute: share(compute),
        // On a thread of its own communication goes on beside computing: shown is what it adds.
        communication: share(communication, 1 - share(compute)),
        ...(thread !== undefined && { thread }),
      })),
  };
}
