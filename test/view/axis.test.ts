/** @file What stands on the explorer's axis of time. */
import { expect, test } from "vitest";

/** The page's own code: what a browser runs, with types in comments. */
const page = new URL("../../src/view/explorer/page/format.js", import.meta.url).href;
const { tickStep, tickText } = (await import(page)) as {
  tickStep(span: number, most: number): number;
  tickText(t: number, step: number): string;
};

test("ticks have the digits that tell them apart, and no more", () => {
  expect([0, 5e-3, 1e-2, 1.5].map((t) => tickText(t, 5e-3))).toEqual(["0", "5 ms", "10 ms", "1.500 s"]);
  expect([0.0138, 0.01382, 0.01384].map((t) => tickText(t, 2e-5))).toEqual(["13.80 ms", "13.82 ms", "13.84 ms"]);
  expect([1e-6, 1.2e-6].map((t) => tickText(t, 2e-7))).toEqual(["1.0 µs", "1.2 µs"]);
});

test("no two ticks of an axis have one text, however far it is zoomed in", () => {
  for (const from of [0, 0.0138, 1.25])
    for (let span = 1; span > 1e-7; span /= 3) {
      const step = tickStep(span, 8);
      const ticks: string[] = [];
      for (let n = Math.ceil(from / step); n * step <= from + span; n++) ticks.push(tickText(n * step, step));
      expect(ticks.length).toBeGreaterThan(2);
      expect(new Set(ticks).size, ticks.join()).toBe(ticks.length);
    }
});
