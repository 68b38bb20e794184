import fc from "fast-check";
import { array, B, compile, graph, launch, nn, optim, placement, S, type ScheduleName, schedule } from "sluice";
import { describe, expect, test } from "vitest";
import { partition } from "../../src/compiler/stages/partition.ts";

describe("a row cut into runs", () => {
  const costs = fc.array(fc.nat(20), { minLength: 1, maxLength: 9 });

  /** Every way to cut, by trying all. */
  function* cuts(n: number, runs: number, from = 1): Generator<number[]> {
    if (runs === 1) yield [];
    else for (let at = from; at < n; at++) for (const rest of cuts(n, runs - 1, at + 1)) yield [at, ...rest];
  }
  const dearest = (row: readonly number[], at: readonly number[]) => {
    const ends = [0, ...at, row.length];
    return Math.max(...ends.slice(1).map((end, i) => row.slice(ends[i], end).reduce((a, b) => a + b, 0)));
  };

  test("the dearest is within 5 % of the least there is", () => {
    fc.assert(
      fc.property(costs, fc.integer({ min: 1, max: 4 }), (row, runs) => {
        fc.pre(row.length >= runs);
        const found = partition({ costs: row, passing: row.map(() => 0) }, runs);
        expect(found).toHaveLength(runs - 1);
        const least = Math.min(...[...cuts(row.length, runs)].map((at) => dearest(row, at)));
        expect(dearest(row, found)).toBeLessThanOrEqual(least * 1.05 + 1e-9);
      }),
    );
  });

  test("of cuts as good it is the one that least passes over", () => {
    const passes = fc.array(fc.nat(9), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(costs, passes, fc.integer({ min: 1, max: 4 }), (row, passing, runs) => {
        fc.pre(row.length >= runs);
        const over = (at: readonly number[]) => at.reduce((sum, cut) => sum + passing[cut]!, 0);
        const all = [...cuts(row.length, runs)];
        const least = Math.min(...all.map((at) => dearest(row, at)));
        const good = all.filter((at) => dearest(row, at) <= least * 1.05 + 1e-9);
        expect(over(partition({ costs: row, passing: passing.slice(0, row.length) }, runs))).toBe(
          Math.min(...good.map(over)),
        );
      }),
    );
  });
});

