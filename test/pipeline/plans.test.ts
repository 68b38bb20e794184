import {
  compile,
  graph,
  nn,
  optim,
  Plan,
  parseSchedule,
  placement,
  printSchedule,
  type Schedule,
  schedule,
  type Tensor,
} from "sluice";
import { describe, expect, test } from "vitest";
import { type Piped, piped } from "../truth/network.ts";
import { show } from "./support.ts";

const cases: readonly Piped[] = [
  { stages: [0, 1, 2, 3], schedule: "gpipe", microBatches: 8 },
  { stages: [0, 1, 2, 3], schedule: "1f1b", microBatches: 8 },
  { stages: [0, 1, 0, 1], schedule: "interleaved", microBatches: 8 },
  { stages: [0, 1, 2, 3], schedule: "zb-h1", microBatches: 8 },
  { stages: [0, 1, 2, 3], schedule: "zb-h2", microBatches: 8 },
  { stages: [0, 1, 1, 0], schedule: "zbv", microBatches: 8 },
];

/** What each rank computes in a step, action by action. */
function computed({ data: { schedule: lanes, tasks, memory } }: Pick<Plan, "data">): string[][] {
  return memory.map(({ rank }) => {
    const lane = lanes.find(({ ranks, stream }) => stream === "compute" && ranks.includes(rank))!;
    const actions = lane.tasks.flatMap((id) => (tasks[id]!.action ? [show(tasks[id]!.action)] : []));
    return actions.filter((action, i) => action !== actions[i - 1]);
  });
}

const computing = ({ lanes }: Schedule): string[][] =>
  lanes.filter(({ stream }) => stream === "compute").map(({ actions }) => actions.map(show));

describe("a plan of micro-batches", () => {
  test.each(cases)("works in the order of its schedule: %o", (options) => {
    const plan = piped(options);
    const ranks = Math.max(...options.stages) + 1;
    const chunks = options.schedule === "interleaved" ? { chunks: 2 } : {};
    const wanted = schedule(options.schedule as "1f1b", { ranks, microBatches: 8, ...chunks });
    expect(plan.pipeline?.schedule).toEqual(wanted);
    expect(computed(plan)).toEqual(computing(wanted));
  });

  test("takes a schedule of the user's own", () => {
    const own = parseSchedule(`
      0: 0F0 0F1 0B1 0B0
      1: 1F0 1F1 1B1 1B0
    `);
    const plan = piped({ stages: [0, 1], microBatches: 2, schedule: own });
    expect(computed(plan)).toEqual([
      ["0F0", "0F1", "0B1", "0B0"],
      ["1F0", "1F1", "1B1", "1B0"],
    ]);
    expect(printSchedule(plan.pipeline!.schedule)).toBe(printSchedule(own));
  });

  test("keeps fewer activations with 1F1B than with GPipe, the more so the earlier the rank stands behind the last", () => {
    const held = (schedule: "gpipe" | "1f1b") =>
      piped({ stages: [0, 1, 2, 3], schedule, microBatches: 8, rows: 8 * 32 }).memory.map(
        ({ byRole }) => byRole.activation ?? 0,
      );
    const [all, few] = [held("gpipe"), held("1f1b")];
    for (const [rank, bytes] of few.entries()) expect(bytes, `rank ${rank}`).toBeLessThan(all[rank]!);
    expect(few[0]! / all[0]!).toBeGreaterThan(few[2]! / all[2]!);
  });

  test("is the same from a file", () => {
    const plan = piped(cases[3]!);
    expect(Plan.fromJSON(JSON.stringify(plan)).pipeline).toEqual(plan.pipeline);
  });

  test("says its stages, and what they take", () => {
    const [, section] = piped(cases[3]!).explain().split("\n\n");
    expect(section).toMatch(/^Pipeline: schedule zb-h1 of 8 micro-batches/);
    expect(
      section!
        .split("\n")
        .slice(2)
        .map((line) => line.trim().split(/ {2,}/).slice(0, 2)),
    ).toEqual([
      ["0", "0"],
      ["1", "1"],
      ["2", "2"],
      ["3", "3"],
    ]);
  });

  test("is drawn in time: with ZB-H1 ranks wait less than with 1F1B", () => {
    const bubble = (schedule: "1f1b" | "zb-h1") => {
      const svg = piped({ stages: [0, 1, 2, 3], schedule, microBatches: 8 }).renderTimeline();
      expect(svg).toMatch(/^<svg /);
      return Number(/bubble ([\d.]+) %/.exec(svg)![1]);
    };
    expect(bubble("zb-h1")).toBeLessThan(bubble("1f1b"));
  });
});

