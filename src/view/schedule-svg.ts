/**
 * @file A pipeline schedule as a picture: a row for each rank, a box for each forward and backward with its micro-batch's
 * number, nothing where the rank waits. Where messages take time they are strips below the boxes.
 *
 * Colours are a style sheet in the picture, with a dark half for those who read on dark pages. Kinds differ in lightness
 * too, chunks in strength.
 */
import { scaleLinear } from "d3-scale";
import { isTransfer, ranksOf } from "../compiler/pipeline/action.ts";
import { type ScheduleCosts, type ScheduleSpan, simulateSchedule } from "../compiler/pipeline/simulate.ts";
import { range } from "../graph/dims.ts";
import { userLine } from "../graph/source.ts";
import { checkOptions, OptionError, showGiven } from "../ir/errors.ts";
import type { Schedule } from "../ir/pipeline.ts";
import { count } from "./format.ts";
import { faint, fontStack, grid, ink, page } from "./style.ts";
import { element, text } from "./svg-text.ts";

export interface RenderScheduleOptions {
  /** As of `simulateSchedule`. Default: forward and both parts of backward take 1, messages nothing. */
  readonly costs?: ScheduleCosts;
  /** Time at which the picture ends, so that several have one scale. Default: when the schedule does. */
  readonly until?: number;
}

const width = 800;
const left = 62;
const right = width - 16;
const top = 96;
const row = 30;
const box = { height: 22, gap: 0.75 };
const strip = { below: 23.5, height: 3.5 };
/** Room that a digit takes. */
const digit = 6;

const names = {
  F: "forward",
  B: "backward",
  I: "gradient of the input",
  W: "gradient of the weights",
  T: "message",
} as const;
type Colour = keyof typeof names;

interface Theme {
  readonly page: string;
  readonly ink: string;
  readonly faint: string;
  readonly grid: string;
  readonly boxes: Readonly<Record<Colour, readonly [fill: string, digits: string]>>;
}

const light: Theme = {
  page,
  ink,
  faint,
  grid,
  boxes: {
    F: ["#7ba6d9", "#10233a"],
    B: ["#e9a05a", "#3a2008"],
    I: ["#f3cf8f", "#3d2d0a"],
    W: ["#bcdcb4", "#1d3a16"],
    T: ["#9a86bd", "#222222"],
  },
};

const dark: Theme = {
  page: "#0d1117",
  ink: "#e6edf3",
  faint: "#9198a1",
  grid: "#2a313a",
  boxes: {
    F: ["#3f74b5", "#ffffff"],
    B: ["#b8681f", "#ffffff"],
    I: ["#94701f", "#ffffff"],
    W: ["#3f7a38", "#ffffff"],
    T: ["#9a86bd", "#ffffff"],
  },
};

/**
 * A schedule in time as SVG, 800 wide: rows are ranks, colours kinds of work, numbers micro-batches, gaps the bubble. Of
 * several chunks the later are paler. The same input gives the same bytes; light and dark pages have colours of their own.
 *
 * @throws What `simulateSchedule` does; OptionError SL1074 for an unknown option, SL1075 for an end before the schedule's.
 * @example
 * const svg = renderSchedule(schedule("zbv", { ranks: 4, microBatches: 8 }));
 */
