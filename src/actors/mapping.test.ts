import { expect, test } from "vitest";
import { tinyPlan } from "../../test/actors/fixture.ts";
import { mappingOf } from "./mapping.ts";

const plan = tinyPlan(2);
const received = (bytes: number) => ({
  ...plan,
  collectives: plan.collectives.map((c) => ({ ...c, received: [bytes, bytes] })),
});
const seconds = (wait: number) => () => plan.tasks.map(({ stream }) => (stream === "comm" ? wait : 0));

test.each([
  ["little to move", plan, { cores: 64, threads: 2 }, "rank"],
  ["much to move, and cores to spare", received(1 << 20), { cores: 4, threads: 2 }, "stream"],
  ["much to move, and every core computes", received(1 << 20), { cores: 2, threads: 2 }, "rank"],
  ["links that make it wait, whatever the cores", plan, { cores: 2, threads: 2, waits: seconds(1e-3) }, "stream"],
  ["links that are faster than a hand-over", plan, { cores: 2, threads: 2, waits: seconds(1e-6) }, "rank"],
  ["nothing to move at all", { ...plan, tasks: [], collectives: [] }, { cores: 64, threads: 1 }, "rank"],
] as const)("%s", (_, of, site, expected) => {
  expect(mappingOf(of, site)).toBe(expected);
});
