/**
 * @file The cheapest way from a layout to another: best first over layouts, on the placements of the two ends. Exact
 * costs of transfers are asked for only when nothing else is cheaper by their least cost (as lazy A* does, Dellin and
 * Srinivasa 2016). Ties go to fewer bytes, then fewer steps, then the smaller text, in which transfers come last.
 */
import { InternalError } from "../ir/errors.ts";
import { B, type Layout, showSbp } from "../ir/layout.ts";
import { Cache } from "./cache.ts";
import { type Cost, nothing, plus } from "./cost.ts";
import { type Edge, type Edges, edgesOf, type Problem } from "./edges.ts";
import { Heap } from "./heap.ts";
import type { Placed, Places } from "./placed.ts";
import { transferable } from "./transfer.ts";

/** How far one has come, by its last edge; a transfer without one has only its least cost, as yet. */
interface Path extends Cost {
  readonly at: Placed;
  /** The way before, and how it goes on from there. */
  readonly before: Path | undefined;
  readonly by: string;
  readonly steps: number;
  readonly edge: Edge | undefined;
  /** With what must still be paid from there. */
  readonly inAll: Cost;
}

/** Where to, and the layouts that transfers may pass by. */
interface Aim {
  readonly goal: Placed;
  stops(at: Placed): readonly Placed[];
}

export interface Search {
  readonly edges: Edges;
  /** The edges of the cheapest path, in order. */
  find(from: Layout, to: Layout): readonly Edge[];
}

/** Beyond so many layouts a transfer goes to the target, or to what is one SBP away from it. */
const manyLayouts = 1_000;

/** `transfers`: also within a placement. Layouts that do not fit the problem are ours to keep out: InternalError. */
export function search(problem: Problem, transfers: boolean): Search {
  const edges = edgesOf(problem);
  const { source, target } = edges;
  const alone = source === target && !transfers;
  const ways = new Map<Placed, (to: Placed) => Path | undefined>();
  const wayFrom = (start: Placed, goal: Placed) => {
    const here = transfers ? stops(source, problem, goal) : [];
    const there = source === target ? [] : stops(target, problem, goal);
    const [out, inside] = [[...here, ...there], transfers ? there : []];
    return explore(edges, problem, start, { goal, stops: ({ places }) => (places === source ? out : inside) });
  };
  return {
    edges,
    find: (from, to) => {
      const [start, goal] = [source.place(from), target.place(to)];
      if (!start || !goal) throw new InternalError(`a layout does not fit [${problem.shape.join(",")}]`);
      let way = ways.get(start);
      if (!way) way = alone ? explore(edges, problem, start) : wayFrom(start, goal);
      // Without transfers there is little to guess: what is found out from a source serves all its targets.
      if (alone) ways.set(start, way);
      const path = way(goal);
      if (!path) throw new InternalError(`no boxing from ${start.key || "B"} to ${goal.key || "B"}`);
      return edgesTo(path);
    },
  };
}

function stops(places: Places, { alphabet, mixed }: Problem, goal: Placed): readonly Placed[] {
  const axes = places.placement.axes.filter(({ size }) => size > 1).length;
  const sbps = alphabet.length - 1;
  let layouts = 1; // Σ of k! · (n choose k) · sbpsᵏ, at most
  for (let k = 1, count = 1; k <= axes; k++) layouts += count *= (axes - k + 1) * sbps;
  if (layouts <= manyLayouts) return mixed ? places.all() : places.all().filter(({ monoids }) => monoids.length <= 1);
  if (goal.places !== places) return [];
  const near = places.placement.axes.flatMap(({ name }) =>
    [B, ...alphabet].flatMap(
      (sbp) => places.place([...goal.layout.filter(([axis]) => axis !== name), [name, sbp]]) ?? [],
    ),
  );
  return [...new Set([goal, ...near])];
}

/**
 * Best first from a source. With an aim, by what is still to be paid at least; such a guess may drop on the way, so a
 * better path to a known layout opens it again. Transfers go only by layouts through which a path as good as the best one
 * known may lead, by the bounds on either side of it. Without an aim it is Dijkstra's algorithm, run as far as it is asked
 * for.
 */
