/**
 * @file Every tensor of a plan: its layout, what a rank holds of it, what making it so takes in a step, the next best
 * layout, and by what that lost.
 */
import type { Layout } from "../../ir/layout.ts";
import type { Choice, PlanData, Rival } from "../../ir/plan.ts";
import { layoutText } from "../../sbp/canonical.ts";
import { bytes, seconds, table } from "../format.ts";
import { fold } from "./fold.ts";

export function tensors(plan: PlanData): string[] {
  const tight = plan.choices.some(({ unlimited }) => unlimited);
  const rows = plan.choices.flatMap((choice) =>
    choice.outs.map((layout, j) => {
      const text = (of: Layout) => layoutText(of, plan.placements[choice.placement]!);
      const rival = choice.fixed ? null : (choice.rivals?.[j] ?? null);
      return [
        nameOf(choice, j),
        text(layout),
        bytes(choice.held[j]!),
        choice.compute ? seconds(choice.compute) : "–",
        choice.boxing ? seconds(choice.boxing) : "–",
        ...(rival ? [text(rival.layout) + remark(rival, tight), ...more(rival)] : [alone(choice), "", "", ""]),
      ];
    }),
  );
  return table(
    [
      { title: "tensor" },
      { title: "layout" },
      { title: "holds", right: true },
      { title: "compute", right: true },
      { title: "boxing", right: true },
      { title: "next best: dearer by" },
      { title: "compute", right: true },
      { title: "boxing", right: true },
      { title: "memory", right: true },
    ],
    fold(rows),
  );
}

/** As the builder names values. */
export const nameOf = ({ op, outs }: Choice, output: number): string => (outs.length > 1 ? `${op}.${output}` : op);

/** What is said where nothing came next. */
export const alone = ({ fixed, candidates }: Choice): string =>
  fixed ? "set by user" : candidates > 1 ? "no other nearby" : "the only one";

/** Why it lost: what makes it dearer, what most first. `tight`: the limit on memory has changed layouts. */
export function remark({ compute, boxing, memory }: Rival, tight: boolean): string {
  const time = compute + boxing;
  if (time < 0 && memory > 0 && tight) return ", too large";
  if (time === 0) return ", as fast";
  const dearer = [
    ["compute", compute],
    ["boxing", boxing],
  ] as const;
  const by = dearer.filter(([, more]) => more > 0).toSorted(([, a], [, b]) => b - a);
  return by.length ? `: ${by.map(([what]) => what).join(", ")}` : "";
}

const more = ({ compute, boxing, memory }: Rival): string[] => [
  signed(compute, seconds),
  signed(boxing, seconds),
  signed(memory, bytes),
];

const signed = (n: number, text: (n: number) => string): string =>
  n === 0 ? "–" : `${n > 0 ? "+" : "−"}${text(Math.abs(n))}`;
