/**
 * @file The cheapest way from a layout to another: best first over layouts, on the placements of the two ends. Exact
 * costs of transfers are asked for only when nothing else is cheaper by their least cost (as lazy A* does, Dellin and
 * Srinivasa 2016). Ties go to fewer bytes, then fewer steps, then the smaller text, in which transfers come last.
 */
import { InternalError } from "../ir/errors.ts";
import { B, type Layout, showSbp } from "../ir/layout.ts";
import { Cache } from "./cache.ts";
import { type Cost, type Edge, type Edges, edgesOf, type Problem } from "./edges.ts";
import { Heap } from "./heap.ts";
import type { Placed, Places } from "./placed.ts";
import { transferable } from "./transfer.ts";

/** How far one has come. Of equals the one whose layouts, in a row, make the smaller text comes first. */
interface Reached extends Cost {
  readonly at: Placed;
  /** The way before, and how it goes on from there. */
  readonly before: Path | undefined;
  readonly by: string;
  readonly steps: number;
}

/** A way from the source to a layout, by its last edge. */
interface Path extends Reached {
  readonly edge?: Edge;
}

/** A way to go on, with what it costs at least to the goal; without a path a transfer whose cost is not known yet. */
interface Open extends Reached {
  readonly reached: Reached;
  readonly path?: Path;
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

function stops(places: Places, { alphabet }: Problem, goal: Placed): readonly Placed[] {
  const axes = places.placement.axes.filter(({ size }) => size > 1).length;
  const sbps = alphabet.length - 1;
  let layouts = 1; // Σ of k! · (n choose k) · sbpsᵏ, at most
  for (let k = 1, count = 1; k <= axes; k++) layouts += count *= (axes - k + 1) * sbps;
  if (layouts <= manyLayouts) return places.all();
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
 * better path to a known layout opens it again. Without one it is Dijkstra's algorithm, run as far as it is asked for.
 */
function explore(edges: Edges, { model }: Problem, start: Placed, aim?: Aim): (to: Placed) => Path | undefined {
  const costs = model.objective === "bytes" ? bytesFirst : timeFirst;
  const order = (a: Reached, b: Reached): number => costs(a, b) || a.steps - b.steps || byText(a, b);
  const best = new Map<Placed, Path>();
  const settled = new Set<Placed>();
  const open = new Heap<Open>(order);
  const guesses = new Cache<Cost, Placed>();
  const guess = (at: Placed): Cost => (aim ? guesses.get(at, () => edges.pathAtLeast(at, aim.goal)) : nothing);
  /** With what must still be paid, unless something at least as good is known. */
  const hopeful = (reached: Reached): Omit<Open, "reached"> | undefined => {
    const { at, before, by } = reached;
    const known = best.get(at);
    if (known && order(reached, known) >= 0) return undefined;
    const left = guess(at);
    const [ticks, bytes] = [reached.ticks + left.ticks, reached.bytes + left.bytes];
    const steps = reached.steps + (aim && at !== aim.goal ? 1 : 0);
    const next = { at, before, by, ticks, bytes, steps };
    const bound = aim && best.get(aim.goal);
    return bound && at !== aim.goal && order(next, bound) >= 0 ? undefined : next;
  };
  const offer = (path: Path): void => {
    const next = hopeful(path);
    if (!next) return;
    best.set(path.at, path);
    open.push({ ...next, reached: path, path });
  };
  const extend = (before: Path, edge: Edge): void => {
    const by = edge.axis === undefined ? byTransfer : edge.kind;
    const [ticks, bytes, steps] = [before.ticks + edge.ticks, before.bytes + edge.bytes, before.steps + 1];
    offer({ at: edge.to, before, by, ticks, bytes, steps, edge });
  };
  /** Those with least to pay from there come first. */
  const sorted = new Cache<readonly Placed[], Places>();
  const stopsFrom = (at: Placed): readonly Placed[] =>
    sorted.get(at.places, () => aim?.stops(at).toSorted((a, b) => costs(guess(a), guess(b))) ?? []);
  const expand = (path: Path): void => {
    for (const edge of edges.collectives(path.at)) extend(path, edge);
    if (!aim || !transferable(path.at)) return;
    // The transfer to the goal first: it bounds all others.
    if (path.at === start) extend(path, edges.transfer(start, aim.goal));
    for (const to of stopsFrom(path.at)) {
      const known = best.get(aim.goal);
      if (known && costs(plus(path, guess(to)), known) > 0) break;
      if (to === path.at) continue;
      const lower = edges.transferAtLeast(path.at, to);
      const bound = best.get(aim.goal);
      if (bound && costs(plus(plus(path, lower), guess(to)), bound) > 0) continue;
      const reached = { ...plus(path, lower), at: to, before: path, by: byTransfer, steps: path.steps + 1 };
      const next = hopeful(reached);
      if (next) open.push({ ...next, reached });
    }
  };
  offer({ at: start, before: undefined, by: "", steps: 0, ...nothing });
  return (to) => {
    while (!settled.has(to)) {
      const next = open.pop();
      if (!next) return undefined;
      const { path, reached, at } = next;
      if (!path) {
        if (hopeful(reached)) extend(reached.before!, edges.transfer(reached.before!.at, at));
      } else if (path === best.get(at)) {
        settled.add(at);
        if (at !== aim?.goal) expand(path);
      }
    }
    return best.get(to);
  };
}

/** Comes after the names of collectives. */
const byTransfer = "~";

const nothing: Cost = { ticks: 0, bytes: 0 };
const plus = (a: Cost, b: Cost): Cost => ({ ticks: a.ticks + b.ticks, bytes: a.bytes + b.bytes });

const timeFirst = (a: Cost, b: Cost): number => a.ticks - b.ticks || a.bytes - b.bytes;
const bytesFirst = (a: Cost, b: Cost): number => a.bytes - b.bytes || a.ticks - b.ticks;

function byText(a: Reached, b: Reached): number {
  const [x, y] = [textOf(a), textOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

const textOf = ({ before, by, at }: Reached): string => `${before ? textOf(before) : ""} > ${by} ${at.key}`;

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
