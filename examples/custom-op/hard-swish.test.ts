import { checkOp } from "sluice/testing";
import { expect, test } from "vitest";
import { hardSwish } from "./hard-swish.ts";

// On every mesh of 2, 3, 4 and 2 × 2 ranks each signature gives the same as one device does, and the gradient agrees with
// finite differences.
const cases = [{ shapes: [[5, 4]], from: -5, to: 5 }, { shapes: [[7]], from: -5, to: 5 }, { shapes: [[2, 3, 1]] }];

test("hardSwish", () => {
  const report = checkOp(hardSwish, cases, { missing: true });
  expect(report).toMatchObject({ cases: 3, inDouble: 3, gradients: 3, missing: [] });
});

test("its gradient", () => {
  const pairs = cases.map(({ shapes: [shape], ...range }) => ({ shapes: [shape!, shape!], ...range }));
  expect(checkOp("hardSwishGrad", pairs, { missing: true }).missing).toEqual([]);
});
