/**
 * @file What steps cost: collectives along one mesh axis, and direct transfers, on the placements of the two ends. And
 * what they cost at least, which is quick to say and never too much: the search asks for exact costs only where these
 * leave a chance.
 */
import { type DType, itemSize } from "../ir/dtype.ts";
import type { Sbp } from "../ir/layout.ts";
import { type PlacementData, samePlacement } from "../ir/placement.ts";
import { type Bounds, boundsBetween } from "./bounds.ts";
import { Cache } from "./cache.ts";
import { type Cost, nothing } from "./cost.ts";
import { hostsOf } from "./hosts.ts";
import { inTicks, type Link, type Model } from "./link.ts";
import { merged } from "./merge.ts";
import { type Placed, type Places, placesOf } from "./placed.ts";
import { type BoxingKind, type Move, movesFrom, receives } from "./steps.ts";
import { type Piece, type Transfer, transfers } from "./transfer.ts";

/** What is planned for: the layouts over `alphabet` of tensors of one shape on the placements of the two ends. */
export interface Problem {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly from: PlacementData;
  readonly to: PlacementData;
  readonly model: Model;
  /** The SBPs that a path may pass by. */
  readonly alphabet: readonly Sbp[];
  /** Also layouts that are partial by several monoids. */
  readonly mixed?: boolean;
}

/** A step with its cost. */
export type Edge = Cost & { readonly from: Placed; readonly to: Placed } & (
    | ({ readonly kind: BoxingKind } & Pick<Move, "axis" | "monoid">)
    | { readonly kind: "p2p" | "relabel"; readonly axis?: undefined }
  );

export interface Edges {
  readonly source: Places;
  readonly target: Places;
  /** Collectives along one axis, out of a layout. */
  collectives(from: Placed): readonly Edge[];
  /** The direct transfer; `from` must be transferable. */
  transfer(from: Placed, to: Placed): Edge;
  /** No transfer between the two costs less. */
  transferAtLeast(from: Placed, to: Placed): Cost;
  /** No path between the two costs less. */
  pathAtLeast(from: Placed, to: Placed): Cost;
  /** Bytes that each member of the edge's target receives. */
  received(edge: Edge): readonly number[];
  /** What a transfer does, box by box. */
  plan(from: Placed, to: Placed): Transfer;
}

/** More than one search makes. */
const manyIds = 2 ** 24;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const most = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b), 0);

export function edgesOf(problem: Problem): Edges {
  const { shape, dtype, model, alphabet } = problem;
  const item = itemSize[dtype];
  let id = 0;
  const ids = () => id++;
  const source = placesOf(problem.from, shape, alphabet, ids);
  const target = samePlacement(problem.from, problem.to) ? source : placesOf(problem.to, shape, alphabet, ids);
  const memory = inTicks(model.memory);
  const hosts = hostsOf([problem.from, problem.to], model);

  /** Starting a step, and writing its result. */
  const write = ({ largest }: Placed): number => memory.alpha + memory.beta * item * largest;

  const pairs = [source, target].flatMap((from) => [source, target].map((to) => [from, to] as const));
  const between = new Map<Places, Map<Places, { bounds: Bounds; send: ReturnType<typeof transfers> }>>();
  for (const [from, to] of pairs) {
    const send = transfers(from.placement, to.placement, model, item);
    if (!between.has(from)) between.set(from, new Map());
    between.get(from)!.set(to, { bounds: boundsBetween(from.placement, to.placement, hosts, item, write), send });
  }
  const pair = (from: Placed, to: Placed) => between.get(from.places)!.get(to.places)!;

  const links = new Cache<Link>();
  const axisLink = ({ placement }: Places, axis: string): Link =>
    links.get(`${placement === problem.from} ${axis}`, () => inTicks(model.axis(placement, axis)));
  const arrive = (link: Link, bytes: number): number => (bytes > 0 ? link.alpha + link.beta * bytes : 0);

  const elements = (edge: Edge): readonly number[] => {
    const { bounds, send } = pair(edge.from, edge.to);
    return edge.axis === undefined ? send(edge.from, edge.to).received : receives(edge, bounds.held);
  };
  const collective = (move: Move): Edge => {
    const counts = receives(move, pair(move.from, move.to).bounds.held);
    const own = move.kind === "relabel" ? 0 : write(move.to);
    const ticks = own + arrive(axisLink(move.to.places, move.axis), most(counts) * item);
    return { ...move, ticks, bytes: sum(counts) * item };
  };
  const collectives = new Cache<readonly Edge[], Placed>();
  const allowed = ({ to }: Move): boolean => problem.mixed || to.monoids.length <= 1;
  const sent = new Cache<Edge, number>();

  return {
    source,
    target,
    collectives: (from) => collectives.get(from, () => movesFrom(from, alphabet).filter(allowed).map(collective)),
    transfer: (from, to) =>
      sent.get(from.id * manyIds + to.id, () => {
        const { received, ticks, still } = pair(from, to).send(from, to);
        const bytes = sum(received) * item;
        return { kind: still ? "relabel" : "p2p", from, to, bytes, ticks: still ? 0 : write(to) + ticks };
      }),
    transferAtLeast: (from, to) => pair(from, to).bounds.direct(from, to),
    pathAtLeast: (from, to) => (from === to ? nothing : pair(from, to).bounds.anyhow(from, to)),
    received: (edge) => elements(edge).map((n) => n * item),
    plan: (from, to) => {
      const pieces: Piece[][] = to.sizes.map(() => []);
      pair(from, to).send(from, to, (dst, piece) => pieces[dst]!.push(piece));
      return { from: from.places.placement, to: to.places.placement, pieces: pieces.map(merged) };
    },
  };
}
