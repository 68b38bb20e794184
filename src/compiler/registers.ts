/**
 * @file Groups what a task gives to others into registers, and draws an edge to every consumer. What passes within the
 * step is one register, or two if some of it has a single slot; what the host reads another, with more slots; its states
 * one more: one slot, read in the next step (delay 1), so the writer waits until all who read the old values are done.
 * Whoever reads what was later made in the same memory holds the first maker's register too, besides that of the last.
 */
import type { Edge, Register } from "../ir/plan.ts";
import { type Draft, producers, type TaskDraft, writers } from "./draft.ts";
import { findInPlace } from "./memory/in-place.ts";
import { spanOf, union } from "./spans.ts";
import { findUses } from "./uses.ts";

export function registers(draft: Draft): Draft {
  const { graph, buffers, bufferOf } = draft;
  const uses = findUses(draft);
  const produced = producers(graph);
  /** By value those that are made in its memory after it. */
  const later = new Map<number, number[]>();
  for (const [value, home] of findInPlace(draft, uses)) later.set(home, [...(later.get(home) ?? []), value]);
  const wrote = writers(graph);
  const made = new Map<string, Omit<Register, "buffers"> & { readonly buffers: Set<number> }>();
  const edges = new Map<string, Edge>();

  const register = (owner: TaskDraft, buffer: number): number => {
    const { role, slots } = buffers[buffer]!;
    const key = `${owner.id} ${role === "state" || role === "output" ? role : "step"} ${slots}`;
    const known = made.get(key) ?? { id: made.size, owner: owner.id, slots, buffers: new Set() };
    known.buffers.add(buffer);
    made.set(key, known);
    return known.id;
  };
  for (const { id } of graph.values) {
    if (uses.origin(id) !== id) continue;
    const op = produced[id]!;
    const state = op.kind === "state" ? wrote.get(op.attrs.state as string) : undefined;
    const maker = uses.taskOf.get(state ? state.op.id : op.id);
    if (!maker) continue; // a state that nothing writes is always there
    for (const [user, ops] of [id, ...(later.get(id) ?? [])].flatMap((value) => [...uses.of(value)])) {
      if (user === maker) continue;
      const reg = register(maker, bufferOf[id]!);
      const span = spanOf(draft, maker, state ? undefined : op, user, ops);
      const delay = state ? 1 : 0;
      const key = `${reg} ${user.id} ${delay}`;
      const before = edges.get(key)?.span ?? span;
      edges.set(key, {
        register: reg,
        from: maker.id,
        to: user.id,
        span: union(before, span, graph.placements[maker.placement]!, graph.placements[user.placement]!),
        produce: 1,
        consume: 1,
        delay,
      });
    }
  }
  const all = [...made.values()].map((known): Register => ({ ...known, buffers: [...known.buffers] }));
  return { ...draft, registers: all, edges: [...edges.values()] };
}
