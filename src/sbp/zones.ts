/**
 * @file Where a value may come to lie. In a partial target any one contribution may take an element, so a place is a group
 * of members that are alike but for their contribution, and it may span hosts: those are then one zone.
 */
import type { Contributions } from "./placed.ts";

export interface Place {
  readonly members: readonly number[];
  /** One of them on each of its hosts. */
  readonly hosts: readonly number[];
}

/** By host, the first of the hosts that it shares places with; undefined: which those are is not clear. */
export type Zones = ReadonlyMap<number, number> | undefined;

export interface Targets {
  readonly all: readonly Place[];
  readonly zones: Zones;
}

/** `host`: by member. */
export function targetsOf({ alike }: Contributions, host: readonly number[]): Targets {
  const all = alike.map((members) => ({
    members,
    hosts: members.filter((a, i) => !members.slice(0, i).some((b) => host[a] === host[b])),
  }));
  return { all, zones: zonesOf(all.map(({ hosts }) => hosts.map((member) => host[member]!))) };
}

function zonesOf(sets: readonly (readonly number[])[]): Zones {
  const zones = new Map<number, number>();
  for (const set of sets) {
    const known = zones.get(set[0]!);
    if (known === undefined ? set.some((host) => zones.has(host)) : set.some((host) => zones.get(host) !== known))
      return undefined;
    for (const host of set) zones.set(host, known ?? set[0]!);
  }
  return zones;
}
