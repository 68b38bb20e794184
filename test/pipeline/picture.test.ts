/** @file Pictures of schedules show what was simulated: every box in its row, at its time, none over another. */
import { renderSchedule, schedule, simulateSchedule } from "sluice";
import { describe, expect, test } from "vitest";
import { tags, texts } from "../view/support.ts";

const costs = { forward: 1, inputGradient: 2, weightGradient: 1 };
const made = schedule("zbv", { ranks: 3, microBatches: 6 });
const svg = renderSchedule(made, { costs });

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly kind: string;
}
/** Boxes of work, without those of the legend, which stand above. */
const boxesOf = (of: string): Box[] =>
  [...of.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" class="([FBIWT])"/g)]
    .map(([, x, y, width, height, kind]) => ({
      x: Number(x),
      y: Number(y),
      width: Number(width),
      height: Number(height),
      kind: kind!,
    }))
    .filter(({ y }) => y > 90);

describe("a picture", () => {
  test("is well-formed, the same bytes each time, without script, for light and dark pages", () => {
    expect(renderSchedule(made, { costs })).toBe(svg);
    expect(tags(svg)[0]).toBe("svg");
    expect(tags(svg)).not.toContain("script");
    expect(svg).toContain("@media (prefers-color-scheme: dark)");
    const [light, dark] = /<style>(.*?)<\/style>/.exec(svg)![1]!.split("@media");
    const names = (css: string) => [...css.matchAll(/\.(\w+) \{/g)].map(([, name]) => name);
    expect(names(dark!)).toEqual(names(light!));
    const used = new Set([...svg.matchAll(/class="(\w+)"/g)].map(([, name]) => name));
    expect(names(light!)).toEqual(expect.arrayContaining([...used]));
  });

  test("says what it shows", () => {
    const { makespan, bubble } = simulateSchedule(made, costs);
    const said = texts(svg);
    for (const text of ["zbv", "rank 0", "rank 2", "forward", "gradient of the weights", "chunks 0 to 1"])
      expect(said).toContain(text);
    expect(said).not.toContain("backward");
    expect(said.join(" ")).toContain(
      `3 ranks · 2 chunks a rank · 6 micro-batches · makespan ${makespan} · bubble ${Math.round(bubble * 1000) / 10} %`,
    );
  });

  test("has a box for each action, in its row, at its time, as long as it takes", () => {
    const { spans, makespan } = simulateSchedule(made, costs);
    const work = spans.filter(({ stream }) => stream === "compute");
    const boxes = boxesOf(svg);
    expect(boxes).toHaveLength(work.length);
    const perTime = (784 - 62) / makespan;
    for (const [i, { rank, action, start, end }] of work.entries()) {
      const { x, y, width, kind } = boxes[i]!;
      expect(kind).toBe(action.kind);
      expect(x).toBeCloseTo(62 + start * perTime, 1);
      expect(Math.abs(width - (end - start) * perTime)).toBeLessThan(1);
      expect(y).toBe(96 + 30 * rank);
      const next = boxes[i + 1];
      if (next?.y === y) expect(next.x).toBeGreaterThan(x + width);
    }
  });

  test("leaves out numbers that have no room, and keeps the boxes", () => {
    const long = schedule("1f1b", { ranks: 2, microBatches: 200 });
    const picture = renderSchedule(long);
    expect(boxesOf(picture)).toHaveLength(800);
    expect(texts(picture).length).toBeLessThan(20);
  });

  test("shows messages that take time as strips, and no others", () => {
    const pair = schedule("gpipe", { ranks: 2, microBatches: 3 });
    const strips = (communication: number) => {
      const picture = renderSchedule(pair, { costs: { ...costs, communication } });
      return { count: boxesOf(picture).filter(({ kind }) => kind === "T").length, said: texts(picture) };
    };
    expect(strips(0.5).count).toBe(6);
    expect(strips(0.5).said).toContain("message");
    expect(strips(0).count).toBe(0);
    expect(strips(0).said).not.toContain("message");
  });

  test("ends when it is told to, so that several have one scale", () => {
    const edge = (of: string) => Math.max(...boxesOf(of).map(({ x, width }) => x + width));
    const { makespan } = simulateSchedule(made, costs);
    expect(edge(svg)).toBeGreaterThan(782);
    expect(edge(renderSchedule(made, { costs, until: 2 * makespan }))).toBeCloseTo((62 + 784) / 2, -1);
  });

  test("escapes names", () => {
    expect(tags(renderSchedule({ ...made, name: 'a < b & "c"' }))[0]).toBe("svg");
  });
});
