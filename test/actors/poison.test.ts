/** @file What the runtime and its kernels do to memory, on real plans. */
import { expect, test } from "vitest";
import type { PlanData } from "../../src/ir/plan.ts";
import type { Call } from "../../src/ir/program.ts";
import { batch, tinyPlan } from "./fixture.ts";
import { models } from "./models.ts";
import { poisoned, runPoisoned, spread } from "./poison.ts";

const meshes = [
  { data: 1, model: 1 },
  { data: 2, model: 1 },
  { data: 2, model: 2 },
] as const;
const cases = (["mlp", "conv", "gpt"] as const).flatMap((name) => meshes.map((axes) => [name, axes] as const));
const poisons = [
  [2, Number.NaN],
  [3, -1e30],
] as const;

test.each(cases)(
  "%s on %o: nothing is read that was not written, nothing is written outside",
  { timeout: 120_000 },
  async (name, axes) => {
    const { plan, feeds } = models[name](axes);
    const plain = await runPoisoned(plan, feeds, 1, false);
    expect(plain.bits.length).toBeGreaterThan(10_000);
    for (const [seed, value] of poisons) {
      const { broken, bits } = await runPoisoned(poisoned(spread(plan), value), feeds, seed, true);
      expect(broken).toEqual([]);
      expect(Buffer.compare(bits, plain.bits)).toBe(0);
    }
    // The workspace is as large as the kernels may need for any sizes; of all else hardly a line is left out.
    for (const { rank, bytes, touched } of plain.regions) {
      const { bytes: predicted, byRole } = plan.memory.find((m) => m.rank === rank)!;
      expect(bytes).toBe(predicted);
      const unused = [...plain.untouched].filter(([buffer]) => buffer.startsWith("workspace."));
      const spare = unused.reduce((sum, [, lines]) => sum + lines, 0) / plain.regions.length;
      expect(spare).toBeLessThanOrEqual(byRole.workspace ?? 0);
      expect(touched).toBeGreaterThanOrEqual(0.98 * (predicted - spare));
    }
  },
);

test.each(meshes)(
  "with large matrices on %o the peak that was touched is the one predicted",
  { timeout: 60_000 },
  async (axes) => {
    const { plan, feeds } = models.large(axes);
    const { regions } = await runPoisoned(plan, feeds, 1, false);
    for (const { rank, touched } of regions) {
      const predicted = plan.memory.find((m) => m.rank === rank)!.bytes;
      expect(touched).toBeLessThanOrEqual(predicted);
      expect(touched).toBeGreaterThanOrEqual(0.98 * predicted);
    }
  },
);

/** The fixture's plan, with one call of task `update` changed or left out. */
const changed = (change: (call: Call, i: number) => Call[]): PlanData => {
  const plan = tinyPlan(2);
  const tasks = plan.tasks.map((task) =>
    task.name === "update"
      ? { ...task, classes: task.classes.map((c) => ({ ...c, program: c.program.flatMap(change) })) }
      : task,
  );
  return { ...plan, tasks };
};
const feeds = Array.from({ length: 6 }, (_, step) => batch(2, step));

test("a program that reads what nobody wrote gives itself away", async () => {
  const lacks = changed((call, i) => (i === 0 ? [] : [call])); // STEP is never made
  const results = await Promise.all(
    poisons.map(([, value]) => runPoisoned(poisoned(spread(lacks), value), feeds, 5, true)),
  );
  expect(Buffer.compare(results[0]!.bits, results[1]!.bits)).not.toBe(0);
});

test("so does one that writes past the end, be it a word", async () => {
  const wide = changed((call, i) => [i === 2 ? { ...call, args: [17, ...call.args.slice(1)] } : call]);
  const { broken } = await runPoisoned(spread(wide), feeds, 6, true);
  expect(broken).toEqual(expect.arrayContaining(["rank 0: out, slot 0", "rank 1: out, slot 3"]));
  expect(broken.every((place) => place.includes(": out, "))).toBe(true);
});
