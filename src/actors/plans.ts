/**
 * @file The plans of a session in one memory: the first lays the ground, further ones are added over the same states.
 * Here they are data in memory; actors and threads come later.
 */

import type { NdArray } from "../ir/array.ts";
import { PlanError, SessionError } from "../ir/errors.ts";
import type { PlanData } from "../ir/plan.ts";
import type { LoadedPlan } from "../ir/session.ts";
import { createExecutor, type Engine } from "../kernels/engine.ts";
import type { HostOp } from "../kernels/host.ts";
import { createArena } from "./arena.ts";
import { checkDefined } from "./defined.ts";
import { expand } from "./expand.ts";
import { checkArray } from "./feeds.ts";
import { type Installed, install, type PlanMemory } from "./install.ts";
import type { Waits } from "./mapping.ts";
import type { Net } from "./net.ts";
import { rehearse } from "./rehearse.ts";
import type { CollectiveTraffic } from "./session-types.ts";
import { gather, scatter } from "./shards.ts";
import { createHomes } from "./states.ts";
import { createTexts } from "./texts.ts";
import { type Region, readTraffic } from "./traffic.ts";

export interface Loaded {
  readonly plan: PlanData;
  readonly net: Net;
  readonly memory: PlanMemory;
}

/** Firing numbers that a launch record has room for at least, so that a further plan may bring a wider task. */
const leastSeqs = 32;

export const ranksOf = (plan: PlanData): number[] =>
  [...new Set(plan.placements.flatMap((p) => p.ranks))].toSorted((a, b) => a - b);

/** The most firing numbers that a launch of a plan carries. */
const widest = ({ programs }: PlanMemory): number => 1 + Math.max(0, ...programs.map((p) => p?.arrivals.length ?? 0));

/**
 * @param ops what users had defined when the session began
 * @param waits what tasks wait for links
 */
export function createPlans(
  engine: Engine,
  seed: number | undefined,
  ops: readonly HostOp[],
  waits: Waits | undefined,
) {
  const arena = createArena(engine.reserved);
  const stack = arena.take(engine.stack, "the loop's stack") + engine.stack;
  const executor = createExecutor(engine, arena.memory, stack);
  const program = arena.take(64, "the empty program");
  const empty: Installed = { program, workspace: 0, arrivals: [], patience: 0, delay: 0 };
  const text = createTexts(arena);
  const homes = createHomes();
  const loaded: Loaded[] = [];
  let regions: readonly Region[] = [];
  let seqs = 0;

  function home(name: string) {
    const found = homes.get(name);
    if (found) return found;
    throw new SessionError("SL4013", `there is no state "${name}"`, { subject: "session", choices: homes.names });
  }

  return {
    arena,
    /** A program of no calls. */
    empty,
    loaded: loaded as readonly Loaded[],
    /** Who is who among the session's actors. */
    get numbered(): LoadedPlan[] {
      return loaded.map(({ plan: { name, hash }, net }) => ({ name, hash, actor: net.base.actor }));
    },
    /** Firing numbers that a launch record must have room for; settled by the first plan. */
    get seqs() {
      return seqs;
    },
    get states() {
      return homes.names;
    },

    /**
     * @throws PlanError SL4020 a state differs, SL4021 too little memory, SL4022 another rank, SL4023 or SL4025 it cannot
     *   run, SL4024 wider tasks than the first plan's, SL4033 or SL4034 an op of the user's is not there
     * @throws SessionError SL4030 or SL4031 no thread can load one that it uses
     */
    add(plan: PlanData): Loaded {
      const subject = `plan ${plan.name}`;
      const ranks = ranksOf(loaded[0]?.plan ?? plan);
      const foreign = ranksOf(plan).filter((rank) => !ranks.includes(rank));
      if (foreign.length)
        throw new PlanError("SL4022", `it runs on ranks ${foreign.join(",")}, which the session lacks`, {
          subject,
          choices: ranks.map(String),
          hint: "build both graphs on one placement, or launch the plan with more ranks first",
        });
      checkDefined(plan, ops);
      homes.check(plan);
      const net = expand(plan, loaded.at(-1)?.net.next ?? { actor: 0, edge: 0, register: 0 });
      rehearse(net);
      const memory = install(plan, net, { arena, executor, homes, regions, seed, text, waits });
      if (loaded.length === 0) seqs = Math.max(leastSeqs, widest(memory));
      if (widest(memory) > seqs)
        throw new PlanError("SL4024", `a task reads ${widest(memory)} registers, launch records hold ${seqs}`, {
          subject,
          hint: "start the session with this plan, and load the other one",
        });
      homes.admit(plan, memory.locate);
      regions = memory.regions;
      const entry = { plan, net, memory };
      loaded.push(entry);
      return entry;
    },

    read(name: string): NdArray {
      const { state, map, at } = home(name);
      const data = gather(map, (rank, elements) => arena.view(state.dtype, at(rank), elements));
      return { shape: [...state.shape], dtype: state.dtype, data };
    },
    write(name: string, value: NdArray): void {
      const { state, map, at } = home(name);
      checkArray(state, value, `state "${name}"`, "give the whole value, of the shape that reading it gives");
      scatter(map, value.data, (rank, elements) => arena.view(state.dtype, at(rank), elements));
    },
    traffic(hash: string): CollectiveTraffic[] {
      const found = loaded.find((entry) => entry.plan.hash === hash);
      if (!found)
        throw new SessionError("SL4013", `there is no plan with hash ${hash.slice(0, 12)}…`, {
          subject: "session",
          hint: "load the plan first, with session.load(plan)",
        });
      const { plan, memory } = found;
      return plan.collectives.map((c) =>
        readTraffic(arena, c, plan.placements[c.placement]!, memory.regions, (rank) => memory.blockOf(c.id, rank)),
      );
    },
  };
}
