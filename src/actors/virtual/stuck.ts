/**
 * @file Why a net stands still. Tasks take turns, so it stands where the one whose turn it is lacks something that comes
 * only after it: an arrival, or a slot that a later task lets go of. Then more slots free it, and are named.
 */
import { PlanError } from "../../ir/errors.ts";
import type { Net } from "../net.ts";
import type { VirtualRun } from "./clock.ts";

export function stuck(net: Net, { turn, states }: VirtualRun): PlanError {
  const spec = turn ?? net.sink;
  const state = states[spec.id - net.base.actor]!;
  const name = (id: number) => net.actors[id - net.base.actor]!.name;
  const empty = spec.ins.filter((edge) => state.arrived[edge.in]!.length === 0);
  const full = spec.outs.filter((register, i) => state.held[i]![state.fired % register.slots]! > 0);
  const waits = [
    ...empty.map((edge) => name(edge.from)),
    ...full.flatMap((register) => register.edges.map((edge) => `${name(edge.to)} to let go of a slot`)),
  ];
  /** Readers that let go of the slot only after the task's own turn. */
  const after = (to: number) => net.actors[to - net.base.actor]!.order >= spec.order;
  const holders = full.flatMap(({ id, slots, edges }) =>
    edges
      .filter(({ to, delay }) => delay > slots || (delay === slots && after(to)))
      .map(({ to, delay }) => ({ register: id - net.base.register, to, delay })),
  );
  const [first] = holders;
  const most = holders.reduce((slots, { delay }) => Math.max(slots, delay + 1), 0);
  const cycle = first === undefined ? "" : `; ${name(first.to)} comes after ${spec.name}, which waits for it`;
  return new PlanError(
    "SL4025",
    `the schedule stands still in step ${state.fired}: it waits for ${waits.join(", ")}${cycle}`,
    {
      subject: `task ${spec.name}`,
      hint:
        first === undefined
          ? "order the tasks so that each comes after what it reads, and after those that read what it overwrites"
          : `give register ${first.register} of ${spec.name} ${most} slots, or put ${name(first.to)} before it`,
    },
  );
}