describe("stages along an axis of the mesh", () => {
  const [rows, width] = [8, 32];
  function cut(stages: number, schedule: ScheduleName, microBatches = 4, data = 1) {
    const mesh = placement("cpu", { stage: stages, data });
    const layers = Array.from({ length: 16 }, (_, i) => nn.linear(width, width, { name: `layer${i}` }));
    const inputs = {
      x: mesh.input(["rows", width], "float32", { data: S(0) }),
      y: mesh.input(["rows", width], "float32", { data: S(0) }),
    };
    const built = graph(mesh, { name: "cut", inputs }, ({ x, y }, g) => {
      const out = layers.reduce((h, layer) => layer(h).relu().add(h), x);
      const loss = out.sub(y).square().mean();
      g.minimize(loss, optim.adamW({ lr: 1e-3 }));
      return { loss };
    });
    return compile(built, { dims: { rows }, microBatches: { rows: microBatches }, stages: "stage", schedule });
  }
  const layersOn = (plan: ReturnType<typeof cut>) =>
    plan.data.placements.map(
      (_, at) => plan.data.states.filter(({ name, placement }) => name.endsWith(".weight") && placement === at).length,
    );

  test("share the layers evenly, each on its slice of the mesh", () => {
    const plan = cut(4, "1f1b", 4, 2);
    expect(plan.pipeline!.placements.map((id) => plan.data.placements[id]!.ranks)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
    expect(layersOn(plan)).toEqual([4, 4, 4, 4]);
    expect(plan.data.placements.map(({ axes }) => axes.map(({ name }) => name))).toEqual(Array(4).fill(["data"]));
  });

  test.each<[ScheduleName, number[]]>([
    ["interleaved", [0, 1, 0, 1]],
    ["zbv", [0, 1, 1, 0]],
  ])("lie as %s has its chunks", (schedule, stages) => {
    const plan = cut(2, schedule);
    expect(plan.pipeline!.schedule.stages).toEqual(stages);
    expect(plan.pipeline!.placements).toEqual(stages);
    expect(layersOn(plan)).toEqual([8, 8]);
  });

  test("pass only what goes from one to the next", () => {
    const plan = cut(4, "gpipe", 2);
    const bytes = (rows * width * 4) / 2; // of one micro-batch
    const sent = plan.communication.filter(({ kind }) => kind === "p2p").map(({ bytes }) => bytes);
    expect(sent.filter((n) => n === bytes)).toHaveLength(2 * 2 * 3); // forward and back, over three borders
  });

  test.each([2, 3, 4, 5, 6, 8])("keep a batch norm whole: %i of them", (stages) => {
    const mesh = placement("cpu", { stage: stages });
    const net = nn.sequential(
      nn.linear(6, 8, { name: "enter" }),
      nn.batchNorm(8, { name: "norm" }),
      nn.relu(),
      nn.linear(8, 8, { name: "inner" }),
      nn.relu(),
      nn.dropout(0.1),
      nn.linear(8, 3, { name: "leave" }),
    );
    const built = graph(mesh, { name: "normed", inputs: { x: mesh.input(["rows", 6], "float32") } }, ({ x }, g) => {
      const loss = net(x).square().mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    const { pipeline, data } = compile(built, { dims: { rows }, microBatches: { rows: 4 }, stages: "stage" });
    expect(pipeline!.schedule.stages).toHaveLength(stages);
    const homes = data.states.filter(({ name }) => name.startsWith("norm.")).map(({ placement }) => placement);
    expect(new Set(homes).size).toBe(1);
  });

  test("may be said to be nothing's layout, and a schedule may not go beyond them", () => {
    const mesh = placement("cpu", { stage: 2 });
    const layer = nn.linear(4, 4, { name: "fc" });
    const built = graph(mesh, { name: "one", inputs: { x: mesh.input(["rows", 4], "float32") } }, ({ x }) => ({
      y: layer(x).relu().mean(),
    }));
    const options = { dims: { rows }, microBatches: { rows: 2 }, stages: "stage" as const };
    const { pipeline } = compile(built, { ...options, schedule: "gpipe", sharding: { "fc.weight": { stage: B } } });
    expect(pipeline!.schedule.stages).toEqual([0, 1]);
    expect(() => compile(built, { ...options, schedule: schedule("1f1b", { ranks: 3, microBatches: 2 }) })).toThrow(
      /make it for 2 ranks/,
    );
  });
});

describe("a second graph over the same parameters", () => {
  const mesh = placement("cpu", { stage: 4 });
  const net = nn.sequential(
    nn.linear(6, 8, { name: "a" }),
    nn.relu(),
    nn.linear(8, 8, { name: "b" }),
    nn.relu(),
    nn.linear(8, 8, { name: "c" }),
    nn.relu(),
    nn.linear(8, 3, { name: "d" }),
  );
  const ones = (rows: number) => array([rows, 6], "float32", new Float32Array(rows * 6).fill(1));
  const inputs = () => ({ x: mesh.input(["rows", 6], "float32") });
  const training = graph(mesh, { name: "training", model: net, inputs: inputs() }, ({ x }, g) => {
    const loss = net(x).square().mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  const reading = graph(mesh, { name: "reading", model: net, mode: "eval", inputs: inputs() }, ({ x }) => ({
    y: net(x),
  }));

  async function trained(stages: "stage" | undefined, options: object) {
    const cut = stages && { stages };
    const plan = compile(training, { dims: { rows: 8 }, ...cut, ...options });
    const second = compile(reading, { dims: { rows: 3 }, ...(stages && { stages: { axis: stages, as: plan } }) });
    await using session = await launch(plan);
    const reader = await session.load(second);
    for await (const _ of session.run([{ x: ones(8) }, { x: ones(8) }]));
    for await (const { y } of reader.run([{ x: ones(3) }])) return [...y.data];
    return [];
  }

  test.each<[ScheduleName, number]>([
    ["1f1b", 4],
    ["interleaved", 4],
    ["zbv", 8],
  ])("is cut as the first one's plan, and reads what that learned by %s", async (schedule, parts) => {
    const found = await trained("stage", { schedule, microBatches: { rows: parts } });
    const expected = await trained(undefined, {});
    expect(expected).toHaveLength(9);
    for (const [i, y] of expected.entries()) expect(found[i]).toBeCloseTo(y, 5);
  });

  test("is refused where the plan is none that was cut along the axis", () => {
    const whole = compile(training, { dims: { rows: 8 } });
    expect(() => compile(reading, { dims: { rows: 3 }, stages: { axis: "stage", as: whole } })).toThrow(
      /in plan "training" state "a.weight" is on ranks 0-3/,
    );
    expect(() => compile(reading, { dims: { rows: 3 }, stages: { axis: "stage" } as never })).toThrow(/SL1075/);
  });
});
