import fc from "fast-check";
import { compile, graph, nn, optim, placement, S, type ScheduleName } from "sluice";
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
});
