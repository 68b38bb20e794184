/**
 * @file States outlive plans: the first plan that names one brings it into memory, and every further plan of the session
 * that names it works on the same bytes, so it must mean the same tensor.
 */

import { showType } from "../ir/dtype.ts";
import { PlanError } from "../ir/errors.ts";
import { showLayout } from "../ir/layout.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import type { PlanData, State } from "../ir/plan.ts";
import { canonical } from "../sbp/canonical.ts";
import type { Locate } from "./operands.ts";
import { type ShardMap, shardMap } from "./shards.ts";

/** Where a state lives. */
export interface Home {
  readonly state: State;
  readonly placement: PlacementData;
  readonly map: ShardMap;
  /** Byte offset on a rank. */
  at(rank: number): number;
}

export interface StateHomes {
  readonly names: readonly string[];
  get(name: string): Home | undefined;
  /** Throws PlanError SL4020 when a state of the plan differs from its namesake here. */
  check(plan: PlanData): void;
  /** A plan's states that are new. */
  fresh(plan: PlanData): readonly State[];
  /** Makes a plan's new states the session's. */
  admit(plan: PlanData, locate: Locate): void;
  /** Where a buffer of a plan lies if it is a state's. */
  find(plan: PlanData, buffer: number, rank: number): number | undefined;
}

export function createHomes(): StateHomes {
  const homes = new Map<string, Home>();
  const fresh = (plan: PlanData) => plan.states.filter(({ name }) => !homes.has(name));
  return {
    get names() {
      return [...homes.keys()];
    },
    get: (name) => homes.get(name),
    check(plan) {
      for (const state of plan.states) {
        const home = homes.get(state.name);
        if (home) agree(home, state, plan.placements[state.placement]!);
      }
    },
    fresh,
    admit(plan, locate) {
      for (const state of fresh(plan)) {
        const placement = plan.placements[state.placement]!;
        const offsets = new Map(placement.ranks.map((rank) => [rank, locate(state.buffer, rank)]));
        const at = (rank: number) => offsets.get(rank)!;
        homes.set(state.name, { state, placement, map: shardMap(state, placement), at });
      }
    },
    find(plan, buffer, rank) {
      const state = plan.states.find((s) => s.buffer === buffer);
      return state && homes.get(state.name)?.at(rank);
    },
  };
}

function agree({ state: old, placement: there }: Home, state: State, here: PlacementData): void {
  const text = (s: State, p: PlacementData) =>
    `${showType(s)} ${showLayout(
      canonical(s.layout, p),
      p.axes.map(({ name }) => name),
    )} on ${showPlacement(p)}`;
  const [has, wants] = [text(old, there), text(state, here)];
  if (has === wants) return;
  throw new PlanError("SL4020", `it is ${has} in the session and ${wants} in this plan`, {
    subject: `state "${state.name}"`,
    hint: "compile the second graph with the layouts of the first plan: { sharding: plan.sharding }, on its placement",
  });
}