describe("the step's end", () => {
  const mesh = placement("cpu", { stage: 4 });
  const at = [0, 1, 2, 3].map((stage) => mesh.slice({ stage }));
  const machine = {
    devices: { flops: 1e9, bandwidth: 1e11 },
    links: { local: { alpha: 1e-6, beta: 1e-11 }, memory: { alpha: 0, beta: 1e-11 } },
  };
  function timesOf(clips: boolean) {
    const layers = at.map((_, i) => nn.linear(64, 64, { name: `layer${i}` }));
    const inputs = { x: at[0]!.input(["rows", 64], "float32") };
    const built = graph(at, { name: "four", inputs }, ({ x }, g) => {
      const loss = layers
        .reduce((h, layer, i) => layer(h.to(at[i]!)).relu(), x as Tensor<["rows", 64], "float32">)
        .square()
        .mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }), clips ? { clipNorm: 1 } : {});
      return { loss };
    });
    const plan = compile(built, { dims: { rows: 256 }, microBatches: { rows: 8 }, schedule: "zb-h2" });
    return { alone: plan.simulate({ ...machine, steps: 1 }).makespan, inTurn: plan.simulate(machine).stepTime };
  }
  const [free, clipped] = [timesOf(false), timesOf(true)];

  test("is no barrier where none is asked for: a stage begins the next step while others end this one", () => {
    expect(free.inTurn).toBeLessThan(0.95 * free.alone);
  });

  test("is one where gradients are clipped by the norm of all, and what that costs shows in the step", () => {
    expect(clipped.inTurn).toBeGreaterThan(1.05 * free.inTurn);
    expect(clipped.alone).toBeLessThan(1.05 * free.alone);
  });
});

describe("stages", () => {
  const mesh = placement("cpu", { stage: 2, data: 1 });
  const [front, back] = [mesh.slice({ stage: 0 }), mesh.slice({ stage: 1 })];
  const layers = () => Array.from({ length: 3 }, (_, i) => nn.linear(4, 4, { name: `layer${i}` }));

  test("are what lies between two moves", () => {
    const [a, b, c] = layers();
    const built = graph(
      [front, back],
      { name: "three", inputs: { x: front.input(["rows", 4], "float32") } },
      ({ x }, g) => {
        const loss = c!(b!(a!(x).to(back)).to(front))
          .square()
          .mean();
        g.minimize(loss, optim.sgd({ lr: 0.1 }));
        return { loss };
      },
    );
    const order = parseSchedule(`
      0: 0F0 0F1 2F0 2F1 2B0 2B1 0B0 0B1
      1: 1F0 1F1 1B0 1B1
    `);
    const plan = compile(built, { dims: { rows: 4 }, microBatches: { rows: 2 }, schedule: order });
    expect(plan.pipeline!.placements.map((id) => plan.data.placements[id]!.ranks)).toEqual([[0], [1], [0]]);
  });
});

describe("bad input is refused", () => {
  const mesh = placement("cpu", { data: 1 });
  const built = graph(mesh, { name: "small", inputs: { x: mesh.input(["rows", 4], "float32") } }, ({ x }) => ({
    y: x.square().mean(),
  }));
  const compiling = (options: object) => () => compile(built, { dims: { rows: 8 }, ...options });

  test.each<[object, RegExp]>([
    [{ schedule: "1f1b" }, /SL5021/],
    [{ microBatches: 4 }, /SL5021/],
    [{ microBatches: { rows: 4, x: 2 } }, /names 2 dims/],
    [{ microBatches: { row: 4 } }, /did you mean "rows"/],
    [{ microBatches: { rows: 0 } }, /SL5021/],
    [{ microBatches: { rows: 9 } }, /a whole number from 1 to 8/],
    [{ microBatches: { rows: 2.5 } }, /SL5021/],
    [{ microBatches: { rows: 2 }, schedule: "1f2b" }, /did you mean "1f1b"/],
    [{ microBatches: { rows: 2 }, schedule: "0: 0F0 0B0" }, /parseSchedule/],
    [{ microBatches: { rows: 2 }, schedule: 5 }, /SL1075/],
    [{ microBatches: { rows: 2 }, schedule: { lanes: [], stages: [] } }, /SL1075/],
    [{ microBatches: { rows: 2 }, schedule: { name: "x", microBatches: 2, lanes: [1], stages: [0] } }, /SL1075/],
    [{ microBatches: { rows: 2 }, schedule: schedule("1f1b", { ranks: 2, microBatches: 2 }) }, /SL5025/],
    [{ microBatches: { rows: 2 }, schedule: schedule("gpipe", { ranks: 1, microBatches: 4 }) }, /SL5025/],
    [{ stages: "stage" }, /SL5027/],
  ])("%o", (options, message) => {
    expect(compiling(options)).toThrow(message);
  });

  test("a layout along the axis of the stages", () => {
    const mesh = placement("cpu", { stage: 2, data: 2 });
    const make = (layout: object) => {
      const inputs = { x: mesh.input(["rows", 4], "float32", layout) };
      const layer = nn.linear(4, 4, { name: "fc" });
      return graph(mesh, { name: "laid", inputs }, ({ x }) => ({ y: layer(x).mean() }));
    };
    const options = { dims: { rows: 8 }, microBatches: { rows: 2 } };
    expect(() => compile(make({ stage: "S(0)" }), { ...options, stages: "stage" })).toThrow(
      /input "x" lies S\(0\) along "stage"/,
    );
    expect(() =>
      compile(make({}), { ...options, stages: "stage", sharding: { "fc.weight": { stage: "S(0)" } } }),
    ).toThrow(/sharding of fc\.weight lies/);
    expect(compile(make({ data: "S(0)" }), { ...options, stages: "stage", schedule: "gpipe" }).pipeline).toBeDefined();
  });

  test("one micro-batch is the whole batch", () => {
    const plan = compile(built, { dims: { rows: 8 }, microBatches: { rows: 1 } });
    expect(plan.data.hash).toBe(compile(built, { dims: { rows: 8 } }).data.hash);
  });
});
