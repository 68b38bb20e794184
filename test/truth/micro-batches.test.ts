import { array, compile, graph, launch, nn, optim, placement, S } from "sluice";
import { describe, expect, test } from "vitest";
import { type Piped, piped, run } from "./network.ts";

const steps = 12;

/** As near as two orders of adding up the same numbers. */
function expectNear(found: readonly number[], expected: readonly number[], what: string) {
  expect(found).toHaveLength(expected.length);
  found.forEach((number, i) => {
    const allowed = 1e-5 * Math.max(Math.abs(expected[i]!), 0.1);
    expect(Math.abs(number - expected[i]!), `${what} ${i}: ${number} against ${expected[i]}`).toBeLessThanOrEqual(
      allowed,
    );
  });
}

async function expectAsWhole(options: Piped) {
  const { rows = 8 } = options;
  const whole = await run(
    piped({ stages: [0], rows, clips: options.clips ?? false, trains: options.trains ?? true }),
    steps,
    rows,
  );
  const found = await run(piped(options), steps, rows);
  expectNear(found.losses, whole.losses, "loss");
  expectNear(found.logits, whole.logits, "logit");
}

describe("micro-batches give the losses of the whole batch", () => {
  test.each([
    { rows: 8, microBatches: 2 },
    { rows: 8, microBatches: 8 },
    { rows: 7, microBatches: 3 }, // 3, 2, 2
    { rows: 8, microBatches: 4, data: 2 },
    { rows: 8, microBatches: 2, data: 2, model: 2 },
    { rows: 6, microBatches: 3, model: 2 },
  ])("%o", (options) => expectAsWhole({ stages: [0], ...options }));

  test("without training, too", () => expectAsWhole({ stages: [0], microBatches: 4, trains: false }));

  test("and keep a part of the activations", () => {
    const held = (microBatches: number) =>
      Math.max(...piped({ stages: [0], rows: 64, microBatches }).memory.map(({ byRole }) => byRole.activation ?? 0));
    expect(held(8)).toBeLessThan(held(1) / 3);
  });
});

