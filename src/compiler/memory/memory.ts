/**
 * @file Places every buffer in the ranks' regions, on whole cache lines: first what keeps its place, one after the other,
 * states before all, so that what outlives the step lies together; then what is there for a while, sharing memory with
 * what is there at other times.
 */
import type { Buffer, RankMemory } from "../../ir/plan.ts";
import type { Draft } from "../draft.ts";
import { arrange } from "./arrange.ts";
import { lifetimes } from "./lifetimes.ts";

const roles: readonly Buffer["role"][] = ["state", "input", "activation", "output", "workspace"];

export function memory(draft: Draft): Draft {
  const { placements } = draft.graph;
  const lives = lifetimes(draft);
  const ranksOf = (buffer: Buffer) => placements[buffer.placement]!.ranks;
  const top = new Map<number, number>(placements.flatMap(({ ranks }) => ranks).map((rank) => [rank, 0]));
  const byRole = new Map([...top.keys()].map((rank) => [rank, {} as Record<string, number>]));
  const placed: Buffer[] = [];
  const topOf = (buffer: Buffer) => Math.max(...ranksOf(buffer).map((rank) => top.get(rank)!));

  const kept = draft.buffers.filter(({ id }) => !lives[id]);
  for (const buffer of kept.toSorted((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role) || a.id - b.id)) {
    const offset = topOf(buffer);
    const bytes = buffer.bytes * buffer.slots;
    placed[buffer.id] = { ...buffer, offset };
    for (const rank of ranksOf(buffer)) {
      top.set(rank, offset + bytes);
      const of = byRole.get(rank)!;
      of[buffer.role] = (of[buffer.role] ?? 0) + bytes;
    }
  }

  const passing = draft.buffers.filter(({ id }) => lives[id]);
  const bottoms = new Map(
    placements.map((placement) => [placement, Math.max(...placement.ranks.map((r) => top.get(r)!))]),
  );
  const offsets = arrange(
    passing.map((buffer) => ({
      ...lives[buffer.id]!,
      bytes: buffer.bytes,
      from: bottoms.get(placements[buffer.placement]!)!,
      ranks: ranksOf(buffer),
    })),
  );
  const before = new Map(top);
  for (const [i, buffer] of passing.entries()) {
    placed[buffer.id] = { ...buffer, offset: offsets[i]! };
    for (const rank of ranksOf(buffer)) top.set(rank, Math.max(top.get(rank)!, offsets[i]! + buffer.bytes));
  }
  const perRank = [...top.keys()]
    .sort((a, b) => a - b)
    .map((rank): RankMemory => {
      const shared = top.get(rank)! - before.get(rank)!;
      const of = byRole.get(rank)!;
      if (shared > 0) of.activation = (of.activation ?? 0) + shared;
      return { rank, bytes: top.get(rank)!, byRole: of };
    });
  return { ...draft, buffers: placed, memory: perRank };
}
