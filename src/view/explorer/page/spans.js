/** @file Firings of tasks, as the document holds them: seven numbers each, by start. */
import { ranges, seconds } from "./format.js";
import { plan } from "./model.js";

/** Numbers of a span, and nanoseconds in a second. */
const fields = 7;
export const nano = 1e9;

/**
 * @typedef {readonly number[]} Spans
 * @typedef {{ task: number, step: number, start: number, end: number, why: number, cause: number, rank: number }} Span
 */

/** How many there are. @param {Spans} spans */
export const lengthOf = (spans) => spans.length / fields;

/**
 * One of them; times in seconds.
 * @param {Spans} spans
 * @param {number} i
 * @returns {Span}
 */
export const spanAt = (spans, i) => ({
  task: spans[fields * i] ?? 0,
  step: spans[fields * i + 1] ?? 0,
  start: (spans[fields * i + 2] ?? 0) / nano,
  end: ((spans[fields * i + 2] ?? 0) + (spans[fields * i + 3] ?? 0)) / nano,
  why: spans[fields * i + 4] ?? 0,
  cause: spans[fields * i + 5] ?? -1,
  rank: spans[fields * i + 6] ?? -1,
});

/** When the lane was free for one: the end of the one before. @param {Spans} spans @param {number} i */
export const freeBefore = (spans, i) => (i > 0 ? spanAt(spans, i - 1).end : 0);

/** The first that ends after a time. @param {Spans} spans @param {number} time */
export function firstAfter(spans, time) {
  let [low, high] = [0, lengthOf(spans)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spanAt(spans, middle).end <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `all-reduce · data · fc1.add.grad`: what a task is and is called. @param {number} task */
export function labelOf(task) {
  const own = plan.tasks[task];
  if (!own) return "";
  if (own.kind === "source" || own.kind === "sink") return `host · ${own.kind}`;
  return [own.action?.[0], own.collective?.kind, own.collective?.axis, own.name].filter(Boolean).join(" · ");
}

/** `rank 3`; of ranks that do the same at the same times all. @param {number} rank */
export function whoIs(rank) {
  const ranks = plan.timeline.rows.find((row) => row.ranks.includes(rank))?.ranks ?? [rank];
  return `rank${ranks.length > 1 ? "s" : ""} ${ranges(ranks)}`;
}

/** `of ranks 0–3`, or `of rank 0 to let go of a slot`. @param {Span} span */
export const causeText = ({ why, rank }) =>
  `${rank >= 0 ? ` of ${whoIs(rank)}` : ""}${why === 2 ? " to let go of a slot" : ""}`;

/** `waited 12 µs for …`; nothing where it did not wait. @param {Span} span @param {number} waited */
export function waitText(span, waited) {
  if (!span.why || waited <= 0) return "";
  return `waited ${seconds(waited)} for ${plan.tasks[span.cause]?.name ?? "the host"}${causeText(span)}`;
}
