/** @file The parameters of a plan with what their optimizer keeps for each. */
import { showType } from "../../ir/dtype.ts";
import type { PlanData } from "../../ir/plan.ts";
import { layoutText } from "../../sbp/canonical.ts";
import { count, table } from "../format.ts";
import { fold } from "./fold.ts";

export function parameters({ states, placements }: PlanData): string[] {
  const shown = states.filter(({ kind }) => kind === "param");
  const moments = (name: string) =>
    states.filter((s) => s.name.startsWith(`${name}.`)).map((s) => s.name.slice(name.length + 1));
  const elements = shown.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const rows = shown.map((s) => {
    const layout = layoutText(s.layout, placements[s.placement]!);
    return [s.name, showType(s), layout, moments(s.name).join(", ") || "none"];
  });
  return [
    ...table([{ title: "name" }, { title: "type" }, { title: "layout" }, { title: "moments" }], fold(rows)),
    `  ${count(elements)} elements`,
  ];
}
