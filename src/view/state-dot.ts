/**
 * @file Where a session stands, as a picture: the net of actors, each coloured by what it is at, with how often it has
 * fired; each register with how many of its slots are held, which are the credits in flight. All of it follows from two
 * numbers an actor, firings begun and ended, and these from the events of a session or from a flight record alone.
 */
import { expand } from "../actors/expand.ts";
import { type ActorSpec, HOST, type Net, type NetEdge } from "../actors/net.ts";
import { SessionError } from "../ir/errors.ts";
import type { Flight } from "../ir/flight.ts";
import type { PlanData } from "../ir/plan.ts";
import type { SessionEvent } from "../ir/session.ts";
import { cluster, digraph, edge, label, node } from "./dot.ts";
import { ranges, shorten } from "./format.ts";
import { arrived, type Counts, held, heldOf } from "./slots.ts";
import { clusterStyle, failed, faint, type Tint, tints } from "./style.ts";

/** What happened from a session's launch on, or what was so. */
export type Observed = readonly SessionEvent[] | Flight;

const rankLimit = 8;

interface Seen extends Counts {
  failed: boolean;
}

const looks = {
  launched: tints.compute,
  ready: tints.state,
  waiting: tints.host,
  full: tints.boxing,
  failed,
} as const satisfies Record<string, Tint>;
type State = keyof typeof looks;

const legend = [
  "blue: at work, or in the queue of its thread",
  "green: could fire, awaits its turn",
  "grey: waits for data",
  "orange: waits for a slot",
  "red: failed",
  "an edge is a register: slots held of those there are",
].join(" · ");

/**
 * DOT of the actors of a plan, of the first eight ranks. The same plan and records give the same bytes. Events without
 * `{ trace: true }` do not say when work on a rank has ended: it counts as over when it is launched. Throws SessionError
 * SL4013 for a plan that the session has not loaded.
 *
 * @example
 * const events: SessionEvent[] = [];
 * session.events$.subscribe((event) => events.push(event));
 * // … run some steps
 * stateDot(plan.data, events);
 * stateDot(plan.data, session.flight());
 */
export function stateDot(plan: PlanData, observed: Observed): string {
  const net = expand(plan, { actor: 0, edge: 0, register: 0 });
  const base = baseOf(plan, observed);
  const counts = "actors" in observed ? ofFlight(observed) : ofEvents(net, base, observed);
  const of = (actor: number): Seen => counts.get(base + actor) ?? { fired: 0, done: 0, failed: false };
  const all = [...new Set(net.schedule.map(({ rank }) => rank))].sort((a, b) => a - b);
  const ranks = all.slice(0, rankLimit);
  const on = (rank: number) =>
    net.actors.filter((a) => a.kind !== "user" && a.rank === rank).toSorted((a, b) => a.order - b.order);
  const isDrawn = ({ kind, rank }: ActorSpec) => kind !== "user" && (rank === HOST || ranks.includes(rank));
  const draw = (actor: ActorSpec) => actorNode(actor, net, of);
  const column = (actors: readonly ActorSpec[]) =>
    actors.slice(1).map((actor, i) => edge(name(actors[i]!), name(actor), { style: "invis", weight: 100 }));
  const left = all.length > ranks.length ? ` · ${all.length - ranks.length} more ranks not drawn` : "";
  const status = "actors" in observed ? ` · ${observed.status}` : "";
  const title = label(`${plan.name} · actors of ranks ${ranges(ranks)}${status}`, `${legend}${left}`);
  return digraph(title, { rankdir: "TB", nodesep: 0.35, ranksep: 0.3, newrank: "true" }, [
    ...ranks.map((rank) => cluster(`rank${rank}`, clusterStyle(`rank ${rank}`, 14), on(rank).map(draw))),
    ...on(HOST).map(draw),
    ...ranks.flatMap((rank) => column(on(rank))),
    ...net.actors.filter(isDrawn).flatMap((a) => registers(a, net, of, isDrawn)),
  ]);
}

type SeenOf = (actor: number) => Seen;
const name = ({ id }: ActorSpec): string => `actor${id}`;

