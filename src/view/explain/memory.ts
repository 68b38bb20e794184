/** @file The memory that a plan takes on its ranks, how near that is to the limit, and what lies otherwise because of it. */
import type { Layout } from "../../ir/layout.ts";
import type { PlanData, RankMemory } from "../../ir/plan.ts";
import { layoutText } from "../../sbp/canonical.ts";
import { bytes, ranges, table } from "../format.ts";
import { fold } from "./fold.ts";
import { nameOf } from "./tensors.ts";

export function memory(plan: PlanData): string[] {
  const { limit } = plan;
  const most = Math.max(...plan.memory.map((rank) => rank.bytes));
  const whose = limit.given ? "the option memory" : `the device's, shared by ${plan.memory.length} ranks`;
  const percent = ((100 * most) / limit.bytes).toPrecision(3);
  const moved = changed(plan);
  return [
    `  ${bytes(most)} of ${bytes(limit.bytes)} (${percent} %; the limit is ${whose})`,
    ...byRank(plan),
    moved.length
      ? "  To keep to the limit these lie otherwise than is cheapest:"
      : "  No layout gave way to the limit.",
    ...(moved.length
      ? table([{ title: "tensor" }, { title: "layout" }, { title: "with more memory" }], fold(moved))
      : []),
  ];
}

/** Ranks that need the same are one row. */
function byRank(plan: PlanData): string[] {
  const roles = [...new Set(plan.memory.flatMap(({ byRole }) => Object.keys(byRole)))];
  const alike = new Map<string, RankMemory[]>();
  for (const rank of plan.memory) {
    const key = JSON.stringify([rank.bytes, rank.byRole]);
    alike.set(key, [...(alike.get(key) ?? []), rank]);
  }
  return table(
    [{ title: "ranks" }, { title: "in all", right: true }, ...roles.map((title) => ({ title, right: true }))],
    [...alike.values()].map((ranks) => [
      ranges(ranks.map(({ rank }) => rank)),
      bytes(ranks[0]!.bytes),
      ...roles.map((role) => bytes(ranks[0]!.byRole[role] ?? 0)),
    ]),
  );
}

function changed({ placements, choices }: PlanData): string[][] {
  return choices.flatMap((choice) =>
    (choice.unlimited ?? []).flatMap((would, j) => {
      const text = (layout: Layout) => layoutText(layout, placements[choice.placement]!);
      const [is, was] = [text(choice.outs[j]!), text(would)];
      return is === was ? [] : [[nameOf(choice, j), is, was]];
    }),
  );
}
