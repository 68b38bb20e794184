/** @file What moves between ranks in a step: each collective with its bytes, and their sums by mesh axis. */
import type { PlanData } from "../../ir/plan.ts";
import { changeOf } from "../boxing-text.ts";
import { bytes, count, table } from "../format.ts";
import { fold } from "./fold.ts";

export function boxing(plan: PlanData): string[] {
  if (plan.collectives.length === 0) return ["  none: nothing moves between ranks"];
  const rows = plan.collectives.map((c) => {
    const task = plan.tasks.find(({ id }) => id === c.task)!;
    const received = [...new Set(c.received)].sort((a, b) => a - b);
    const each = received.length > 1 ? `${count(received[0]!)}–${count(received.at(-1)!)}` : count(received[0] ?? 0);
    return [c.name, c.kind, c.axis ?? "–", changeOf(plan, task), count(c.bytes), each];
  });
  return [
    ...table(
      [
        { title: "name" },
        { title: "step" },
        { title: "axis" },
        { title: "what" },
        { title: "in all, B", right: true },
        { title: "a rank receives, B", right: true },
      ],
      fold(rows),
    ),
    perAxis(plan),
  ];
}

function perAxis({ collectives }: PlanData): string {
  const axes = [...new Set(collectives.map(({ axis }) => axis))];
  const sum = (of: typeof collectives) => of.reduce((total, c) => total + c.bytes, 0);
  const each = axes.map((axis) => `${axis ?? "transfers"} ${count(sum(collectives.filter((c) => c.axis === axis)))} B`);
  return `  by axis: ${each.join(", ")}; in all ${count(sum(collectives))} B (${bytes(sum(collectives))})`;
}