export function renderSchedule(schedule: Schedule, options: RenderScheduleOptions = {}): string {
  checkOptions("SL1074", "renderSchedule", options, ["costs", "until"], userLine);
  const { costs = { forward: 1, inputGradient: 1, weightGradient: 1 } } = options;
  const { makespan, bubble, spans } = simulateSchedule(schedule, costs);
  const { until = makespan } = options;
  if (!(Number.isFinite(until) && until >= makespan))
    throw new OptionError("SL1075", `it is ${showGiven(until)}, and the schedule ends at ${makespan}`, {
      subject: "renderSchedule, option until",
      at: userLine(),
      choices: [`a number ≥ ${makespan}`],
    });
  const ranks = ranksOf(schedule);
  const bottom = top + ranks * row;
  const height = bottom + 26;
  const x = scaleLinear().domain([0, until]).range([left, right]);
  const drawn = spans.filter(({ start, end }) => end > start);
  const chunk = chunksOf(schedule);
  const last = Math.max(...chunk);
  const facts = [
    `${ranks} ranks`,
    ...(last > 0 ? [`${last + 1} chunks a rank`] : []),
    `${schedule.microBatches} micro-batches`,
    `makespan ${count(short(makespan))}`,
    `bubble ${Math.round(bubble * 1000) / 10} % of computing`,
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontStack}" role="img">`,
    element("title", {}, `${schedule.name}: ${facts.join(", ")}`),
    element("style", {}, `${styleOf(light)} @media (prefers-color-scheme: dark) { ${styleOf(dark)} }`),
    element("rect", { width, height, class: "page" }),
    text(left, 28, schedule.name, { "font-size": 16, class: "ink" }),
    text(left, 47, facts.join(" · "), { "font-size": 11.5, class: "faint" }),
    ...legend(drawn, last),
    ...x
      .ticks(8)
      .flatMap((tick) => [
        element("rect", { x: x(tick), y: top - 4, width: 1, height: bottom - top + 8, class: "grid" }),
        text(x(tick), bottom + 18, count(tick), { "font-size": 10.5, class: "faint", "text-anchor": "middle" }),
      ]),
    ...range(ranks).map((rank) =>
      text(left - 8, top + rank * row + 15, `rank ${rank}`, { "font-size": 11.5, class: "ink", "text-anchor": "end" }),
    ),
    ...drawn.flatMap((span) => boxOf(span, x, strength(chunk[span.action.stage]!, last))),
    "</svg>\n",
  ].join("\n");
}

/** At most three decimals. */
const short = (n: number): number => Math.round(n * 1000) / 1000;

const strength = (chunk: number, last: number): number => 1 - Math.min(0.35, 0.6 / last) * chunk;

/** Of each stage: how many stages before it are on its rank. */
const chunksOf = ({ stages }: Schedule): number[] =>
  stages.map((rank, stage) => stages.slice(0, stage).filter((other) => other === rank).length);

const colourOf = ({ action: { kind } }: ScheduleSpan): Colour => (isTransfer(kind) ? "T" : kind);

function boxOf(span: ScheduleSpan, x: (time: number) => number, opacity: number): string[] {
  const colour = colourOf(span);
  const [from, to] = [x(span.start), x(span.end)];
  const y = top + span.rank * row;
  if (colour === "T")
    return [element("rect", { x: from, y: y + strip.below, width: to - from, height: strip.height, class: "T" })];
  const label = String(span.action.microBatch);
  const body = { x: from, y, width: Math.max(0.25, to - from - box.gap), height: box.height };
  return [
    element("rect", { ...body, class: colour, ...(opacity < 1 && { "fill-opacity": opacity }) }),
    ...(label.length * digit + 2 > to - from
      ? []
      : [
          text((from + to - box.gap) / 2, y + 15, label, {
            "font-size": 10,
            class: `n${colour}`,
            "text-anchor": "middle",
          }),
        ]),
  ];
}

function legend(spans: readonly ScheduleSpan[], chunks: number): string[] {
  const used = new Set(spans.map(colourOf));
  const entries = [
    ...(Object.keys(names) as Colour[]).filter((each) => used.has(each)).map((each) => [each, 1, names[each]] as const),
    ...(chunks > 0 ? range(chunks + 1).map((each) => ["F", strength(each, chunks), `chunk ${each}`] as const) : []),
  ];
  let at = left;
  return entries.flatMap(([colour, opacity, label]) => {
    const x = at;
    at += 34 + label.length * 6.2;
    return [
      element("rect", { x, y: 62, width: 12, height: 12, class: colour, "fill-opacity": opacity }),
      text(x + 17, 72, label, { "font-size": 11.5, class: "ink" }),
    ];
  });
}

function styleOf({ page, ink, faint, grid, boxes }: Theme): string {
  const rules = [
    ["page", page],
    ["ink", ink],
    ["faint", faint],
    ["grid", grid],
    ...Object.entries(boxes).flatMap(([kind, [fill, digits]]) => [
      [kind, fill],
      [`n${kind}`, digits],
    ]),
  ];
  return rules.map(([name, fill]) => `.${name} { fill: ${fill} }`).join(" ");
}
