/** @file Steps and losses of a live view: bounded, whatever a run gives. */
import type { StepMetrics } from "sluice";
import { expect, test } from "vitest";
import { advanced, noProgress, shownProgress } from "../../src/view/live/progress.ts";

const steps = (n: number, of: (step: number) => Partial<StepMetrics>) =>
  Array.from({ length: n }, (_, step) => ({ plan: "p", step, ms: 10, outputs: {}, ...of(step) })).reduce(
    advanced,
    noProgress,
  );

test("a curve has at most 400 points, evenly from the first step on", () => {
  const { curves } = shownProgress(steps(5000, (step) => ({ outputs: { loss: 1 / (step + 1) } })));
  const [{ name, points } = { name: "", points: [] }] = curves;
  expect(name).toBe("p.loss");
  expect(points.length).toBeGreaterThan(200);
  expect(points.length).toBeLessThanOrEqual(400);
  expect(points[0]).toEqual([0, 1]);
  const gaps = new Set(points.slice(1).map(([step], i) => step - points[i]![0]));
  expect([...gaps]).toEqual([16]);
});

test("steps a second follow the last steps, whatever came before the run", () => {
  const rate = (n: number, of: (step: number) => number) => shownProgress(steps(n, (s) => ({ ms: of(s) }))).step!.rate;
  expect(rate(2, (step) => (step === 0 ? 60_000 : 20))).toBeCloseTo(50);
  expect(rate(200, (step) => (step < 100 ? 100 : 10))).toBeCloseTo(100, 0);
});

test("plans have curves of their own, runs go on in them, and what is not finite is left out", () => {
  const runs = [
    { plan: "train", step: 0, ms: 1, outputs: { loss: 3 } },
    { plan: "train", step: 1, ms: 1, outputs: { loss: Number.NaN } },
    { plan: "eval", step: 0, ms: 1, outputs: { loss: 2 } },
    { plan: "train", step: 0, ms: 1, outputs: { loss: 1 } },
  ].reduce(advanced, noProgress);
  expect(shownProgress(runs).curves).toEqual([
    {
      name: "train.loss",
      points: [
        [0, 3],
        [2, 1],
      ],
    },
    { name: "eval.loss", points: [[0, 2]] },
  ]);
});
