/**
 * @file Places every buffer in the ranks' regions: one after the other on whole cache lines, states first, so that what
 * outlives the step lies together. The sum is what a rank needs.
 */
import type { Buffer, RankMemory } from "../ir/plan.ts";
import type { Draft } from "./draft.ts";

const roles: readonly Buffer["role"][] = ["state", "input", "activation", "output", "workspace"];

export function memory(draft: Draft): Draft {
  const { placements } = draft.graph;
  const top = new Map<number, number>();
  const byRole = new Map<number, Record<string, number>>();
  const placed: Buffer[] = [];
  const order = [...draft.buffers].sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role) || a.id - b.id);
  for (const buffer of order) {
    const { ranks } = placements[buffer.placement]!;
    const offset = Math.max(...ranks.map((rank) => top.get(rank) ?? 0));
    const bytes = buffer.bytes * buffer.slots;
    placed[buffer.id] = { ...buffer, offset };
    for (const rank of ranks) {
      top.set(rank, offset + bytes);
      const of = byRole.get(rank) ?? {};
      byRole.set(rank, { ...of, [buffer.role]: (of[buffer.role] ?? 0) + bytes });
    }
  }
  const ranks = [...top.keys()].sort((a, b) => a - b);
  const perRank = ranks.map((rank): RankMemory => ({ rank, bytes: top.get(rank)!, byRole: byRole.get(rank)! }));
  return { ...draft, buffers: placed, memory: perRank };
}
