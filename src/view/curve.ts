/**
 * @file Training curves as SVG: the raw values faint, a smoothed line over them, and a second series with an axis of its
 * own on the right where there is one. Plain shapes and text, no script, legible in print.
 */
import { type ScaleLinear, scaleLinear } from "d3-scale";
import { line as outline } from "d3-shape";
import { SluiceError } from "../ir/errors.ts";
import { count } from "./format.ts";
import { expectGiven } from "./given.ts";
import { faint, fontStack, grid, ink, page, series } from "./style.ts";
import { element, line, path, text } from "./svg-text.ts";

export type Point = readonly [x: number, y: number];

export interface Series {
  /** With its unit, if it has one: `loss`, `test accuracy, %`. */
  readonly label: string;
  /** In order of x. */
  readonly points: readonly Point[];
}

export interface CurveOptions {
  readonly title: string;
  /** Under the title, smaller. */
  readonly subtitle?: string;
  /** What the horizontal axis counts: `step`. */
  readonly x: string;
  /** Drawn raw and smoothed, against the left axis. */
  readonly main: Series;
  /** Drawn as dots joined by a line, against the right axis. */
  readonly second?: Series;
  /** Weight of the past in the exponential moving average: from 0, none, to below 1. Default 0.9. */
  readonly smoothing?: number;
}

type Scale = ScaleLinear<number, number>;

const width = 800;
const height = 400;
/** Of the plotting area. */
const area = { left: 66, top: 64, bottom: height - 48 };
const [mainColour, secondColour] = series;

/**
 * A chart of 800 × 400. The same input gives the same bytes.
 *
 * Throws OptionError SL1075 for what is no series, SluiceError SL7010 for a series without points or with one that is no number, SL7011 for a smoothing out of
 * range.
 *
 * @example
 * const svg = curve({ title: "mnist", x: "step", main: { label: "loss", points: [[0, 2.3], [1, 1.9]] } });
 */
export function curve(options: CurveOptions): string {
  expectGiven(typeof options === "object" && options !== null, options, "curve, the options", [
    '{ title: "mnist", x: "step", main: { label: "loss", points: [[0, 2.3], [1, 1.9]] } }',
  ]);
  const { title, subtitle, x, main, second, smoothing = 0.9 } = options;
  for (const [name, given] of Object.entries({ title, subtitle: subtitle ?? "", x }))
    expectGiven(typeof given === "string", given, `curve, option ${name}`, ["a text"]);
  for (const each of second ? [main, second] : [main]) check(each);
  if (!(smoothing >= 0 && smoothing < 1))
    throw new SluiceError("SL7011", `smoothing is ${smoothing}`, {
      subject: "curve",
      hint: "give a number from 0, below 1",
    });
  const right = width - (second ? 66 : 24);
  const all = [...main.points, ...(second?.points ?? [])];
  const across = scaleLinear()
    .domain(range(all.map(([at]) => at)))
    .range([area.left, right]);
  const up = verticalScale(main);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontStack}" role="img">`,
    element("title", {}, title),
    element("rect", { width, height, fill: page }),
    text(area.left, 28, title, { "font-size": 16, fill: ink }),
    ...(subtitle === undefined ? [] : [text(area.left, 47, subtitle, { "font-size": 11.5, fill: faint })]),
    ...horizontalAxis(across, x, right),
    ...up.ticks(5).map((tick) => line(area.left, up(tick), right, up(tick), grid)),
    ...verticalAxis(up, main.label, "left", area.left, mainColour),
    path(draw(main.points, across, up), { stroke: mainColour, "stroke-width": 0.9, "stroke-opacity": 0.35 }),
    path(draw(smoothed(main.points, smoothing), across, up), { stroke: mainColour, "stroke-width": 2.2 }),
    ...(second ? secondSeries(second, across, right) : []),
    line(area.left, area.bottom, right, area.bottom, faint),
    "</svg>\n",
  ].join("\n");
}

function check(given: Series): void {
  const fits = Array.isArray(given?.points) && given.points.every((point) => Array.isArray(point));
  expectGiven(fits, given, "curve, the series", ['{ label: "loss", points: [[0, 2.3], [1, 1.9]] }']);
  const { label, points } = given;
  const bad = points.findIndex((point) => !point.every(Number.isFinite));
  if (points.length > 0 && bad < 0) return;
  throw new SluiceError(
    "SL7010",
    points.length ? `point ${bad} is (${points[bad]!.join(", ")})` : "there are no points",
    {
      subject: `curve, series "${label}"`,
      hint: "give at least one point, and only finite numbers",
    },
  );
}

/** A range of no width is widened, so that a single point can be drawn. */
function range(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

const verticalScale = ({ points }: Series): Scale =>
  scaleLinear()
    .domain(range(points.map(([, y]) => y)))
    .nice(5)
    .range([area.bottom, area.top]);

const draw = (points: readonly Point[], x: Scale, y: Scale): string =>
  outline<Point>(
    (p) => x(p[0]),
    (p) => y(p[1]),
  )(points)!;

/** Exponential moving average, corrected for its start as Adam's moments are, so that it begins at the first value. */
function smoothed(points: readonly Point[], weight: number): Point[] {
  let [average, past] = [0, 1];
  return points.map(([x, y]) => {
    average = weight * average + (1 - weight) * y;
    past *= weight;
    return [x, average / (1 - past)];
  });
}

function horizontalAxis(x: Scale, label: string, right: number): string[] {
  const whole = x.ticks(8).filter(Number.isInteger);
  return [
    ...whole.map((tick) => line(x(tick), area.bottom, x(tick), area.bottom + 5, faint)),
    ...whole.map((tick) => text(x(tick), area.bottom + 18, count(tick), { ...small, "text-anchor": "middle" })),
    text((area.left + right) / 2, height - 10, label, { ...small, fill: ink, "text-anchor": "middle" }),
  ];
}

const small = { "font-size": 11.5, fill: faint };

function verticalAxis(y: Scale, label: string, side: "left" | "right", at: number, colour: string): string[] {
  const [out, anchor] = side === "left" ? [-8, "end"] : [8, "start"];
  const format = y.tickFormat(5);
  const middle = (area.top + area.bottom) / 2;
  const titleAt = side === "left" ? 18 : width - 12;
  return [
    ...y.ticks(5).map((tick) => text(at + out, y(tick) + 4, format(tick), { ...small, "text-anchor": anchor })),
    text(titleAt, middle, label, {
      "font-size": 12.5,
      fill: colour,
      "text-anchor": "middle",
      transform: `rotate(-90 ${titleAt} ${middle})`,
    }),
  ];
}

function secondSeries(second: Series, x: Scale, right: number): string[] {
  const y = verticalScale(second);
  return [
    ...verticalAxis(y, second.label, "right", right, secondColour),
    path(draw(second.points, x, y), { stroke: secondColour, "stroke-width": 1.6, "stroke-dasharray": "5 3" }),
    ...second.points.map(([a, b]) =>
      element("circle", { cx: x(a), cy: y(b), r: 3.5, fill: secondColour, stroke: page }),
    ),
  ];
}