function explore(edges: Edges, { model }: Problem, start: Placed, aim?: Aim): (to: Placed) => Path | undefined {
  const costs = model.objective === "bytes" ? bytesFirst : timeFirst;
  const main = model.objective === "bytes" ? bytesOf : ticksOf;
  const best: (Path | undefined)[] = [];
  const settled: boolean[] = [];
  const left = ({ at, steps }: Path): number => (aim && at !== aim.goal ? steps + 1 : steps);
  const open = new Heap<Path>((a, b) => costs(a.inAll, b.inAll) || left(a) - left(b) || byText(a, b));
  const guesses: Cost[] = [];
  const guess = (at: Placed): Cost => {
    if (!aim) return nothing;
    guesses[at.id] ??= edges.pathAtLeast(at, aim.goal);
    return guesses[at.id]!;
  };
  const better = (a: Path, b: Path): boolean => (costs(a, b) || a.steps - b.steps || byText(a, b)) < 0;
  /** Unless something at least as good is known. */
  const hopeful = (path: Path): boolean => {
    const known = best[path.at.id];
    if (known && !better(path, known)) return false;
    const bound = aim && path.at !== aim.goal ? best[aim.goal.id] : undefined;
    return !bound || (costs(path.inAll, bound) || left(path) - bound.steps || byText(path, bound)) < 0;
  };
  const reach = (before: Path, at: Placed, cost: Cost, by: string, edge: Edge | undefined): void => {
    const [ticks, bytes] = [before.ticks + cost.ticks, before.bytes + cost.bytes];
    const rest = guess(at);
    const inAll = { ticks: ticks + rest.ticks, bytes: bytes + rest.bytes };
    const path = { at, before, by, steps: before.steps + 1, edge, ticks, bytes, inAll };
    if (!hopeful(path)) return;
    if (edge) best[at.id] = path;
    open.push(path);
  };
  const extend = (before: Path, edge: Edge): void =>
    reach(before, edge.to, edge, edge.axis === undefined ? byTransfer : edge.kind, edge);
  /** What any way through a layout costs at least; those of least come first. */
  const through: Cost[] = [];
  const sorted = new Cache<readonly Placed[], Places>();
  const stopsFrom = (at: Placed): readonly Placed[] =>
    sorted.get(at.places, () => {
      const found = aim?.stops(at) ?? [];
      for (const stop of found) through[stop.id] = plus(edges.pathAtLeast(start, stop), guess(stop));
      return found.toSorted((a, b) => main(through[a.id]) - main(through[b.id]));
    });
  const expand = (path: Path): void => {
    for (const edge of edges.collectives(path.at)) extend(path, edge);
    if (!aim || !transferable(path.at)) return;
    const so = main(path);
    // The transfer to the goal first: it bounds all others.
    if (path.at !== aim.goal && so + main(edges.transferAtLeast(path.at, aim.goal)) <= main(best[aim.goal.id]))
      extend(path, edges.transfer(path.at, aim.goal));
    const most = main(best[aim.goal.id]);
    for (const to of stopsFrom(path.at)) {
      if (main(through[to.id]) > most) break;
      const rest = main(guess(to));
      if (to === path.at || to === aim.goal || so + rest > most || so > main(best[to.id])) continue;
      const least = edges.transferAtLeast(path.at, to);
      if (so + main(least) + rest <= most) reach(path, to, least, byTransfer, undefined);
    }
  };
  const first: Path = {
    at: start,
    before: undefined,
    by: "",
    steps: 0,
    edge: undefined,
    ...nothing,
    inAll: guess(start),
  };
  best[start.id] = first;
  open.push(first);
  return (to) => {
    while (!settled[to.id]) {
      const path = open.pop();
      if (!path) return undefined;
      const { at, before, edge } = path;
      if (before && !edge) {
        if (hopeful(path)) extend(before, edges.transfer(before.at, at));
      } else if (path === best[at.id]) {
        settled[at.id] = true;
        if (at !== aim?.goal) expand(path);
      }
    }
    return best[to.id];
  };
}

/** Comes after the names of collectives. */
const byTransfer = "~";

/** What counts first; no bound where nothing is known. */
const ticksOf = (cost: Cost | undefined): number => cost?.ticks ?? Number.POSITIVE_INFINITY;
const bytesOf = (cost: Cost | undefined): number => cost?.bytes ?? Number.POSITIVE_INFINITY;

const timeFirst = (a: Cost, b: Cost): number => a.ticks - b.ticks || a.bytes - b.bytes;
const bytesFirst = (a: Cost, b: Cost): number => a.bytes - b.bytes || a.ticks - b.ticks;

function byText(a: Path, b: Path): number {
  const [x, y] = [textOf(a), textOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

const textOf = ({ before, by, at }: Path): string => `${before ? textOf(before) : ""} > ${by} ${at.key}`;

function edgesTo(path: Path): Edge[] {
  const edges: Edge[] = [];
  for (let way: Path | undefined = path; way?.edge; way = way.before) edges.push(way.edge);
  return edges.reverse();
}

/** The SBPs that a path between two layouts may use: every balanced split, B, and what the two ends name, each once. */
export function alphabetOf(shape: readonly number[], ends: readonly Layout[]): Layout[number][1][] {
  const all = [...shape.map((_, dim) => ({ kind: "S", dim }) as const), B, ...ends.flatMap((l) => l.map(([, s]) => s))];
  return [...new Map(all.map((sbp) => [showSbp(sbp), sbp])).values()];
}
