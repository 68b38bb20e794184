/**
 * @file In which order ops and micro-batches take turns where nothing else says so: all of a micro-batch before the next,
 * so that what one keeps for its backward pass is gone before another begins. What runs once a step goes before the
 * micro-batches when it hangs on none, else behind the last of them, in its place there.
 *
 * Where something needs what all micro-batches add up to and they need it in turn, as batch norm does, there is a round
 * more: all go as far as they can, then all go on.
 */
import type { Draft } from "../draft.ts";
import { producers } from "../draft.ts";
import type { InTime } from "./in-time.ts";

/** One op of one micro-batch; undefined: of the step. */
export interface Turn {
  readonly op: number;
  readonly microBatch: number | undefined;
}

export function inTurn({ graph }: Draft, each: InTime, count: number): readonly Turn[] {
  const makers = producers(graph);
  const rounds: number[] = [];
  /** Whether it hangs on what micro-batches add up to. */
  const late: boolean[] = [];
  for (const op of graph.ops) {
    const before = op.inputs.map((id) => makers[id]!.id);
    late[op.id] = each[op.id] === undefined && before.some((id) => each[id] !== undefined || late[id]!);
    // What runs once waits for the last micro-batch; each that takes it is of the next round.
    const waits = (id: number) => (each[op.id] !== undefined && late[id]! ? 1 : 0);
    rounds[op.id] = Math.max(0, ...before.map((id) => rounds[id]! + waits(id)));
  }
  const turns: Turn[] = [];
  const last = Math.max(0, ...rounds);
  for (let round = 0; round <= last; round++)
    for (let microBatch = 0; microBatch < count; microBatch++)
      for (const op of graph.ops) {
        if (rounds[op.id] !== round) continue;
        if (each[op.id]) turns.push({ op: op.id, microBatch });
        else if (microBatch === (late[op.id] ? count - 1 : 0)) turns.push({ op: op.id, microBatch: undefined });
      }
  return turns;
}
