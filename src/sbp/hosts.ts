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
  const inTick = new Cache<Link, Link>();
  const between = (a: number, b: number) => {
    const link = model.between(a, b);
    return inTick.get(link, () => inTicks(link));
  };
  // Millions of pairs on large meshes, so what is kept of them is what the best is made of.
  let near: Link | undefined;
  for (const a of ranks) for (const b of ranks) if (a !== b) near = better(near, between(a, b));
  const best = near ?? none;
  const of = new Map(ranks.map((rank, i) => [rank, i]));
  for (const a of ranks)
    for (const b of ranks) {
      const [mine, its] = [of.get(a)!, of.get(b)!];
      if (mine === its || between(a, b).beta !== best.beta) continue;
      for (const [rank, host] of of) if (host === its) of.set(rank, mine);
    }
  const count = new Set(of.values()).size;
  let far: Link | undefined;
  if (count > 1)
    for (const a of ranks) for (const b of ranks) if (of.get(a) !== of.get(b)) far = better(far, between(a, b));
  const apart = (members: readonly number[]) => members.some((rank) => of.get(rank) !== of.get(members[0]!));
  let any = far;
  for (const on of placements)
    for (const { name } of on.axes)
      if (count > 1 && on.ranks.some((_, member) => apart(group(on, member, name).map((m) => on.ranks[m]!))))
        any = better(any, inTicks(model.axis(on, name)));
  return {
    of,
    count,
    direct: { near: best, far: far ?? none },
    any: { near: inTicks(model.least), far: any ?? none },
  };
}

const none: Link = { alpha: 0, beta: 0 };

/** The better in either figure; the same object where it is one of the two. */
const better = (a: Link | undefined, b: Link): Link => {
  if (!a || (b.alpha <= a.alpha && b.beta <= a.beta)) return b;
  if (a.alpha <= b.alpha && a.beta <= b.beta) return a;
  return { alpha: Math.min(a.alpha, b.alpha), beta: Math.min(a.beta, b.beta) };
};
