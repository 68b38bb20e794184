/**
 * @file Results that take over the memory of what they are made of. An all-reduce whose input nobody else reads stores its
 * result where the input was: half the memory, and no line is fetched only to be overwritten. Every rank reads and stores
 * its own slice alone, so members need no order among themselves; and who reads the result holds the slot that the maker of
 * the input filled, so the maker begins anew behind the last reader. `verify-in-place.ts` proves both from the plan.
 */
import { type Draft, producers, writers } from "../draft.ts";
import type { Uses } from "../uses.ts";

/** By result the value in whose memory it lies: the first of those that follow one another there. */
export function findInPlace({ graph, boxing }: Draft, uses: Uses): ReadonlyMap<number, number> {
  const produced = producers(graph);
  const kept = new Set([...Object.values(graph.outputs), ...[...writers(graph).values()].map(({ value }) => value)]);
  const keeps = new Set([...kept].map(uses.origin));
  /** Whether a task makes it in each step, for this step alone. */
  const passes = (value: number) => !["input", "state"].includes(produced[value]!.kind) && !keeps.has(value);
  const found = new Map<number, number>();
  for (const op of graph.ops) {
    if (boxing.get(op.id)?.kind !== "all-reduce" || uses.taskOf.get(op.id)?.stream !== "comm") continue;
    const [from, to] = [uses.origin(op.inputs[0]!), op.outputs[0]!];
    const readers = [...uses.of(from).values()].flat();
    if (readers.length === 1 && passes(from) && passes(to)) found.set(to, found.get(from) ?? from);
  }
  return found;
}
