/**
 * @file In which order ops and micro-batches take turns where nothing else says so: all of a micro-batch before the next,
 * so that what one keeps for its backward pass is gone before another begins. What runs once a step goes before the
 * micro-batches when it hangs on none, else behind the last of them, in its place there.
 *
 * Where something needs what all micro-batches add up to and they need it in turn, as batch norm does, there is a round
 * more: all go as far as they can, then all go on.
 */

import type { Op } from "../../ir/graph.ts";
import type { Draft } from "../draft.ts";
import { producers } from "../draft.ts";
import type { InTime } from "./in-time.ts";

/** One op of one micro-batch; undefined: of the step. */
export interface Turn {
  readonly op: number;
  readonly microBatch: number | undefined;
  /** Ops of one number may be one task. */
  readonly turn: number;
}

export function inTurn(draft: Draft, each: InTime, count: number): readonly Turn[] {
  const { graph } = draft;
  const late = hangOnAll(draft, each);
  const rounds = roundsOf(draft, each);
  const turns: Turn[] = [];
  const last = Math.max(0, ...rounds);
  for (let round = 0; round <= last; round++)
    for (let microBatch = 0; microBatch < count; microBatch++)
      for (const { id: op } of graph.ops) {
        if (rounds[op] !== round) continue;
        if (each[op]) turns.push({ op, microBatch, turn: 0 });
        else if (microBatch === (late[op] ? count - 1 : 0)) turns.push({ op, microBatch: undefined, turn: 0 });
      }
  return turns;
}

/** What makes the totals that an op of a micro-batch takes: they are there only behind the last micro-batch. */
export function totalsTaken(draft: Draft, each: InTime): (op: Op) => readonly Op[] {
  const makers = producers(draft.graph);
  const late = hangOnAll(draft, each);
  const isTotal = (value: number) => {
    const { id, outputs } = makers[value]!;
    return late[id]! || each[id]?.gives[outputs.indexOf(value)]?.kind === "total";
  };
  return ({ id, inputs }) => (each[id] ? inputs.filter(isTotal).map((value) => makers[value]!) : []);
}

/** By op id how often all micro-batches must have gone as far as they can before it. */
function roundsOf(draft: Draft, each: InTime): readonly number[] {
  const makers = producers(draft.graph);
  const waitsFor = totalsTaken(draft, each);
  const rounds: number[] = [];
  for (const op of draft.graph.ops) {
    const totals = waitsFor(op);
    const before = op.inputs.map((value) => makers[value]!);
    rounds[op.id] = Math.max(0, ...before.map((by) => rounds[by.id]! + (totals.includes(by) ? 1 : 0)));
  }
  return rounds;
}

/** By op id whether it runs once a step and hangs on what micro-batches give. */
function hangOnAll({ graph }: Draft, each: InTime): readonly boolean[] {
  const makers = producers(graph);
  const late: boolean[] = [];
  for (const { id, inputs } of graph.ops) {
    const before = inputs.map((input) => makers[input]!.id);
    late[id] = each[id] === undefined && before.some((by) => each[by] !== undefined || late[by]!);
  }
  return late;
}
