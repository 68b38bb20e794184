/** @file Summaries of steps as a table for people: a line for each rank, and one for ranks that are alike. */

import { ranges, seconds, table } from "../format.ts";
import { expectGiven } from "../given.ts";
import { grouped } from "./firings.ts";
import type { StepSummary } from "./summary.ts";

const parts = [
  ["compute", "compute"],
  ["exposed", "exposed communication"],
  ["bubble", "bubble"],
  ["inputWait", "input wait"],
  ["other", "other"],
] as const satisfies readonly (readonly [keyof StepSummary, string])[];

/**
 * The mean step of each rank: how long it is, and what share of it each part takes. The shares of a line add up to 100 %,
 * but for rounding. Hidden communication, the last column, is that part of all communication which computing hides; it
 * takes no time of its own.
 *
 * Throws OptionError SL1075 for what is no list of summaries.
 *
 * @example
 * console.log(summaryTable(session.summary()));
 * console.log(summaryTable(session.summary().filter(({ step }) => step >= 5))); // without those that warm up
 */
export function summaryTable(rows: readonly StepSummary[]): string {
  expectGiven(
    Array.isArray(rows) && rows.every((row) => typeof row?.rank === "number" && typeof row.ms === "number"),
    rows,
    "summaryTable, the rows",
    ["session.summary()", "plan.simulate().summary()"],
  );
  if (rows.length === 0) return "no whole step";
  const steps = [...new Set(rows.map(({ step }) => step))];
  const lines = [...grouped(rows, ({ rank }) => rank)].map(([rank, own]) => {
    const sum = (of: keyof StepSummary) => own.reduce((total, row) => total + row[of], 0);
    const ms = sum("ms");
    const [communication, exposed] = [sum("communication"), sum("exposed")];
    const cells = [
      seconds(ms / own.length / 1e3),
      ...parts.map(([name]) => percent(sum(name), ms)),
      communication === 0 ? "–" : percent(communication - exposed, communication),
    ];
    return { rank, cells };
  });
  const alike = [...grouped(lines, ({ cells }) => cells.join()).values()];
  const columns = ["step", ...parts.map(([, title]) => title), "hidden communication"];
  return [
    `mean of step${steps.length > 1 ? "s" : ""} ${ranges(steps)}`,
    ...table(
      [{ title: "rank" }, ...columns.map((title) => ({ title, right: true }))],
      alike.map((same) => [ranges(same.map(({ rank }) => rank)), ...same[0]!.cells]),
    ),
  ].join("\n");
}

const percent = (part: number, whole: number): string => `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(1)} %`;