describe("every schedule gives the losses of one device", () => {
  test.each<Piped>([
    { stages: [0, 1], schedule: "gpipe", microBatches: 4 },
    { stages: [0, 1, 2, 3], schedule: "gpipe", microBatches: 4 },
    { stages: [0, 1], schedule: "1f1b", microBatches: 4 },
    { stages: [0, 1, 2, 3], schedule: "1f1b", microBatches: 8 },
    { stages: [0, 1, 2], schedule: "1f1b", microBatches: 3, rows: 7 },
    { stages: [0, 1, 0, 1], schedule: "interleaved", microBatches: 4 },
    { stages: [0, 1, 2, 3], schedule: "zb-h1", microBatches: 4 },
    { stages: [0, 1, 2], schedule: "zb-h2", microBatches: 5, rows: 10 },
    { stages: [0, 1, 1, 0], schedule: "zbv", microBatches: 4 },
    { stages: [0, 1, 2, 3, 3, 2, 1, 0], schedule: "zbv", microBatches: 7, rows: 7 },
    { stages: [0, 1], microBatches: 4, data: 2 },
    { stages: [0, 1], schedule: "zb-h1", microBatches: 2, data: 2, model: 2 },
    { stages: [0, 1, 1, 0], schedule: "zbv", microBatches: 4, model: 2 },
  ])("%o", expectAsWhole);

  test.each<Piped>([
    { stages: [0, 1, 2, 3], found: true, microBatches: 4 },
    { stages: [0, 1], found: true, schedule: "zbv", microBatches: 4 },
    { stages: [0, 1], found: true, schedule: "interleaved", microBatches: 4, data: 2 },
  ])("where the compiler finds the stages: %o", expectAsWhole);

  test.each<Piped>([
    { stages: [0], microBatches: 4, data: 2 },
    { stages: [0, 1, 2], schedule: "gpipe", microBatches: 4 },
    { stages: [0, 1, 2], schedule: "1f1b", microBatches: 4 },
    { stages: [0, 1, 0, 1], schedule: "interleaved", microBatches: 4 },
    { stages: [0, 1, 2], schedule: "zb-h1", microBatches: 4 },
    { stages: [0, 1, 2], schedule: "zb-h2", microBatches: 5, rows: 10 },
    { stages: [0, 1, 1, 0], schedule: "zbv", microBatches: 4 },
  ])("with gradients clipped by their norm: %o", (options) => expectAsWhole({ ...options, clips: true }));

  test.each<Piped>([
    { stages: [0], microBatches: 4 },
    { stages: [0, 1, 1, 0], schedule: "zbv", microBatches: 4 },
  ])("in bfloat16 as near to float32 as the whole batch is: %o", async (options) => {
    const [exact, whole, parts] = await Promise.all(
      [
        piped({ stages: [0] }),
        piped({ stages: [0], precision: "bfloat16" }),
        piped({ ...options, precision: "bfloat16" }),
      ].map((plan) => run(plan, steps)),
    );
    const apart = ({ losses }: { readonly losses: readonly number[] }) =>
      Math.max(...losses.map((loss, i) => Math.abs(loss / exact!.losses[i]! - 1)));
    expect(apart(whole!)).toBeGreaterThan(1e-6); // it is bfloat16
    expect(apart(parts!)).toBeGreaterThan(1e-6);
    expect(apart(parts!)).toBeLessThan(Math.max(0.02, 2 * apart(whole!)));
  });

  test("each rank takes the memory that the plan says", async () => {
    const plan = piped({ stages: [0, 1, 2, 3], schedule: "1f1b", microBatches: 8, rows: 64 });
    await using session = await launch(plan);
    const taken = new Map<string, number>();
    session.events$.subscribe((event) => {
      if (event.type === "memory") taken.set(event.what, event.bytes);
    });
    const bytes = plan.memory.map(({ rank }) => taken.get(`the region of rank ${rank}`));
    expect(bytes).toEqual(plan.memory.map((rank) => rank.bytes));
    expect(new Set(bytes).size).toBeGreaterThan(1);
  });

  test("evaluation goes through the same stages", () =>
    expectAsWhole({ stages: [0, 1, 2, 3], microBatches: 4, trains: false }));
});

