/** @file A plan's report as people read it. */
import { bytes, count, table } from "../view/format.ts";
import type { PlanReport } from "./report.ts";
import { flops, rate, time } from "./units.ts";

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const named = (sizes: Readonly<Record<string, number>>) =>
  Object.entries(sizes)
    .map(([name, size]) => `${name} ${count(size)}`)
    .join(", ");

/** Names on the left, what is said of them on the right. */
export const facts = (pairs: readonly (readonly [name: string, text: string])[]): string[] => {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
};

const deviceText = ({ flops: perSecond, bandwidth, precision }: PlanReport["device"]) =>
  `${flops(perSecond)}${precision === undefined ? "" : ` in ${precision}`}, ${bytes(bandwidth)}/s of memory`;

const precisionText = ({ device, precision }: PlanReport) =>
  device.precision === undefined || device.precision === precision
    ? precision
    : `${precision}, in which that device may be far slower than predicted; compile has an option precision`;

const unusedText = ({ unusedLinks, mesh }: PlanReport) =>
  `links of ${unusedLinks.join(", ")}: nothing goes along ${unusedLinks.length > 1 ? "these axes" : "this axis"} of ${named(mesh)}`;

export function reportText(report: PlanReport): string {
  const { memory, limit, traffic, use, bubble, samples, stepTime } = report;
  const most = Math.max(...memory.map((row) => row.bytes));
  const roles = [...new Set(memory.flatMap(({ byRole }) => Object.keys(byRole)))];
  const shares = [
    `compute ${percent(use.compute)}`,
    `exposed communication ${percent(use.exposed)}`,
    `idle ${percent(use.idle)}`,
  ];
  return [
    ...facts([
      ["plan", report.plan],
      ["cluster", report.cluster],
      ["device", deviceText(report.device)],
      ["precision", precisionText(report)],
      ["mesh", `${named(report.mesh)}: ${count(report.ranks)} ranks`],
      ...(Object.keys(report.dims).length > 0 ? [["dims", named(report.dims)] as const] : []),
      ["parameters", count(report.parameters)],
      ["memory", `${bytes(most)} of ${bytes(limit)} a rank: ${report.fits ? "fits" : "does not fit"}`],
      ["moved", `${bytes(report.bytes)} a step between ranks`],
      ["step", `${time(stepTime)}, ${rate(samples.perSecond, samples.unit)}, as predicted`],
      ["ranks' time", shares.join(", ")],
      ...(bubble === undefined
        ? []
        : [["bubble", `the rank that waits most waits ${percent(bubble)} of the time that its actions take`] as const]),
      ...(report.unusedLinks.length > 0 ? [["not used", unusedText(report)] as const] : []),
    ]),
    "",
    "memory",
    ...table(
      ["ranks", "in all", "most in use", ...roles].map((title, i) => ({ title, right: i > 0 })),
      memory.map((row) => [
        row.ranks,
        bytes(row.bytes),
        bytes(row.live),
        ...roles.map((role) => bytes(row.byRole[role] ?? 0)),
      ]),
    ),
    ...(traffic.length === 0
      ? []
      : [
          "",
          "moved in a step, over all ranks",
          ...table(
            [
              { title: "axis" },
              { title: "link" },
              { title: "what" },
              { title: "times", right: true },
              { title: "bytes", right: true },
            ],
            traffic.map((row) => [row.axis ?? "–", row.link, row.kind, count(row.collectives), bytes(row.bytes)]),
          ),
        ]),
    "",
  ].join("\n");
}
