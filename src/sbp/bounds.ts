/**
 * @file What a way between two layouts costs at least, by what each rank can know. Where a value has k contributions, of
 * which a rank holds one, k − 1 messages pass before all are known anywhere, whichever way they go, and one more for each
 * other place that wants the result. The same count over hosts in place of ranks says how much comes from afar. Any one
 * contribution of a partial target may take an element, so a place is a group of members that are alike but for that.
 * Asked tens of thousands of times a plan, so in loops over numbers.
 */
import type { PlacementData } from "../ir/placement.ts";
import { Cache } from "./cache.ts";
import { type Cost, nothing } from "./cost.ts";
import { type Common, commonTable } from "./cuts.ts";
import type { Hosts, Reach } from "./hosts.ts";
import type { Contributions, Placed } from "./placed.ts";
import { type Place, type Targets, targetsOf, type Zones } from "./zones.ts";

export interface Bounds {
  /** What each member of the target has in common with what its rank holds in the source. */
  readonly held: Common;
  /** No transfer costs less. */
  direct(from: Placed, to: Placed): Cost;
  /** No steps cost less, one after the other. */
  anyhow(from: Placed, to: Placed): Cost;
}

/** `write`: what it costs to start a step and write its result. */
export function boundsBetween(
  source: PlacementData,
  target: PlacementData,
  hosts: Hosts,
  item: number,
  write: (to: Placed) => number,
): Bounds {
  const own = target.ranks.map((rank) => source.ranks.indexOf(rank));
  const host = target.ranks.map((rank) => hosts.of.get(rank)!);
  const homes = source.ranks.map((rank) => hosts.of.get(rank)!);
  const homeOf = new Cache<readonly number[], number>();
  const neighbours = host.map((each) =>
    homeOf.get(each, () => [...homes.keys()].filter((member) => homes[member] === each)),
  );
  const distant = hosts.count > 1;
  const meets = own.some((member) => member >= 0);
  const members = own.length;
  const everyone = new Set([...source.ranks, ...target.ranks]).size;

  const held = commonTable(own.map((member) => (member < 0 ? [] : [member])));
  const near = commonTable(neighbours);
  /** By member of the target, elements of its block that its rank holds before, and its host. */
  const has = new Float64Array(members);
  const hasNear = new Float64Array(members);
  const look = (from: Placed, to: Placed): void => {
    for (let member = 0; member < members; member++) {
      has[member] = own[member]! < 0 ? 0 : 1;
      hasNear[member] = neighbours[member]!.length > 0 ? 1 : 0;
    }
    for (let dim = 0; dim < to.cuts.length; dim++) {
      const [a, b] = [from.cuts[dim]!, to.cuts[dim]!];
      const mine = held(a, b);
      for (let member = 0; member < members; member++) has[member]! *= mine[member]!;
      if (!distant) continue;
      const its = near(a, b);
      for (let member = 0; member < members; member++) hasNear[member]! *= its[member]!;
    }
  };

  const placesOf = new Cache<Targets, Contributions>();
  const places = (parts: Contributions) => placesOf.get(parts, () => targetsOf(parts, host));
  /** One of those places that want the same in one zone. */
  const differing = new Cache<readonly Place[], Placed>();
  const different = (to: Placed) =>
    differing.get(to, () => {
      const key = ({ hosts: [first] }: Place) => `${host[first!]} ${to.regions[first!]}`;
      return [...new Map(places(to.parts).all.map((place) => [key(place), place])).values()];
    });
  /** By member of the target, the contributions that its host has in the source. */
  const nearby = new Cache<readonly ReadonlySet<number>[], Contributions>();
  const partsNear = (parts: Contributions) =>
    nearby.get(parts, () => {
      const sets = new Cache<ReadonlySet<number>, readonly number[]>();
      return neighbours.map((each) => sets.get(each, () => new Set(each.map((member) => parts.of[member]!))));
    });
  /** The most contributions that one zone has. */
  const mostParts = (parts: Contributions, zones: Zones): number => {
    const sets = new Map<number, Set<number>>();
    for (const [member, home] of homes.entries()) {
      const zone = zones?.get(home) ?? home;
      sets.set(zone, (sets.get(zone) ?? new Set()).add(parts.of[member]!));
    }
    return Math.max(...[...sets.values()].map(({ size }) => size));
  };
  /** The most contributions that one place has before. */
  const mostHeld = (all: readonly Place[], { of }: Contributions): number =>
    Math.max(...all.map((place) => new Set(place.members.flatMap((m) => (own[m]! < 0 ? [] : [of[own[m]!]!]))).size));

  /** What a place lacks of one contribution; of −1: of an element, whichever contribution. */
  const lacks = (from: Placed, to: Placed, { members }: Place, part: number): number => {
    const { of } = from.parts;
    let left = to.sizes[members[0]!]!;
    for (let i = 0; i < members.length; i++) {
      const mine = own[members[i]!]!;
      if (mine < 0 || (part >= 0 && of[mine] !== part)) continue;
      let known = false;
      for (let j = 0; j < i && !known; j++) {
        const other = own[members[j]!]!;
        known = other >= 0 && from.regions[other] === from.regions[mine] && (part < 0 || of[other] === part);
      }
      if (!known) left -= has[members[i]!]!;
    }
    return Math.max(0, left);
  };
  const lacksFar = (to: Placed, { hosts }: Place, part: number, parts: readonly ReadonlySet<number>[]): number => {
    let left = to.sizes[hosts[0]!]!;
    for (const member of hosts) if (parts[member]!.has(part)) left -= hasNear[member]!;
    return Math.max(0, left);
  };
  /** All contributions of an element go to one member; its host has some of them. */
  const lacksAllFar = (to: Placed, { hosts }: Place, count: number, parts: readonly ReadonlySet<number>[]): number => {
    let [most, all] = [0, 0];
    for (const member of hosts) {
      const { size } = parts[member]!;
      most = Math.max(most, size);
      all += size * hasNear[member]!;
    }
    const size = to.sizes[hosts[0]!]!;
    return count * size - Math.min(most * size, all);
  };

  /** Every member may keep what it has: perhaps no more than a new name. */
  const still = (from: Placed, to: Placed): boolean => {
    for (let member = 0; member < members; member++)
      if (has[member] !== to.sizes[member] || from.sizes[own[member]!] !== to.sizes[member]) return false;
    return true;
  };
  /** Of one rank that receives so many elements. */
  const takes = ({ near, far }: Reach, sum: number, distant: number): number =>
    (distant > 0 ? far.alpha : near.alpha) + item * (near.beta * (sum - distant) + far.beta * distant);
  /**
   * Of the busiest of some ranks, which receive so many elements together: where `some` of them get what comes from afar,
   * each of these waits for its share, and no rank for less than the average.
   */
  const arrival = ({ near, far }: Reach, sum: number, distant: number, ranks: number): number => {
    if (sum === 0) return 0;
    const all = item * (near.beta * (sum - distant) + far.beta * distant);
    if (distant === 0) return near.alpha + all / ranks;
    let least = far.alpha + all / ranks;
    for (let some = ranks - 1; some > 0; some--) {
      const share = far.alpha + (item * far.beta * distant) / some;
      if (share >= least) break;
      least = Math.max(share, (some * far.alpha + all) / ranks);
    }
    return least;
  };
  const cost = (to: Placed, sum: number, wait: number): Cost => ({
    ticks: write(to) + Math.ceil(wait),
    bytes: sum * item,
  });

  const direct = (from: Placed, to: Placed): Cost => {
    look(from, to);
    const { count: k } = from.parts;
    const { all } = places(to.parts);
    const parts = partsNear(from.parts);
    let [sum, far, wait] = [0, 0, 0];
    if (to.parts.count === 1)
      for (let member = 0; member < members; member++) {
        const each = k * to.sizes[member]!;
        const lack = each - has[member]!;
        const lackFar = distant ? each - parts[member]!.size * hasNear[member]! : 0;
        sum += lack;
        far += lackFar;
        if (lack > 0) wait = Math.max(wait, takes(hosts.direct, lack, lackFar));
      }
    else if (k > 1 && to.monoids.every((name) => name === from.monoids[0]))
      for (const place of all)
        for (let part = 0; part < k; part++) {
          sum += lacks(from, to, place, part);
          if (distant) far += lacksFar(to, place, part, parts);
        }
    else
      for (const place of all) {
        sum += (k - 1) * to.sizes[place.members[0]!]! + lacks(from, to, place, -1);
        if (distant) far += lacksAllFar(to, place, k, parts);
      }
    if (sum === 0 && still(from, to)) return nothing;
    const ranks = Math.min(source.ranks.length, members);
    return cost(to, sum, Math.max(wait, arrival(hosts.direct, sum, far, ranks)));
  };

  const anyhow = (from: Placed, to: Placed): Cost => {
    look(from, to);
    const { count: k } = from.parts;
    const { all, zones } = places(to.parts);
    const elements = to.places.shape.reduce((a, b) => a * b, 1);
    /** Contributions may stay apart. */
    const apart = to.monoids.some((name) => from.monoids.includes(name));
    let wanted = 0;
    let most = 0;
    for (const { members } of all) {
      const size = to.sizes[members[0]!]!;
      wanted += size;
      most = Math.max(most, size);
    }
    const known = k === 1 ? 1 : apart ? mostHeld(all, from.parts) : Number(meets);
    let [sum, wait] = [0, 0];
    if (known < k) {
      sum = elements * (k - known - 1) + wanted;
      if (to.parts.count === 1 && most > 0) wait = takes(hosts.any, most, 0);
    } else
      for (let part = 0; part < k; part++) {
        let total = 0;
        for (const place of all) {
          const lack = lacks(from, to, place, part);
          total += lack;
          if (to.parts.count === 1 && lack > 0) wait = Math.max(wait, takes(hosts.any, lack, 0));
        }
        sum = Math.max(sum, total);
      }
    if (sum === 0 && still(from, to)) return nothing;
    let far = 0;
    if (distant && zones) {
      const wanting = different(to);
      const once = k === 1 ? 1 : mostParts(from.parts, apart ? zones : undefined);
      if (once >= k)
        for (let part = 0; part < k; part++) {
          let total = 0;
          for (const place of wanting) total += lacksFar(to, place, part, partsNear(from.parts));
          far = Math.max(far, total);
        }
      else {
        const wantedFar = wanting.reduce((n, place) => n + to.sizes[place.members[0]!]!, 0);
        const rounds = elements * (Math.ceil(k / once) - 1);
        far = rounds + (apart ? wantedFar - elements : Math.max(0, wantedFar - elements));
      }
    }
    // What comes from afar, or is reduced on the way, may come by a rank that is not of the target.
    if (k === 1) wait = Math.max(wait, arrival(hosts.any, sum, 0, members));
    return cost(to, sum, Math.max(wait, arrival(hosts.any, sum, far, everyone)));
  };
  return { held, direct, anyhow };
}