describe("what is not a plain chain of stages", () => {
  const rows = 8;
  const mesh = placement("cpu", { stage: 2 });
  const [front, back] = [mesh.slice({ stage: 0 }), mesh.slice({ stage: 1 })];
  const feed = Array.from({ length: steps }, (_, step) => ({
    x: array(
      [rows, 6],
      "float32",
      Float32Array.from({ length: rows * 6 }, (_, i) => Math.sin(i * 1.7 + step)),
    ),
    weight: array(
      [rows],
      "float32",
      Float32Array.from({ length: rows }, (_, i) => ((i + step) % 3) / 2),
    ),
  }));

  /** On one placement, or on two by way of some moves. */
  function planOf(ways: readonly (typeof front)[], microBatches?: number) {
    const first = ways.length ? front : mesh.slice({ stage: 0 });
    const last = ways.at(-1) ?? first;
    const [enter, leave] = [nn.linear(6, 6, { name: "enter" }), nn.linear(6, 6, { name: "leave" })];
    const inputs = { x: first.input(["rows", 6], "float32"), weight: last.input(["rows"], "float32") };
    const built = graph(ways.length ? [front, back] : [first], { name: "ways", inputs }, ({ x, weight }, g) => {
      const h = ways.reduce((h, place) => h.to(place), enter(x));
      // The mean over the rows that count: what they are divided by hangs on the whole batch.
      const loss = leave(h).square().mean(1).mul(weight).sum().div(weight.sum());
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    return compile(built, {
      dims: { rows },
      ...(microBatches !== undefined && { microBatches: { rows: microBatches } }),
    });
  }
  async function losses(plan: ReturnType<typeof planOf>) {
    await using session = await launch(plan);
    const all: number[] = [];
    for await (const { loss } of session.run(feed)) all.push(loss);
    return all;
  }

  test.each([
    { what: "a mean by weights that add up over the batch", ways: [back], schedule: "1f1b", stages: [0, 1] },
    {
      what: "a tensor that is only passed on",
      ways: [back, front, back],
      schedule: "interleaved",
      stages: [0, 1, 0, 1],
    },
  ])("$what", async ({ ways, schedule, stages }) => {
    const plan = planOf(ways, 4);
    expect(plan.pipeline!.schedule).toMatchObject({ name: schedule, stages });
    expectNear(await losses(plan), await losses(planOf([])), "loss");
  });

  test.each(["gpipe", "1f1b", "zb-h1", "zb-h2"] as const)("words tied to logits by one table, %s", async (schedule) => {
    const words = 11;
    const tied = (first: typeof front, last: typeof front, options: object) => {
      const [table, inner] = [nn.embedding(words, 6, { name: "words" }), nn.linear(6, 6, { name: "inner" })];
      const inputs = { ids: first.input(["rows"], "int32"), next: last.input(["rows"], "int32") };
      const built = graph(first === last ? [first] : [first, last], { name: "tied", inputs }, ({ ids, next }, g) => {
        const logits = table.attend(inner(table(ids)).to(last).gelu());
        const loss = nn.softmaxCrossEntropy(logits, next).mean();
        g.minimize(loss, optim.sgd({ lr: 0.1 }));
        return { loss };
      });
      return compile(built, { dims: { rows }, ...options });
    };
    const read = async (plan: ReturnType<typeof tied>) => {
      await using session = await launch(plan);
      const all: number[] = [];
      const ids = (by: number) =>
        array(
          [rows],
          "int32",
          Int32Array.from({ length: rows }, (_, i) => (i * 3 + by) % words),
        );
      const steps = Array.from({ length: 12 }, (_, step) => ({ ids: ids(step), next: ids(step + 1) }));
      for await (const { loss } of session.run(steps)) all.push(loss);
      return all;
    };
    const piped = tied(front, back, { microBatches: { rows: 4 }, schedule });
    expect(piped.pipeline!.schedule.stages).toEqual([0, 1]);
    const losses = await read(piped);
    expectNear(losses, await read(tied(front, front, {})), "loss");
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  test("a total of activations that each row takes is refused, with the tensor and what to do", () => {
    const inputs = { x: front.input(["rows", 6], "float32") };
    const built = graph([front, back], { name: "centred", inputs }, ({ x }, g) => {
      const h = nn.linear(6, 6, { name: "enter" })(x);
      const loss = h.sub(h.mean(0)).to(back).square().mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    const compiling = () => compile(built, { dims: { rows }, microBatches: { rows: 4 } });
    expect(compiling).toThrow(/SL5026/);
    expect(compiling).toThrow(/takes "mean"[\s\S]*total of inputs alone[\s\S]*nn\.layerNorm/);
  });
});

describe("batch norm takes the statistics of each micro-batch", () => {
  const [rows, width, groups] = [12, 5, 2];
  function* batches() {
    for (let step = 0; step < steps; step++)
      yield {
        x: array(
          [rows, 4],
          "float32",
          Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i * 1.7 + step)),
        ),
        y: array(
          [rows],
          "int32",
          Int32Array.from({ length: rows }, (_, i) => (i + step) % 3),
        ),
      };
  }
  const layers = () => ({
    enter: nn.linear(4, width, { name: "enter" }),
    norm: nn.batchNorm(width, { name: "norm" }),
    leave: nn.linear(width, 3, { name: "leave" }),
  });

  async function losses(plan: ReturnType<typeof inMicroBatches> | ReturnType<typeof byHand>) {
    await using session = await launch(plan as ReturnType<typeof byHand>);
    const all: number[] = [];
    for await (const { loss } of session.run(batches())) all.push(loss);
    return all;
  }
  /** The same written out: the batch in groups, each normed by itself. */
  function byHand() {
    const mesh = placement("cpu", { data: 1 });
    const { enter, leave } = layers();
    const inputs = { x: mesh.input([rows, 4], "float32"), y: mesh.input([rows], "int32") };
    const built = graph(mesh, { name: "byHand", inputs }, ({ x, y }, g) => {
      const h = enter(x).reshape([groups, rows / groups, width]);
      const centred = h.sub(h.mean(1).reshape([groups, 1, width]));
      const variance = centred.square().mean(1).reshape([groups, 1, width]);
      const normed = centred.div(variance.add(1e-5).sqrt()).reshape([rows, width]);
      const loss = nn.softmaxCrossEntropy(leave(normed.relu()), y).mean();
      g.minimize(loss, optim.sgd({ lr: 0.3 }));
      return { loss };
    });
    return compile(built, {});
  }
  function inMicroBatches(data: number, stages: number) {
    const mesh = placement("cpu", { stage: stages, data });
    const [first, last] = [mesh.slice({ stage: 0 }), mesh.slice({ stage: stages - 1 })];
    const { enter, norm, leave } = layers();
    const inputs = {
      x: first.input(["rows", 4], "float32", { data: S(0) }),
      y: last.input(["rows"], "int32", { data: S(0) }),
    };
    const built = graph(stages > 1 ? [first, last] : first, { name: "norms", inputs }, ({ x, y }, g) => {
      const loss = nn.softmaxCrossEntropy(leave(norm(enter(x)).relu().to(last)), y).mean();
      g.minimize(loss, optim.sgd({ lr: 0.3 }), { frozen: ["norm.*"] });
      return { loss };
    });
    return compile(built, { dims: { rows }, microBatches: { rows: groups } });
  }

  test.each([
    { data: 1, stages: 1 },
    { data: 3, stages: 1 },
    { data: 1, stages: 2 },
    { data: 2, stages: 2 },
  ])("%o", async ({ data, stages }) => {
    expectNear(await losses(inMicroBatches(data, stages)), await losses(byHand()), "loss");
  });

  test.each([1, 2])("of images, on %i stages: parts that are alike teach what the whole does", async (stages) => {
    const group = Float32Array.from({ length: 2 * 2 * 4 * 4 }, (_, i) => Math.sin(i * 1.7));
    const image = array(
      [8, 2, 4, 4],
      "float32",
      Float32Array.from({ length: 4 * group.length }, (_, i) => group[i % group.length]!),
    );
    const learned = async (microBatches: number) => {
      const mesh = placement("cpu", { stage: stages, data: 1 });
      const layers = [nn.conv2d(2, 3, 3, { name: "conv", padding: 1 }), nn.batchNorm2d(3, { name: "norm" })] as const;
      const inputs = { x: mesh.input(["rows", 2, 4, 4], "float32") };
      const built = graph(mesh, { name: "images", inputs }, ({ x }, g) => {
        const loss = layers[1](layers[0](x)).tanh().square().mean();
        g.minimize(loss, optim.sgd({ lr: 0.5 }));
        return { loss };
      });
      const plan = compile(built, { dims: { rows: 8 }, microBatches: { rows: microBatches }, stages: "stage" });
      await using session = await launch(plan);
      for await (const _ of session.run([{ x: image }]));
      const names = ["conv.weight", "norm.weight", "norm.bias", "norm.variance"];
      const states = await Promise.all(names.map((name) => session.states.read(name)));
      return states.flatMap(({ data }) => [...data].map(Number));
    };
    const whole = await learned(1);
    for (const microBatches of [2, 4]) expectNear(await learned(microBatches), whole, `state of ${microBatches} parts`);
  });

  test("and its running statistics move once a step, towards their mean", async () => {
    const statistics = async (microBatches: number) => {
      const mesh = placement("cpu", { data: 1 });
      const norm = nn.batchNorm(4, { name: "norm" });
      const inputs = { x: mesh.input(["rows", 4], "float32") };
      const built = graph(mesh, { name: "moving", inputs }, ({ x }, g) => {
        const loss = norm(x).square().mean();
        g.minimize(loss, optim.sgd({ lr: 0.1 }));
        return { loss };
      });
      await using session = await launch(compile(built, { dims: { rows }, microBatches: { rows: microBatches } }));
      const [first] = [...batches()];
      for await (const _ of session.run([{ x: first!.x }]));
      return [...(await session.states.read("norm.mean")).data].map(Number);
    };
    expectNear(await statistics(3), await statistics(1), "mean");
  });
});
