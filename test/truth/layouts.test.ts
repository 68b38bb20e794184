import { execFileSync, spawnSync } from "node:child_process";
import { launch } from "sluice";
import { beforeAll, describe, expect, test } from "vitest";
import { type Axes, batches, compiled, type Optim, train } from "./mlp.ts";

const steps = 200;

const meshes: readonly Axes[] = [
  { data: 2, model: 2 },
  { data: 4, model: 1 },
  { data: 1, model: 4 }, // 50 hidden units over 4 ranks: 13, 13, 12, 12
  { data: 3, model: 1 },
  { data: 1, model: 3 },
  { data: 3, model: 2 },
];

describe.each<Optim>(["adamW", "sgd"])("with %s every layout trains to the single-device losses", (optimizer) => {
  let single: number[] = [];
  beforeAll(async () => {
    single = await train({ data: 1, model: 1 }, steps, { optimizer });
  });

  test("on one device the loss falls", () => {
    expect(single).toHaveLength(steps);
    expect(single.at(-1)).toBeLessThan(single[0]! / 2);
  });

  test.each(meshes)("data $data, model $model", async (axes) => {
    const losses = await train(axes, steps, { optimizer });
    expect(losses).toHaveLength(steps);
    losses.forEach((loss, step) => {
      const expected = single[step]!;
      const allowed = 1e-5 * Math.max(Math.abs(expected), 0.1);
      expect(Math.abs(loss - expected), `step ${step}: ${loss} against ${expected}`).toBeLessThanOrEqual(allowed);
    });
  });
});

describe("the same plan gives the same bits", () => {
  const axes = { data: 2, model: 2 };
  test("run after run, on one thread, two and four", async () => {
    const first = await train(axes, 50);
    for (const threads of [1, 2, 4]) expect(await train(axes, 50, { threads })).toEqual(first);
  });

  const taskset = spawnSync("taskset", ["--version"]).error === undefined;
  if (!taskset) console.log("skipped: one core, for there is no taskset here");
  test.runIf(taskset)("in a process that has one core", async () => {
    const here = await train(axes, 50);
    const program = new URL("./losses.ts", import.meta.url).pathname;
    const out = execFileSync("taskset", ["-c", "0", process.execPath, "--import", "tsx", program, "50"], {
      encoding: "utf8",
      timeout: 50_000,
    });
    expect(JSON.parse(out)).toEqual(here);
  });
});

describe("bytes moved are bytes predicted", () => {
  const steps = 10;
  const counted = async (axes: Axes) => {
    const plan = compiled(axes);
    await using session = await launch(plan);
    for await (const _ of session.run(batches(steps)));
    return { predicted: plan.communication, counted: session.traffic() };
  };

  test.each(meshes)("data $data, model $model", async (axes) => {
    const { predicted, counted: measured } = await counted(axes);
    expect(predicted.length).toBeGreaterThan(0);
    expect(measured.map((c) => c.name)).toEqual(predicted.map((c) => c.name));
    for (const [i, { name, bytes, received }] of predicted.entries()) {
      expect(bytes, name).toBeGreaterThan(0);
      expect(measured[i]!.bytes, name).toBe(bytes * steps);
      expect(measured[i]!.received, name).toEqual(received.map((n) => n * steps));
    }
  });

  test("a counter that leaves out a rank would be seen", async () => {
    const { predicted, counted: measured } = await counted({ data: 2, model: 2 });
    for (const [i, { received }] of measured.entries())
      for (const rank of received.keys()) {
        const without = received.filter((_, r) => r !== rank).reduce((a, b) => a + b, 0);
        expect(without).not.toBe(predicted[i]!.bytes * steps);
      }
  });
});
