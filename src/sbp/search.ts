/**
 * @file The cheapest way from a layout to every other on one mesh: Dijkstra's algorithm over layouts, run only as far as
 * it is asked for and kept for the next question. Costs are whole picoseconds, so that sums are exact and ties are ties;
 * these go to fewer bytes, then fewer steps, then the smaller text.
 */
import { type DType, itemSize } from "../ir/dtype.ts";
import { InternalError } from "../ir/errors.ts";
import { type Layout, type Sbp, showSbp } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { size, tryRegion } from "./boxes.ts";
import { Cache } from "./cache.ts";
import { canonical, keyOf } from "./canonical.ts";
import type { Model } from "./link.ts";
import { type Move, movesFrom, type Placed } from "./steps.ts";

/** What is planned for: the layouts over `alphabet` of tensors of one shape on one mesh. */
export interface Problem {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly placement: PlacementData;
  readonly model: Model;
  /** The SBPs that a path may pass by. */
  readonly alphabet: readonly Sbp[];
}

/** A move with its cost. */
export interface Edge extends Move {
  readonly from: Placed;
  /** Bytes, by member. */
  readonly receivedBytes: readonly number[];
  readonly bytes: number;
  readonly picoseconds: number;
}

/** A way from the source to a layout: the way before its last edge, and that edge. */
interface Path {
  readonly at: Placed;
  readonly picoseconds: number;
  readonly bytes: number;
  readonly steps: number;
  readonly text: string;
  readonly last?: { readonly before: Path; readonly edge: Edge };
}

/** Answers for one problem: the edges of the cheapest path between two layouts, in order. */
export type Search = (from: Layout, to: Layout) => readonly Edge[];

/** Layouts that do not fit the problem are ours to keep out: they throw an InternalError. */
export function search(problem: Problem): Search {
  const { placement, shape, alphabet } = problem;
  const placed = new Cache<Placed | undefined>();
  const edges = new Cache<readonly Edge[]>();
  const ways = new Cache<(to: string) => Path | undefined>();
  const place = (layout: Layout): Placed | undefined => {
    const order = canonical(layout, placement);
    const key = keyOf(order);
    return placed.get(key, () => locate(order, key, shape, placement));
  };
  const edgesFrom = (at: Placed) =>
    edges.get(at.key, () => movesFrom(at, placement, alphabet, place).map((move) => price(problem, at, move)));
  return (from, to) => {
    const [source, target] = [place(from), place(to)];
    if (!source || !target) throw new InternalError(`${keyOf(from)} or ${keyOf(to)} does not fit [${shape.join(",")}]`);
    const path = ways.get(source.key, () => explore(source, edgesFrom))(target.key);
    if (!path) throw new InternalError(`no boxing from ${source.key || "B"} to ${target.key || "B"}`);
    return edgesOf(path);
  };
}

function locate(layout: Layout, key: string, shape: readonly number[], placement: PlacementData): Placed | undefined {
  const regions = placement.ranks.flatMap((_, member) => {
    const region = tryRegion(layout, shape, placement, member);
    return region ? [region] : [];
  });
  return regions.length === placement.ranks.length ? { layout, key, regions } : undefined;
}

function price({ dtype, placement, model }: Problem, from: Placed, move: Move): Edge {
  const item = itemSize[dtype];
  const receivedBytes = move.received.map((n) => n * item);
  const bytes = receivedBytes.reduce((a, b) => a + b, 0);
  const link = model.axis(placement, move.axis);
  const { memory } = model;
  const written = move.to.regions.reduce((most, region) => Math.max(most, size(region)), 0) * item;
  const own = move.kind === "relabel" ? 0 : memory.alpha + memory.beta * written;
  const seconds = own + link.alpha * move.rounds + link.beta * Math.max(0, ...receivedBytes);
  return { ...move, from, receivedBytes, bytes, picoseconds: Math.round(seconds * 1e12) };
}

/** Dijkstra's algorithm as a question: the best path to a key, or undefined when it can not be reached. */
function explore(source: Placed, edges: (at: Placed) => readonly Edge[]): (key: string) => Path | undefined {
  const start: Path = { at: source, picoseconds: 0, bytes: 0, steps: 0, text: "" };
  const settled = new Map<string, Path>();
  const open = new Map([[source.key, start]]);
  const settleNext = (): void => {
    let best: Path | undefined;
    for (const path of open.values()) if (!best || compare(path, best) < 0) best = path;
    open.delete(best!.at.key);
    settled.set(best!.at.key, best!);
    for (const edge of edges(best!.at)) {
      if (settled.has(edge.to.key)) continue;
      const path = extend(best!, edge);
      const other = open.get(edge.to.key);
      if (!other || compare(path, other) < 0) open.set(edge.to.key, path);
    }
  };
  return (key) => {
    while (!settled.has(key) && open.size > 0) settleNext();
    return settled.get(key);
  };
}

const extend = (before: Path, edge: Edge): Path => ({
  at: edge.to,
  picoseconds: before.picoseconds + edge.picoseconds,
  bytes: before.bytes + edge.bytes,
  steps: before.steps + 1,
  text: `${before.text} > ${edge.kind} ${edge.to.key}`,
  last: { before, edge },
});

const compare = (a: Path, b: Path): number =>
  a.picoseconds - b.picoseconds ||
  a.bytes - b.bytes ||
  a.steps - b.steps ||
  (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);

function edgesOf(path: Path): Edge[] {
  const edges: Edge[] = [];
  for (let { last } = path; last; { last } = last.before) edges.push(last.edge);
  return edges.reverse();
}

/** The SBPs that a path between two layouts may use: every balanced split, B, and what the two ends name, each once. */
export function alphabetOf(shape: readonly number[], ends: readonly Layout[]): Sbp[] {
  const all: Sbp[] = [
    ...shape.map((_, dim): Sbp => ({ kind: "S", dim })),
    { kind: "B" },
    ...ends.flatMap((layout) => layout.map(([, sbp]) => sbp)),
  ];
  return [...new Map(all.map((sbp) => [showSbp(sbp), sbp])).values()];
}
