/**
 * @file Why a rank stood still. Each firing waits for others: those whose results it reads, those that read the slots that
 * it is to fill, the one before it on its thread. The last of these to end is what held it up; and what held that up goes
 * on where it began. Walking back so from the firing that ends a gap to where the gap began says of each moment in it who
 * was waited for. It is the critical path of the gap, as in critical-path analysis of parallel programs (Yang and Miller,
 * 1988).
 */
import { HOST, type Net } from "../../actors/net.ts";
import { type Firing, type Firings, grouped } from "./firings.ts";
import type { Interval } from "./intervals.ts";

/** Other ranks, a batch, or what is neither: the event loop, the start of a thread's work, the user's loop. */
export type Blame = "bubble" | "inputWait" | "other";

/**
 * Says of a gap of a rank whose fault each part is, from its end to its beginning; together the parts are the gap. It ends
 * with the rank's next firing or, where that is undefined, with the last one of the step, elsewhere.
 */
export type Blamer = (rank: number, gap: Interval, next: Firing | undefined) => Iterable<readonly [Blame, Interval]>;

export function blamer(net: Net, firings: Firings): Blamer {
  const before = predecessors(firings.all);
  const ending = new Map(firings.all.flatMap((each) => (each.actor.rank === HOST ? [] : [[each.end, each] as const])));

  function heldUpBy(firing: Firing): Firing | undefined {
    const { actor, seq } = firing;
    let latest = before.get(firing);
    const look = (id: number, at: number) => {
      const other = at < 0 ? undefined : firings.at(net.actors[id]!, at);
      if (other && other.end > (latest?.end ?? Number.NEGATIVE_INFINITY)) latest = other;
    };
    // What the user takes and hears of holds no batch up.
    if (actor.kind !== "user") for (const { from, delay } of actor.ins) look(from, seq - delay);
    for (const { slots, edges } of actor.outs) for (const { to, delay } of edges) look(to, seq - slots + delay);
    return latest;
  }

  return function* blame(rank, [from, to], next) {
    const seen = new Set<Firing>();
    let [until, held] = [to, next];
    while (until > from) {
      const by: Firing | undefined = held ? heldUpBy(held) : ending.get(to);
      const cause = by && !seen.has(by) ? by : undefined;
      const over = cause ? Math.min(until, Math.max(from, cause.end)) : from;
      if (over < until) yield [waiting(rank, held, cause), [over, until]];
      if (!cause) return;
      seen.add(cause);
      const began = Math.min(over, Math.max(from, cause.start));
      if (began < over) yield [working(rank, cause), [began, over]];
      [until, held] = [began, cause];
    }
  };
}

const brings = (firing: Firing | undefined): boolean =>
  firing?.actor.kind === "user" || firing?.actor.kind === "source";

const working = (rank: number, { actor }: Firing): Blame =>
  actor.rank === rank || actor.rank === HOST ? "other" : "bubble";

/** What a rank waits for while `held` waits, and all that it needs has been there since `cause` ended. */
function waiting(rank: number, held: Firing | undefined, cause: Firing | undefined): Blame {
  if (!held) return "bubble";
  if (held.actor.kind === "user" || brings(cause) || (held.actor.kind === "source" && !cause)) return "inputWait";
  return working(rank, held);
}

/** By firing the one before it on its lane. */
function predecessors(all: readonly Firing[]): ReadonlyMap<Firing, Firing> {
  const lanes = grouped(
    all.filter(({ lane }) => lane !== undefined),
    ({ lane }) => lane,
  );
  return new Map(
    [...lanes.values()].flatMap((lane) => {
      const order = lane.toSorted((a, b) => a.start - b.start || a.end - b.end);
      return order.slice(1).map((firing, i) => [firing, order[i]!] as const);
    }),
  );
}
