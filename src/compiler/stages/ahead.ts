/**
 * @file What is computed ahead of a pipeline. A schedule lets micro-batches through one after the other, so none of them can
 * wait for what all add up to, unless that hangs on inputs alone, as the number of rows that count does, or the sum of
 * their weights: it is added up before the first action, and there for each of them.
 */
import { LayoutError } from "../../ir/errors.ts";
import type { Op } from "../../ir/graph.ts";
import { type Draft, producers } from "../draft.ts";
import type { InTime } from "../micro/in-time.ts";
import { totalsTaken } from "../micro/order.ts";

/** Ops by id. Throws LayoutError SL5026 for an op of a micro-batch that waits for all of them otherwise. */
export function aheadOf(draft: Draft, each: InTime): ReadonlySet<number> {
  const { graph } = draft;
  const makers = producers(graph);
  const free = hangOnInputs(draft);
  const waitsFor = totalsTaken(draft, each);
  const ahead = new Set<number>();
  const take = (op: Op): void => {
    if (ahead.has(op.id)) return;
    ahead.add(op.id);
    for (const id of op.inputs) take(makers[id]!);
  };
  for (const op of graph.ops)
    for (const total of waitsFor(op)) {
      if (!free.has(total)) throw refuse(draft, op, total);
      take(total);
    }
  return ahead;
}

/** Ops that no parameter, no state and no transfer is in. */
function hangOnInputs({ graph }: Draft): ReadonlySet<Op> {
  const makers = producers(graph);
  const place = (value: number) => graph.values[value]!.placement;
  const free = new Set<Op>();
  for (const op of graph.ops) {
    const here = op.inputs.every((id) => free.has(makers[id]!) && place(id) === place(op.outputs[0]!));
    if (here && op.kind !== "state" && !op.writes?.some((state) => state !== null)) free.add(op);
  }
  return free;
}

function refuse({ graph }: Draft, op: Op, total: Op): LayoutError {
  const [made] = total.outputs.map((id) => graph.values[id]!);
  const of = graph.values[op.outputs[0]!]!.gradientOf;
  return new LayoutError(
    "SL5026",
    `${op.kind} of each micro-batch takes "${made!.name}", what all of them add up to, and a pipeline lets one through after the other`,
    {
      subject: of === undefined ? op.name : `gradient of "${of}"`,
      at: op.at,
      choices: [
        "take a total of inputs alone, which is added up ahead",
        "a norm of each row, such as nn.layerNorm",
        "compile on one placement, without a schedule",
      ],
    },
  );
}
