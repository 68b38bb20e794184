import { array, compile, type Dim, graph, launch, nn, optim, placement, S, type Tensor, type Training } from "sluice";
import { describe, expect, test } from "vitest";
import { opDef } from "../../src/graph/registry.ts";
import type { Attrs } from "../../src/ir/graph.ts";
import { thrown } from "./support.ts";

const mesh = placement("cpu", { data: 2, model: 2 });
const layouts = {
  whole: {},
  rows: { data: S(0) },
  columns: { model: S(1) },
  both: { data: S(0), model: S(1) },
  deep: { data: S(0), model: S(0) },
} as const;
const uneven = [7, 10] as const;
const ones = array([...uneven], "float32", new Float32Array(70).fill(1));
const column = (i: number) => Math.sin(i * 12.9898) * 2;
const noise = array(
  [...uneven],
  "float32",
  Float32Array.from({ length: 70 }, (_, i) => column(i)),
);
const label = array(
  [7],
  "int32",
  Int32Array.from({ length: 7 }, (_, i) => i % 3),
);

/** What a function of x [7,10] gives in some steps, with x and the result laid out so. */
async function outputs(
  layout: (typeof layouts)[keyof typeof layouts],
  body: (x: Tensor<[7, 10], "float32">) => Tensor<Dim[], "float32">,
  options: { mode?: "train" | "eval"; seed?: number; sessionSeed?: number } = {},
): Promise<Float32Array[]> {
  const spec = { name: "g", inputs: { x: mesh.input([7, 10], "float32", layout) }, mode: options.mode ?? "train" };
  const plan = compile(
    graph(mesh, spec, ({ x }) => ({ y: body(x).to(mesh, layout as object) })),
    { dims: {}, seed: options.seed ?? 0 } as never,
  );
  await using session = await launch(plan, options.sessionSeed === undefined ? {} : { seed: options.sessionSeed });
  const found: Float32Array[] = [];
  for await (const { y } of session.run([{ x: ones }, { x: ones }]))
    found.push((y as unknown as { data: Float32Array }).data);
  return found;
}

describe("dropout", () => {
  const drop = nn.dropout(0.3);

  test("drops the same elements under every layout, others in every step and for every seed", async () => {
    const [first, second] = await outputs(layouts.whole, drop);
    for (const layout of Object.values(layouts)) expect(await outputs(layout, drop)).toEqual([first, second]);
    expect(second).not.toEqual(first);
    const seeded = await outputs(layouts.rows, drop, { seed: 1 });
    expect(seeded[0]).not.toEqual(first);
    expect(await outputs(layouts.both, drop, { sessionSeed: 1 })).toEqual(seeded);
    expect(new Set(first)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
    const kept = first!.filter((x) => x > 0).length;
    expect(kept).toBeGreaterThan(35);
    expect(kept).toBeLessThan(63);
  });

  test("two of them in a graph drop different elements", async () => {
    const [both] = await outputs(layouts.both, (x) => drop(x).sub(drop(x)));
    expect(new Set(both).size).toBe(3);
  });

  test("drops nothing in a graph that evaluates", async () => {
    const same = (x: Tensor<[7, 10], "float32">) => drop(x).mul(1);
    expect((await outputs(layouts.both, same, { mode: "eval" }))[0]).toEqual(ones.data);
  });
});

test("draws have the same bits under every layout, and others in every step", async () => {
  const draw = async (layout: object) => {
    const plan = compile(
      graph(mesh, { name: "draws", inputs: { x: mesh.input([7, 10], "float32", layout) } }, ({ x }, g) => ({
        uniform: g.random.uniform([7, 10], { low: 2, high: 3 }).to(mesh, layout),
        normal: x.mul(0).add(g.random.normal([7, 10])),
      })),
    );
    await using session = await launch(plan);
    const found = [];
    for await (const { uniform, normal } of session.run([{ x: ones }, { x: ones }]))
      found.push(uniform.data, normal.data);
    return found;
  };
  const [uniform, normal, later] = await draw({});
  expect(Math.min(...uniform!)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...uniform!)).toBeLessThan(3);
  expect(later).not.toEqual(uniform);
  for (const layout of [layouts.rows, layouts.both]) {
    const again = await draw(layout);
    expect(again[0]).toEqual(uniform);
    expect(again[1]).toEqual(normal);
  }
});

