/**
 * @file Proves a plan before it runs. Firings start in the order (firing number, place in the launch order), which all
 * lanes of the schedule keep, and a task waits only for tokens and for free slots; so a plan cannot deadlock exactly when every wait points
 * backwards in that order:
 * - firing n of a consumer waits for firing n − delay of the producer: delay ≥ 1, or the producer comes earlier;
 * - firing n of a producer waits until version n − slots is consumed, which happens at firing n − slots + delay of the
 *   consumer: delay < slots, or delay = slots and the consumer comes earlier.
 */
import { PlanError } from "../ir/errors.ts";
import type { Collective, PlanData } from "../ir/plan.ts";
import { launchOrder } from "../ir/schedule.ts";
import { verifyInPlace } from "./memory/verify-in-place.ts";
import { verifyMemory } from "./memory/verify-memory.ts";

type Provable = Pick<
  PlanData,
  "tasks" | "edges" | "registers" | "buffers" | "memory" | "placements" | "schedule" | "collectives"
>;

/** Throws PlanError SL3020 for a plan that would deadlock, SL3023 for collectives out of order, SL3021, SL3022, SL3024 for memory. */
export function verify(plan: Provable): void {
  verifyCollectives(plan);
  const order = launchOrder(plan);
  const place = new Map(order.map(({ id }, at) => [id, at]));
  for (const { register, from, to, delay } of plan.edges) {
    const { slots } = plan.registers[register]!;
    if (delay < slots || (delay === slots && place.get(to)! < place.get(from)!)) continue;
    const [producer, consumer] = [plan.tasks[from]!.name, plan.tasks[to]!.name];
    const what = `"${producer}" waits for one of its ${slots} slots, which "${consumer}" frees only after it`;
    throw new PlanError("SL3020", `the plan would deadlock: ${what}`, {
      subject: `${producer} → ${consumer}`,
      hint: `give register ${register} ${delay + 1} slots, or schedule "${consumer}" before "${producer}"`,
    });
  }
  verifyMemory(plan, order);
  verifyInPlace(plan, order);
}

/** All members of a communicator must start its collectives in one order, or each waits in another one. */
function verifyCollectives({ collectives, schedule, tasks }: Provable): void {
  const by = new Map(collectives.map((collective) => [collective.task, collective]));
  for (const { ranks, stream, tasks: lane } of schedule) {
    const last = new Map<number, Collective>();
    for (const task of lane) {
      const collective = by.get(task);
      if (!collective) continue;
      const { communicator, sequence, name } = collective;
      const before = last.get(communicator);
      last.set(communicator, collective);
      if (before === undefined || before.sequence < sequence) continue;
      throw new PlanError(
        "SL3023",
        `rank ${ranks.join(",")} starts number ${before.sequence} of communicator ${communicator} before number ${sequence}`,
        {
          subject: `collectives "${before.name}" and "${name}" on stream ${stream}`,
          hint: `start "${tasks[collective.task]!.name}" first on every rank, as the others do`,
        },
      );
    }
  }
}
