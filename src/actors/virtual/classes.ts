/**
 * @file Ranks that nothing tells apart are simulated once. Ranks are of one class when they run the same tasks in the
 * same order, take the same time for each, and hear from and speak to the same classes along every edge. This is the
 * coarsest stable colouring of the ranks (colour refinement; Paige and Tarjan, 1987): begin with what each rank is by
 * itself, and split classes whose members see different classes, until none splits.
 *
 * Then one rank of each class tells for all. A launch's turn comes when its template's does, and a launch starts at the
 * largest of times that are the same for all members of a class, by induction on the launch order; so members of a class
 * start and end everything together, however many of them there are. A group edge between p ranks of one class, p²
 * messages, becomes one edge.
 */
import type { PlacementData } from "../../ir/placement.ts";
import type { Edge, Span } from "../../ir/plan.ts";
import { groupAlong, type Pair } from "../../sbp/span.ts";
import type { Circuit } from "../control.ts";

export interface Classes {
  /** The circuit on the first rank of every class. */
  readonly circuit: Circuit;
  /** By rank the first of its class. */
  readonly first: ReadonlyMap<number, number>;
}

/** By rank whom an edge joins it with, ahead and back. Ranks of one group share one list. */
interface Relation {
  readonly ahead: ReadonlyMap<number, readonly number[]>;
  readonly back: ReadonlyMap<number, readonly number[]>;
}

/** @param of text that is the same for ranks whose work takes the same time */
export function classesOf(plan: Circuit, of: (rank: number) => string): Classes {
  const ranks = [...new Set(plan.placements.flatMap((placement) => placement.ranks))].sort((a, b) => a - b);
  const relate = relations(plan);
  const relation = new Map(plan.edges.flatMap((edge) => relate(edge) ?? []).map((known) => [known, known]));
  let colours = numbered(ranks, ownText(plan, of));
  for (let count = 0; count < new Set(colours.values()).size; ) {
    count = new Set(colours.values()).size;
    const seen = new Map<readonly number[], string>();
    const see = (list: readonly number[] = nobody): string => {
      const known = seen.get(list) ?? [...new Set(list.map((rank) => colours.get(rank)!))].sort(byNumber).join();
      seen.set(list, known);
      return known;
    };
    const now = colours;
    const around = [...relation.keys()];
    colours = numbered(ranks, (rank) =>
      [now.get(rank), ...around.flatMap(({ ahead, back }) => [see(ahead.get(rank)), see(back.get(rank))])].join("|"),
    );
  }
  const firstOf = new Map<number, number>();
  for (const rank of ranks) if (!firstOf.has(colours.get(rank)!)) firstOf.set(colours.get(rank)!, rank);
  const first = new Map(ranks.map((rank) => [rank, firstOf.get(colours.get(rank)!)!]));
  return { circuit: onFirst(plan, first, relate), first };
}

const nobody: readonly number[] = [];
const byNumber = (a: number, b: number) => a - b;

/** Texts as numbers, by rank. */
function numbered(ranks: readonly number[], text: (rank: number) => string): Map<number, number> {
  const numbers = new Map<string, number>();
  return new Map(
    ranks.map((rank) => {
      const key = text(rank);
      const known = numbers.get(key) ?? numbers.size;
      numbers.set(key, known);
      return [rank, known];
    }),
  );
}

/** Where a rank is, what it starts in which order, and how long that takes. */
function ownText({ placements, schedule }: Circuit, of: (rank: number) => string): (rank: number) => string {
  const places = placements.map((placement) => new Set(placement.ranks));
  const lanes = schedule.map((lane) => new Set(lane.ranks));
  const within = (sets: readonly Set<number>[], rank: number) =>
    sets.flatMap((set, i) => (set.has(rank) ? [i] : [])).join();
  return (rank) => `${within(places, rank)};${within(lanes, rank)};${of(rank)}`;
}

/** Relations of edges between ranks, each span between the same placements looked at once. */
function relations({ placements, tasks }: Circuit): (edge: Edge) => Relation | undefined {
  const template = new Map(tasks.map((task) => [task.id, task]));
  const known = new Map<string, Relation>();
  return ({ from, to, span }) => {
    const [a, b] = [template.get(from)!, template.get(to)!];
    if (a.stream === "host" || b.stream === "host") return undefined;
    const key = `${a.placement} ${b.placement} ${JSON.stringify(span)}`;
    const found = known.get(key) ?? relationOf(span, placements[a.placement]!, placements[b.placement]!);
    known.set(key, found);
    return found;
  };
}

function relationOf(span: Span, from: PlacementData, to: PlacementData): Relation {
  const there = new Set(to.ranks);
  if (span === "all") return { ahead: all(from.ranks, to.ranks), back: all(to.ranks, from.ranks) };
  if (span !== "same" && "pairs" in span) return { ahead: lists(span.pairs), back: lists(span.pairs.map(swap)) };
  const groups = new Map<number, readonly number[]>();
  for (const rank of from.ranks) {
    if (groups.has(rank)) continue;
    const group = span === "same" ? [rank] : groupAlong(from, rank, span.axes);
    for (const member of group) groups.set(member, group);
  }
  const heard = new Map([...new Set(groups.values())].map((group) => [group, group.filter((rank) => there.has(rank))]));
  return {
    ahead: new Map([...groups].map(([rank, group]) => [rank, heard.get(group)!])),
    back: new Map([...groups].filter(([rank]) => there.has(rank))),
  };
}

const all = (ranks: readonly number[], peers: readonly number[]) => new Map(ranks.map((rank) => [rank, peers]));
const swap = ([from, to]: Pair): Pair => [to, from];

function lists(pairs: readonly Pair[]): ReadonlyMap<number, readonly number[]> {
  const by = new Map<number, number[]>();
  for (const [rank, peer] of pairs) {
    const list = by.get(rank);
    if (list) list.push(peer);
    else by.set(rank, [peer]);
  }
  return by;
}

/** The circuit with only the first rank of each class, every edge between ranks said pair by pair. */
function onFirst(plan: Circuit, first: ReadonlyMap<number, number>, relate: ReturnType<typeof relations>): Circuit {
  const kept = (ranks: readonly number[]) => ranks.filter((rank) => first.get(rank) === rank);
  const placements = plan.placements.map((placement) => ({ ...placement, ranks: kept(placement.ranks) }));
  const schedule = plan.schedule.map((lane) => ({ ...lane, ranks: kept(lane.ranks) }));
  const pairs = new Map<Relation, readonly Pair[]>();
  const pairsOn = (relation: Relation): readonly Pair[] => {
    const known =
      pairs.get(relation) ??
      [...relation.ahead.keys()]
        .filter((rank) => first.get(rank) === rank)
        .flatMap((rank) => {
          const peers = new Set(relation.ahead.get(rank)!.map((peer) => first.get(peer)!));
          return [...peers].map((peer): Pair => [rank, peer]);
        });
    pairs.set(relation, known);
    return known;
  };
  const edges = plan.edges.map((edge): Edge => {
    const relation = relate(edge);
    return relation ? { ...edge, span: { pairs: pairsOn(relation) } } : edge;
  });
  return { ...plan, placements, schedule, edges };
}