describe("a graph's mode", () => {
  const kinds = (g: { logical: { ops: readonly { kind: string }[] } }) => g.logical.ops.map(({ kind }) => kind);
  const model = nn.sequential(nn.linear(10, 3, { name: "fc" }), nn.dropout(0.5), nn.batchNorm(3, { name: "bn" }));
  const inputs = { x: mesh.input(["batch", 10], "float32"), label: mesh.input(["batch"], "int32") };

  test("is training if the graph minimises something", () => {
    const modes: boolean[] = [];
    const training = graph(mesh, { name: "t", model, inputs }, ({ x, label }, g) => {
      modes.push(g.training);
      const loss = nn.softmaxCrossEntropy(model(x), label).mean();
      g.minimize(loss, optim.adam({ lr: 0.1 }));
      return { loss };
    });
    expect(kinds(training)).toEqual(expect.arrayContaining(["dropout", "blend"]));
    expect(modes.at(-1)).toBe(true);
    const evaluation = graph(mesh, { name: "e", model, inputs }, ({ x }) => ({ y: model(x) }));
    expect(kinds(evaluation)).not.toContain("dropout");
    expect(kinds(evaluation)).not.toContain("blend");
  });

  test("is what it is given as", () => {
    const spec = { model, inputs } as const;
    const dropping = graph(mesh, { ...spec, name: "t", mode: "train" }, ({ x }) => ({ y: model(x) }));
    expect(kinds(dropping)).toContain("dropout");
    const tuning = graph(mesh, { ...spec, name: "e", mode: "eval" }, ({ x, label }, g) => {
      const loss = nn.softmaxCrossEntropy(model(x), label).mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    expect(kinds(tuning)).not.toContain("dropout");
  });

  test("makes statistics move once in a step", () => {
    const norm = nn.batchNorm(10, { name: "bn" });
    const twice = (mode: "train" | "eval") => () =>
      graph(mesh, { name: "g", inputs, mode }, ({ x }) => ({ y: norm(norm(x)) }));
    expect(thrown(twice("train"))).toMatchObject({ code: "SL1033", subject: 'state "bn.mean"' });
    expect(twice("eval")).not.toThrow();
  });
});

describe("batch norm", () => {
  const norm = nn.batchNorm(10, { name: "bn", momentum: 0.5 });
  const inputs = (layout: object) => ({ x: mesh.input([7, 10], "float32", layout) });

  test("normalises by the whole batch under every layout, and evaluates by running statistics", async () => {
    const channel = (c: number) => Array.from({ length: 7 }, (_, i) => noise.data[i * 10 + c]!);
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const moments = (c: number) => {
      const m = mean(channel(c));
      return [m, mean(channel(c).map((v) => (v - m) ** 2))] as const;
    };
    for (const layout of Object.values(layouts)) {
      const spec = { name: "train", model: norm, inputs: inputs(layout) };
      const plan = compile(graph(mesh, { ...spec, mode: "train" }, ({ x }) => ({ y: norm(x) })));
      await using session = await launch(plan);
      const tester = await session.load(
        compile(
          graph(mesh, { ...spec, name: "eval" }, ({ x }) => ({ y: norm(x) })),
          { dims: {}, sharding: plan.sharding },
        ),
      );
      for await (const { y } of session.run([{ x: noise }]))
        y.data.forEach((value, at) => {
          const [m, v] = moments(at % 10);
          expect(value).toBeCloseTo((noise.data[at]! - m) / Math.sqrt(v + 1e-5), 4);
        });
      for await (const { y } of tester.run([{ x: noise }]))
        y.data.forEach((value, at) => {
          const [m, v] = moments(at % 10);
          expect(value).toBeCloseTo((noise.data[at]! - m / 2) / Math.sqrt(0.5 + v / 2 + 1e-5), 4);
        });
    }
  });
});

describe("training gives one curve under every layout", () => {
  /** Losses of some steps; shardings are by parameter. */
  async function curve(optimizer: ReturnType<typeof optim.adam>, data: object, sharding: object) {
    const net = nn.sequential(
      nn.linear(10, 12, { name: "up" }),
      nn.layerNorm(12, { name: "ln" }),
      nn.dropout(0.2),
      nn.rmsNorm(12, { name: "rms" }),
      nn.linear(12, 3, { name: "down" }),
    );
    const inputs = { x: mesh.input([7, 10], "float32", data), label: mesh.input([7], "int32", data) };
    const training = graph(mesh, { name: "t", model: net, inputs }, ({ x, label }, g) => {
      const loss = nn.softmaxCrossEntropy(net(x), label).mean();
      g.minimize(loss, optimizer);
      return { loss };
    });
    await using session = await launch(compile(training, { dims: {}, sharding: sharding as never }));
    const losses: number[] = [];
    for await (const { loss } of session.run(Array.from({ length: 12 }, () => ({ x: noise, label }))))
      losses.push(loss);
    return losses;
  }
  test.each([
    ["adam", optim.adam({ lr: 0.02, weightDecay: 0.01 })],
    ["lamb", optim.lamb({ lr: 0.05 })],
  ])("%s", async (_, optimizer) => {
    const alone = await curve(optimizer, {}, {});
    expect(alone.at(-1)).toBeLessThan(alone[0]! * 0.9);
    const shardings = [
      [{ data: S(0) }, {}],
      [{ data: S(0) }, { "up.weight": { model: S(1) }, "down.weight": { data: S(1), model: S(0) } }],
      [{}, { "*.weight": { model: S(0) }, "*.bias": { data: S(0) } }],
    ] as const;
    for (const [data, sharding] of shardings) {
      const losses = await curve(optimizer, data, sharding);
      losses.forEach((loss, i) => {
        expect(Math.abs(loss - alone[i]!), `step ${i}`).toBeLessThan(1e-5 * Math.max(0.1, alone[i]!));
      });
    }
  });

  test("a network of convolutions", async () => {
    const images = array(
      [4, 1, 6, 6],
      "float32",
      Float32Array.from({ length: 144 }, (_, i) => column(i)),
    );
    const classes = array([4], "int32", Int32Array.from([0, 1, 2, 1]));
    const net = nn.sequential(
      nn.conv2d(1, 6, 3, { padding: 1, name: "conv" }),
      nn.batchNorm2d(6, { name: "bn" }),
      nn.relu(),
      nn.maxPool2d(2),
      nn.conv2d(6, 3, 1, { name: "point" }),
      nn.avgPool2d(3),
      nn.flatten(),
    );
    const run = async (data: object, sharding: object) => {
      const inputs = { x: mesh.input([4, 1, 6, 6], "float32", data), label: mesh.input([4], "int32", data) };
      const training = graph(mesh, { name: "cnn", model: net, inputs }, ({ x, label }, g) => {
        const loss = nn.softmaxCrossEntropy(net(x), label).mean();
        g.minimize(loss, optim.sgd({ lr: 0.3, momentum: 0.9 }));
        return { loss };
      });
      await using session = await launch(compile(training, { dims: {}, sharding: sharding as never }));
      const losses: number[] = [];
      const batch = { x: images, label: classes };
      for await (const { loss } of session.run(Array.from({ length: 15 }, () => batch))) losses.push(loss);
      return losses;
    };
    const alone = await run({}, {});
    expect(alone.at(-1)).toBeLessThan(alone[0]! * 0.7);
    for (const [data, sharding] of [
      [{ data: S(0) }, {}],
      [{ data: S(0) }, { "conv.weight": { model: S(0) }, "point.weight": { model: S(1) } }],
    ] as const)
      (await run(data, sharding)).forEach((loss, i) => {
        expect(Math.abs(loss - alone[i]!), `step ${i}`).toBeLessThan(1e-4 * Math.max(0.1, alone[i]!));
      });
  });
});

describe("what does not fit is said where it is written", () => {
  const build = (body: (x: Tensor<["batch", 3, 8, 8], "float32">, g: Training) => unknown) => () =>
    graph(mesh, { name: "g", inputs: { x: mesh.input(["batch", 3, 8, 8], "float32") } }, ({ x }, g) => {
      body(x, g);
      return {};
    });
  // biome-ignore lint/suspicious/noExplicitAny: what the types refuse
  const any = (x: unknown) => x as any;
  test.each([
    ["SL1102", () => nn.layerNorm(0)],
    ["SL1060", () => nn.rmsNorm(8, { eps: -1 })],
    ["SL1108", () => nn.dropout(1)],
    ["SL1109", () => nn.batchNorm(1.5)],
    ["SL1060", () => nn.batchNorm(3, { momentum: 2 })],
    ["SL1118", () => nn.conv2d(3, 0, 3)],
    ["SL1103", build((x) => nn.layerNorm(7)(any(x)))],
    ["SL1110", build((x) => nn.batchNorm2d(4)(any(x)))],
    ["SL1119", build((x) => nn.conv2d(4, 2, 3)(any(x)))],
    ["SL1112", build((x) => nn.conv2d(3, 2, 3, { stride: 0 })(x))],
    ["SL1113", build((x) => nn.conv2d(3, 2, 9)(x))],
    ["SL1113", build((x) => nn.maxPool2d(9)(x))],
    ["SL1116", build((x) => nn.avgPool2d(2, { padding: 2 })(x))],
    ["SL1117", build((x) => nn.attention(any(x), any(x), any(x.sum(0))))],
    ["SL1011", build((x) => x.softmax(any(4)))],
    ["SL1105", build((_, g) => g.random.uniform([2], { low: Number.NaN }))],
    ["SL1001", build((_, g) => g.random.normal([-2]))],
  ])("%s", (code, body) => {
    const error = thrown(body);
    expect(error.code).toBe(code);
    expect(error.at).toMatch(/network\.test\.ts:\d+/);
  });

  const apart = { stride: [2, 2], padding: [0, 0] };
  const pool = { ...apart, window: [2, 2] };
  test.each([
    [
      "maxPool2dGrad",
      [
        [3, 8, 6],
        [3, 4, 2],
      ],
      pool,
      "SL1116",
      /the gradient is \[3,4,2\], its output is \[3,4,3\]/,
    ],
    [
      "maxPool2dGrad",
      [
        [3, 8, 6],
        [2, 4, 3],
      ],
      pool,
      "SL1116",
      /\[2,4,3\].*\[3,4,3\]/,
    ],
    ["avgPool2dGrad", [[3, 5, 3]], { ...pool, size: [8, 6] }, "SL1116", /\[3,5,3\].*\[3,4,3\]/],
    [
      "conv2dGradInput",
      [
        [4, 3, 2, 2],
        [5, 4, 4, 4],
      ],
      { ...apart, size: [8, 6] },
      "SL1115",
      /\[5,4,4,4\].*\[5,4,4,3\]/,
    ],
    [
      "conv2dGradInput",
      [
        [4, 3, 2, 2],
        [5, 2, 4, 3],
      ],
      { ...apart, size: [8, 6] },
      "SL1115",
      /\[5,2,4,3\].*\[5,4,4,3\]/,
    ],
    [
      "conv2dGradFilter",
      [
        [5, 3, 8, 6],
        [5, 4, 3, 3],
      ],
      { ...apart, size: [2, 2] },
      "SL1115",
      /\[5,4,3,3\].*\[5,4,4,3\]/,
    ],
    [
      "conv2dGradFilter",
      [
        [5, 3, 8, 6],
        [4, 4, 4, 3],
      ],
      { ...apart, size: [2, 2] },
      "SL1115",
      /\[4,4,4,3\].*\[5,4,4,3\]/,
    ],
  ] as const)("%s of %j: a gradient that the windows do not give", (kind, shapes, attrs, code, message) => {
    const types = shapes.map((shape) => ({ shape, dtype: "float32" as const }));
    const error = thrown(() => opDef(kind).infer(types, attrs as unknown as Attrs));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});
