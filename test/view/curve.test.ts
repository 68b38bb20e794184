import { describe, expect, it } from "vitest";
import { type CurveOptions, curve } from "../../src/view/curve.ts";
import { tags, texts } from "./support.ts";

const options: CurveOptions = {
  title: "loss & accuracy <test>",
  subtitle: "batch 128",
  x: "step",
  main: { label: "loss", points: Array.from({ length: 200 }, (_, i) => [i, 2 / (1 + i)] as const) },
  second: {
    label: "accuracy, %",
    points: [
      [100, 90],
      [199, 97],
    ],
  },
};
const svg = curve(options);
const coordinates = (path: string) =>
  [...path.matchAll(/[ML]?(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
const paths = (of: string) => [...of.matchAll(/<path d="([^"]*)"/g)].map(([, d]) => coordinates(d!));

describe("curve", () => {
  it("is well-formed, the same bytes each time, without script", () => {
    expect(curve(options)).toBe(svg);
    expect(tags(svg)[0]).toBe("svg");
    expect(tags(svg)).not.toContain("script");
  });

  it("has title, names of all axes, and ticks", () => {
    for (const text of [options.title, "batch 128", "step", "loss", "accuracy, %", "0", "100", "2.0", "97"])
      expect(texts(svg), text).toContain(text);
  });

  it("draws raw points, their average and the second series inside the page", () => {
    const [raw, smooth, second] = paths(svg);
    expect([raw!.length, smooth!.length, second!.length]).toEqual([200, 200, 2]);
    for (const [x, y] of [...raw!, ...smooth!, ...second!]) {
      expect(x).toBeGreaterThanOrEqual(60);
      expect(x).toBeLessThanOrEqual(740);
      expect(y).toBeGreaterThanOrEqual(60);
      expect(y).toBeLessThanOrEqual(360);
    }
    expect(tags(svg).filter((tag) => tag === "circle")).toHaveLength(2);
  });

  it("begins its average at the first value, follows a constant, and equals the raw line without smoothing", () => {
    const [raw, smooth] = paths(svg);
    expect(smooth![0]).toEqual(raw![0]);
    const flat = curve({
      title: "",
      x: "",
      main: {
        label: "",
        points: [
          [0, 5],
          [1, 5],
          [2, 5],
        ],
      },
    });
    const [a, b] = paths(flat);
    expect(b).toEqual(a);
    const [c, d] = paths(curve({ ...options, smoothing: 0 }));
    expect(d).toEqual(c);
  });

  it("draws a single point", () => {
    expect(tags(curve({ title: "", x: "step", main: { label: "loss", points: [[1, 2.3]] } }))).toContain("path");
  });

  it.each([
    ["SL7010", { ...options, main: { label: "loss", points: [] } }, 'series "loss": there are no points'],
    [
      "SL7010",
      {
        ...options,
        main: {
          label: "loss",
          points: [
            [0, 1],
            [1, Number.NaN],
          ] as const,
        },
      },
      "point 1 is (1, NaN)",
    ],
    ["SL7011", { ...options, smoothing: 1 }, "smoothing is 1"],
  ])("answers %s", (code, wrong, text) => {
    expect(() => curve(wrong)).toThrow(text);
    expect(() => curve(wrong)).toThrow(code);
  });
});