/** What an actor is at, in words too: what the first thing is that its next firing lacks. */
function stateOf(actor: ActorSpec, net: Net, of: SeenOf): readonly [state: State, text: string] {
  const { fired, done, failed } = of(actor.id);
  const who = (id: number) => shorten(net.actors[id]!.name, 28);
  const known = (e: NetEdge) => net.user.id !== e.from && net.user.id !== e.to;
  if (failed) return ["failed", "failed"];
  if (fired > done) return ["launched", `${fired - done} under way`];
  const empty = actor.ins.find((e) => known(e) && arrived(e, of) <= 0);
  if (empty) return ["waiting", `waits for ${who(empty.from)}`];
  const full = actor.outs.flatMap(({ edges }) => edges).find((e) => known(e) && held(e, of) >= e.slots);
  if (full) return ["full", `waits for ${who(full.to)} to let go`];
  return actor.kind === "source" ? ["waiting", "waits for a batch"] : ["ready", "ready"];
}

function actorNode(actor: ActorSpec, net: Net, of: SeenOf): string {
  const [state, text] = stateOf(actor, net, of);
  const { fill, line } = looks[state];
  const shape = actor.rank === HOST ? "house" : actor.kind === "boxing" ? "hexagon" : "box";
  const title = shorten(actor.rank === HOST ? `host · ${actor.kind}` : actor.name, 34);
  const said = label(title, `fired ${of(actor.id).fired} · ${text}`);
  return node(name(actor), { label: said, shape, style: "filled", fillcolor: fill, color: line });
}

/**
 * A register's edges: to readers of the same rank and the host, with what is held of it by all; readers on other ranks
 * are drawn where there is no other one.
 */
function registers(actor: ActorSpec, net: Net, of: SeenOf, isDrawn: (actor: ActorSpec) => boolean): string[] {
  return actor.outs.flatMap((out) => {
    const { slots, edges } = out;
    const readers = edges.filter(({ to }) => net.actors[to]!.kind !== "user");
    const taken = heldOf(out, net, of);
    const shown = readers.filter(({ to }) => isDrawn(net.actors[to]!));
    const near = shown.filter(({ to }) => [actor.rank, HOST].includes(net.actors[to]!.rank) || actor.rank === HOST);
    const full = taken >= slots;
    return (near.length ? near : shown).map((e) => {
      const state = e.delay > 0 ? { style: "dashed", constraint: "false" } : {};
      const look = { label: `${taken} of ${slots}`, color: full ? looks.full.line : faint, penwidth: full ? 1.6 : 0.9 };
      return edge(name(actor), name(net.actors[e.to]!), { ...look, ...state });
    });
  });
}

/** The plan's first actor in the session; throws SessionError SL4013 where it has not loaded the plan. Events that tell of no plan are those of the first one. */
export function baseOf({ name, hash }: PlanData, observed: Observed): number {
  const plans = "actors" in observed ? observed.plans : observed.flatMap((e) => (e.type === "plan" ? [e.plan] : []));
  const found = plans.findLast((plan) => plan.hash === hash);
  if (found || plans.length === 0) return found?.actor ?? 0;
  throw new SessionError("SL4013", `the session has no plan "${name}" with hash ${hash.slice(0, 12)}…`, {
    subject: "render",
    choices: plans.map((plan) => `${plan.name} ${plan.hash.slice(0, 12)}…`),
    hint: "draw a plan that the session was launched with or has loaded",
  });
}

function ofFlight({ actors }: Flight): ReadonlyMap<number, Seen> {
  const begun = (fired: number, launched: readonly number[]) => ({
    fired,
    done: fired - launched.length,
    failed: false,
  });
  return new Map(actors.map(({ actor, fired, launched }) => [actor, begun(fired, launched)]));
}

function ofEvents(net: Net, base: number, events: readonly SessionEvent[]): ReadonlyMap<number, Seen> {
  const counts = new Map(net.actors.map(({ id }) => [base + id, { fired: 0, done: 0, failed: false }]));
  let traced = false;
  for (const event of events) {
    if (event.type !== "task" && event.type !== "failure") continue;
    const actor = counts.get(event.task ?? -1);
    if (!actor) continue; // of another plan, or of nobody
    if (event.type === "failure") actor.failed = true;
    else if (event.phase === "launched") actor.fired = event.seq + 1;
    else {
      actor.done = event.seq + 1;
      traced = true;
    }
  }
  // Work on the host is over when it is launched.
  for (const { id, rank } of net.actors) {
    const actor = counts.get(base + id)!;
    if (!traced || rank === HOST) actor.done = actor.fired;
  }
  return counts;
}
