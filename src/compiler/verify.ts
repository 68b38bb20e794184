/**
 * @file Proves a plan before it runs. Firings start in the order (firing number, place in the schedule), the same on every
 * rank, and a task waits only for tokens and for free slots; so a plan cannot deadlock exactly when every wait points
 * backwards in that order:
 * - firing n of a consumer waits for firing n − delay of the producer: delay ≥ 1, or the producer comes earlier;
 * - firing n of a producer waits until version n − slots is consumed, which happens at firing n − slots + delay of the
 *   consumer: delay < slots, or delay = slots and the consumer comes earlier.
 */
import { PlanError } from "../ir/errors.ts";
import type { PlanData } from "../ir/plan.ts";

export function verify(
  plan: Pick<PlanData, "tasks" | "edges" | "registers" | "buffers" | "memory" | "placements">,
): void {
  for (const edge of plan.edges) {
    const [from, to] = [plan.tasks[edge.from]!, plan.tasks[edge.to]!];
    const { slots } = plan.registers[edge.register]!;
    const deadlock = (what: string, hint: string) => {
      throw new PlanError("SL3020", `the plan would deadlock: ${what}`, { subject: `${from.name} → ${to.name}`, hint });
    };
    if (edge.delay < 1 && from.order >= to.order)
      deadlock(
        `"${to.name}" (place ${to.order}) needs what "${from.name}" (place ${from.order}) gives later in the same step`,
        `schedule "${from.name}" before "${to.name}"`,
      );
    if (edge.delay > slots || (edge.delay === slots && to.order >= from.order))
      deadlock(
        `"${from.name}" waits for one of its ${slots} slots, which "${to.name}" frees only after it`,
        `give register ${edge.register} ${edge.delay + 1} slots, or schedule "${to.name}" before "${from.name}"`,
      );
  }
  const ranks = plan.placements.map((placement) => new Set(placement.ranks));
  const known = new Map<string, ReturnType<typeof spansOn>>();
  for (const { rank, bytes } of plan.memory) {
    // Ranks of the same placements hold the same buffers.
    const on = ranks.map((each) => each.has(rank));
    const spans = known.get(on.join()) ?? spansOn(plan.buffers, on);
    known.set(on.join(), spans);
    spans.forEach(([start], i) => {
      if (i > 0 && start < spans[i - 1]![1])
        throw new PlanError("SL3021", `two buffers overlap at byte ${start} of rank ${rank}`, {
          hint: "compile again",
        });
    });
    const end = spans.at(-1)?.[1] ?? 0;
    if (end > bytes)
      throw new PlanError("SL3022", `buffers of rank ${rank} end at byte ${end}, its memory is ${bytes} bytes`, {
        hint: "compile again",
      });
  }
}

/** What the buffers of these placements occupy, in order. */
const spansOn = (buffers: PlanData["buffers"], on: readonly boolean[]) =>
  buffers
    .filter(({ placement }) => on[placement])
    .map(({ offset, bytes, slots }) => [offset, offset + bytes * slots] as const)
    .sort((a, b) => a[0] - b[0]);
