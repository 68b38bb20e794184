/** @file The signature that each op was given, and how many there were to choose from. */
import type { Layout } from "../../ir/layout.ts";
import type { Choice, PlanData } from "../../ir/plan.ts";
import { layoutText } from "../../sbp/canonical.ts";
import { table } from "../format.ts";
import { fold } from "./fold.ts";

export function signatures(plan: PlanData): string[] {
  const shown = plan.choices.filter(({ ins }) => ins.length > 0);
  return table(
    [{ title: "op" }, { title: "ins → outs" }, { title: "chosen" }],
    fold(shown.map((choice) => [choice.op, signature(plan, choice), chosen(choice)])),
  );
}

export const chosen = ({ fixed, candidates }: Choice): string =>
  fixed ? "set by user" : candidates > 1 ? `best of ${candidates}` : "the only one";

/** Equal layouts in a row are said once: `S(0),B · B,S(1) ×3 → B,S(1)`. What an op takes comes to where it runs. */
function signature({ placements }: PlanData, { ins, outs, placement }: Choice): string {
  const side = (layouts: readonly Layout[]) => {
    const runs: [text: string, times: number][] = [];
    for (const text of layouts.map((layout) => layoutText(layout, placements[placement]!))) {
      const run = runs.at(-1);
      if (run?.[0] === text) run[1]++;
      else runs.push([text, 1]);
    }
    return runs.map(([text, n]) => (n > 1 ? `${text} ×${n}` : text)).join(" · ");
  };
  return `${side(ins)} → ${side(outs)}`;
}
