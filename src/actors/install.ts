/**
 * @file Puts a plan into memory: a region a rank, the counters of its collectives, and every task's program with
 * addresses in place of operands. States that an earlier plan of the session has brought stay where they are.
 */

import { InternalError } from "../ir/errors.ts";
import type { PlanData, RankClass, Stream } from "../ir/plan.ts";
import { encode, fixed, type Resolver } from "../kernels/encode.ts";
import type { Executor } from "../kernels/kind.ts";
import type { Arena } from "./arena.ts";
import type { Waits } from "./mapping.ts";
import { HOST, type Net } from "./net.ts";
import { type Arrival, type Locate, place } from "./operands.ts";
import { patienceOf } from "./patience.ts";
import { reseed } from "./seed.ts";
import type { StateHomes } from "./states.ts";
import type { Text } from "./texts.ts";
import { type Region, trafficBytes, writeBlock } from "./traffic.ts";

/** A program in memory, and which firing numbers its launch record must carry behind the task's own. */
export interface Installed {
  readonly program: number;
  readonly workspace: number;
  readonly arrivals: readonly Arrival[];
  /** Milliseconds that it may take on a slow machine. */
  readonly patience: number;
  /** Whole microseconds that it takes at least. */
  readonly delay: number;
}

/** A program that fills a state on a rank. */
export interface Filler {
  readonly rank: number;
  readonly name: string;
  readonly installed: Installed;
}

export interface PlanMemory {
  readonly locate: Locate;
  /** By actor, counted from the net's first; nothing for those on the host. */
  readonly programs: readonly (Installed | undefined)[];
  readonly fillers: readonly Filler[];
  /** All that its counters tell apart, ascending. */
  readonly regions: readonly Region[];
  blockOf(collective: number, rank: number): number;
}

/** What a session has in memory before this plan. */
export interface Tenancy {
  readonly arena: Arena;
  /** The loop's own; it only asks for workspaces. */
  readonly executor: Executor;
  readonly homes: StateHomes;
  readonly regions: readonly Region[];
  readonly seed: number | undefined;
  /** Puts a program's text into memory. */
  readonly text: Text;
  readonly waits: Waits | undefined;
}

/** @throws PlanError SL4021 when the memory does not suffice */
export function install(
  plan: PlanData,
  net: Net,
  { arena, executor, homes, regions: before, seed, text, waits }: Tenancy,
): PlanMemory {
  const own = takeRegions(plan, arena);
  for (const { start, bytes } of own.values()) executor.largePages?.(start, bytes);
  const regions = [...before, ...own.values()];
  const locate: Locate = (buffer, rank) => {
    const region = own.get(rank);
    if (!region) throw new InternalError(`buffer "${plan.buffers[buffer]!.name}" is asked for on rank ${rank}`);
    return homes.find(plan, buffer, rank) ?? region.start + plan.buffers[buffer]!.offset;
  };

  const blocks = new Map<string, number>();
  const blockOf = (collective: number, rank: number): number => {
    const key = `${collective} ${rank}`;
    const known = blocks.get(key);
    if (known !== undefined) return known;
    const at = arena.take(trafficBytes(regions.length), "the counters of the collectives");
    writeBlock(arena, at, regions, own.get(rank)!);
    blocks.set(key, at);
    return at;
  };
  for (const { id, placement } of plan.collectives)
    for (const rank of plan.placements[placement]!.ranks) blockOf(id, rank);

  const write = (
    name: string,
    placement: number,
    stream: Stream,
    rank: number,
    classes: readonly RankClass[],
    address: Resolver["address"],
  ) => {
    const found = classes.find(({ ranks }) => ranks.includes(rank));
    const calls = reseed(found?.program ?? [], plan.seed, seed ?? plan.seed);
    const words = encode(calls, { address, traffic: (collective) => blockOf(collective, rank), text });
    const program = arena.take(words.length * 8, "the programs");
    arena.doubles(program, words.length).set(words);
    const scratch = workspaceOf(plan, placement, stream);
    const needed = executor.workspace(program);
    if (needed > (scratch?.bytes ?? 0))
      throw new InternalError(
        `${name} needs a workspace of ${needed} bytes on stream ${stream}, the plan has ${scratch?.bytes ?? 0}`,
      );
    const patience = patienceOf(calls, plan.buffers);
    return { program, workspace: scratch ? locate(scratch.id, rank) : 0, patience };
  };

  const seconds = waits?.(plan);
  const programs = net.actors.map((spec): Installed | undefined => {
    if (spec.rank === HOST) return undefined;
    const arrivals: Arrival[] = [];
    const { placement, classes } = plan.tasks[spec.template]!;
    const address: Resolver["address"] = (operand) => place(plan, net, spec, operand, locate, arrivals);
    const delay = Math.round((seconds?.[spec.template] ?? 0) * 1e6);
    const { patience, ...written } = write(spec.name, placement, spec.stream, spec.rank, classes, address);
    return { ...written, arrivals, delay, patience: patience + delay / 1000 };
  });
  const fillers = homes.fresh(plan).flatMap(({ name, placement, classes }) =>
    plan.placements[placement]!.ranks.map((rank): Filler => {
      const address: Resolver["address"] = (operand) => fixed(locate(operand.buffer, rank));
      const installed = {
        ...write(`state ${name} @${rank}`, placement, "compute", rank, classes, address),
        arrivals: [],
        delay: 0,
      };
      return { rank, name, installed };
    }),
  );
  return { locate, programs, fillers, regions, blockOf };
}

/** Fresh memory for every rank of the plan, as large as its buffers there need. */
function takeRegions(plan: PlanData, arena: Arena): Map<number, Region> {
  const ranks = [...new Set(plan.placements.flatMap((p) => p.ranks))].toSorted((a, b) => a - b);
  return new Map(
    ranks.map((rank) => {
      const here = plan.buffers.filter((b) => plan.placements[b.placement]!.ranks.includes(rank));
      const bytes = Math.max(0, ...here.map((b) => b.offset + b.bytes * b.slots));
      return [rank, { rank, start: arena.take(bytes, `the region of rank ${rank}`), bytes }];
    }),
  );
}

const workspaceOf = (plan: PlanData, placement: number, stream: Stream) =>
  plan.buffers.find((b) => b.role === "workspace" && b.placement === placement && b.name === `workspace.${stream}`);
