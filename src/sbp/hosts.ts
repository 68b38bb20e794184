/**
 * @file Ranks that are near each other. Those joined by the best links of a model are one host, whatever the model calls
 * it; what comes from another host comes over a worse link. Bounds of plans tell the two apart, and no more.
 */
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import { Cache } from "./cache.ts";
import { inTicks, type Link, type Model } from "./link.ts";
import { group } from "./mesh.ts";

export interface Hosts {
  /** By rank. */
  readonly of: ReadonlyMap<number, number>;
  readonly count: number;
  /** No transfer between two ranks takes a better link, in either figure; `far`: between two hosts. */
  readonly direct: Reach;
  /** The same of any step. */
  readonly any: Reach;
}

/** In ticks. */
export interface Reach {
  readonly near: Link;
  readonly far: Link;
}

const known = new WeakMap<Model, Cache<Hosts>>();

/** The hosts of the ranks of some placements; each answer is worked out once. */
export function hostsOf(placements: readonly PlacementData[], model: Model): Hosts {
  if (!known.has(model)) known.set(model, new Cache(1_000));
  const key = placements.map(showPlacement).join(" ");
  return known.get(model)!.get(key, () => findHosts(placements, model));
}

function findHosts(placements: readonly PlacementData[], model: Model): Hosts {
  const ranks = [...new Set(placements.flatMap((each) => each.ranks))];
  const pairs = ranks.flatMap((a) =>
    ranks.flatMap((b) => (a === b ? [] : [{ a, b, link: inTicks(model.between(a, b)) }])),
  );
  const near = best(pairs.map(({ link }) => link));
  const of = new Map(ranks.map((rank, i) => [rank, i]));
  for (const { a, b, link } of pairs) {
    const [mine, its] = [of.get(a)!, of.get(b)!];
    if (link.beta === near.beta && mine !== its) for (const [rank, host] of of) if (host === its) of.set(rank, mine);
  }
  const apart = (members: readonly number[]) => members.some((rank) => of.get(rank) !== of.get(members[0]!));
  const far = pairs.filter(({ a, b }) => apart([a, b])).map(({ link }) => link);
  const axes = placements.flatMap((on) =>
    on.axes.flatMap(({ name }) => {
      const groups = on.ranks.map((_, member) => group(on, member, name).map((m) => on.ranks[m]!));
      return groups.some(apart) ? [inTicks(model.axis(on, name))] : [];
    }),
  );
  return {
    of,
    count: new Set(of.values()).size,
    direct: { near, far: best(far) },
    any: { near: inTicks(model.least), far: best([...far, ...axes]) },
  };
}

const best = ([first = { alpha: 0, beta: 0 }, ...rest]: readonly Link[]): Link =>
  rest.reduce((a, b) => ({ alpha: Math.min(a.alpha, b.alpha), beta: Math.min(a.beta, b.beta) }), first);
