/**
 * @file What ranks do in time as a picture: a row for each rank, a box for each piece of work with its micro-batch's number,
 * nothing where the rank waits. Messages are strips below the boxes.
 *
 * Colours are a style sheet in the picture, with a dark half for those who read on dark pages. Kinds differ in lightness
 * too, chunks in strength.
 */
import { scaleLinear } from "d3-scale";
import { range } from "../graph/dims.ts";
import { bars, darkFaint, darkGrid, darkInk, darkPage, faint, fontStack, grid, ink, page } from "./style.ts";
import { element, text } from "./svg-text.ts";

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
  O: "once a step",
  T: "message",
} as const;
/** Kinds of work: those of a schedule's actions, what is done once a step, and messages. */
export type Work = keyof typeof names;

interface Theme {
  readonly page: string;
  readonly ink: string;
  readonly faint: string;
  readonly grid: string;
  readonly boxes: Readonly<Record<Work, readonly [fill: string, digits: string]>>;
}

const light: Theme = {
  page,
  ink,
  faint,
  grid,
  boxes: {
    F: [bars.compute[0], "#10233a"],
    B: [bars.communication[0], "#3a2008"],
    I: ["#f3cf8f", "#3d2d0a"],
    W: ["#bcdcb4", "#1d3a16"],
    O: ["#c4c9d0", "#222222"],
    T: ["#9a86bd", "#222222"],
  },
};

const dark: Theme = {
  page: darkPage,
  ink: darkInk,
  faint: darkFaint,
  grid: darkGrid,
  boxes: {
    F: [bars.compute[1], "#ffffff"],
    B: [bars.communication[1], "#ffffff"],
    I: ["#94701f", "#ffffff"],
    W: ["#3f7a38", "#ffffff"],
    O: ["#5b626c", "#ffffff"],
    T: ["#9a86bd", "#ffffff"],
  },
};

/** One piece of work, of the row of a rank. */
export interface Drawn {
  readonly row: number;
  readonly work: Work;
  /** In the box, where there is room. */
  readonly label: string;
  /** Which chunk of the rank: later ones are paler. */
  readonly chunk: number;
  readonly start: number;
  readonly end: number;
}

export interface SpansPicture {
  readonly title: string;
  readonly facts: readonly string[];
  /** Names of the rows. */
  readonly rows: readonly string[];
  readonly spans: readonly Drawn[];
  /** Where the picture ends. */
  readonly until: number;
  /** The text below a tick of the time. */
  readonly tick: (time: number) => string;
}

/** SVG, 800 wide. The same input gives the same bytes. */
export function drawSpans({ title, facts, rows, spans, until, tick: textOf }: SpansPicture): string {
  const bottom = top + rows.length * row;
  const height = bottom + 26;
  const x = scaleLinear().domain([0, until]).range([left, right]);
  const drawn = spans.filter(({ start, end }) => end > start);
  const last = Math.max(0, ...spans.map(({ chunk }) => chunk));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontStack}" role="img">`,
    element("title", {}, `${title}: ${facts.join(", ")}`),
    element("style", {}, `${styleOf(light)} @media (prefers-color-scheme: dark) { ${styleOf(dark)} }`),
    element("rect", { width, height, class: "page" }),
    text(left, 28, title, { "font-size": 16, class: "ink" }),
    text(left, 47, facts.join(" · "), { "font-size": 11.5, class: "faint" }),
    ...legend(drawn, last),
    ...x.ticks(8).flatMap((tick) => [
      element("rect", { x: x(tick), y: top - 4, width: 1, height: bottom - top + 8, class: "grid" }),
      text(Math.min(x(tick), width - 22), bottom + 18, textOf(tick), {
        "font-size": 10.5,
        class: "faint",
        "text-anchor": "middle",
      }),
    ]),
    ...rows.map((name, at) =>
      text(left - 8, top + at * row + 15, name, { "font-size": 11.5, class: "ink", "text-anchor": "end" }),
    ),
    ...drawn.flatMap((span) => boxOf(span, x, strength(span.chunk, last))),
    "</svg>\n",
  ].join("\n");
}

const strength = (chunk: number, last: number): number => 1 - Math.min(0.35, 0.6 / last) * chunk;

function boxOf(span: Drawn, x: (time: number) => number, opacity: number): string[] {
  const { work, label } = span;
  const [from, to] = [x(span.start), x(span.end)];
  const y = top + span.row * row;
  if (work === "T")
    return [element("rect", { x: from, y: y + strip.below, width: to - from, height: strip.height, class: "T" })];
  const body = { x: from, y, width: Math.max(0.25, to - from - box.gap), height: box.height };
  return [
    element("rect", { ...body, class: work, ...(opacity < 1 && { "fill-opacity": opacity }) }),
    ...(label.length * digit + 2 > to - from
      ? []
      : [
          text((from + to - box.gap) / 2, y + 15, label, {
            "font-size": 10,
            class: `n${work}`,
            "text-anchor": "middle",
          }),
        ]),
  ];
}

function legend(spans: readonly Drawn[], chunks: number): string[] {
  const used = new Set(spans.map(({ work }) => work));
  /** One swatch, or one for each chunk. */
  const entries: (readonly [colour: Work, swatches: readonly number[], label: string])[] = [
    ...(Object.keys(names) as Work[]).filter((each) => used.has(each)).map((each) => [each, [1], names[each]] as const),
    ...(chunks > 0
      ? [["F", range(chunks + 1).map((chunk) => strength(chunk, chunks)), `chunks 0 to ${chunks}`] as const]
      : []),
  ];
  let at = left;
  return entries.flatMap(([colour, swatches, label]) => {
    const x = at;
    const wide = 13 * swatches.length;
    at += wide + 19 + label.length * 6.1;
    return [
      ...swatches.map((opacity, i) =>
        element("rect", { x: x + 13 * i, y: 62, width: 12, height: 12, class: colour, "fill-opacity": opacity }),
      ),
      text(x + wide + 4, 72, label, { "font-size": 11.5, class: "ink" }),
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
