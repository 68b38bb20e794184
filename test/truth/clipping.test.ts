/** @file Clipping by the global norm: under every layout, over two placements, with a scaled loss. */
import {
  array,
  B,
  compile,
  graph,
  type LossScale,
  launch,
  nn,
  optim,
  type Placement,
  type Precision,
  placement,
  S,
} from "sluice";
import { describe, expect, test } from "vitest";
import { type Axes, batches, sizes } from "./mlp.ts";
import { near } from "./near.ts";

interface Given {
  readonly axes?: Axes;
  readonly clipNorm?: number;
  readonly lossScale?: LossScale;
  readonly precision?: Precision;
  readonly optimizer?: "adamW" | "sgd";
}

function compiled(given: Given) {
  const { axes = { data: 1, model: 1 }, clipNorm = 0.05, lossScale, precision = "float32", optimizer = "sgd" } = given;
  const mesh = placement("cpu", { ...axes });
  const net = nn.sequential(
    nn.linear(sizes.inputs, sizes.hidden, { name: "fc1" }),
    nn.relu(),
    nn.linear(sizes.hidden, sizes.classes, { name: "fc2" }),
  );
  const spec = {
    image: mesh.input(["batch", sizes.inputs], "float32", { data: S(0) }),
    label: mesh.input(["batch"], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "clipped", model: net, inputs: spec }, ({ image, label }, g) => {
    const loss = nn.softmaxCrossEntropy(net(image), label).mean();
    const by = optimizer === "sgd" ? optim.sgd({ lr: 5e-2, momentum: 0.9 }) : optim.adamW({ lr: 1e-2 });
    if (lossScale === undefined) return { loss, ...g.minimize(loss, by, { clipNorm }), skipped: label.sum() };
    const { gradientNorm, skipped } = g.minimize(loss, by, { clipNorm, lossScale });
    return { loss, gradientNorm, skipped };
  });
  const sharding = { "fc1.weight": { data: B, model: S(1) }, "fc2.weight": { model: S(0) } } as const;
  return compile(training, { dims: { batch: sizes.batch }, sharding, precision });
}

type Feeds = Iterable<ReturnType<typeof batches> extends Iterable<infer F> ? F : never>;

async function train(plan: ReturnType<typeof compiled>, given: Feeds) {
  await using session = await launch(plan);
  const found: { loss: number; gradientNorm: number; skipped: number }[] = [];
  for await (const { loss, gradientNorm, skipped } of session.run(given)) found.push({ loss, gradientNorm, skipped });
  const weights = [...(await session.parameters.read("fc1.weight")).data].map(Number);
  return { found, weights };
}

const meshes: readonly Axes[] = [
  { data: 2, model: 1 },
  { data: 1, model: 2 },
  { data: 2, model: 2 },
  { data: 3, model: 1 },
];

describe.each(["sgd", "adamW"] as const)("with %s every layout trains to the single-device losses", (optimizer) => {
  const steps = 60;
  const single = train(compiled({ optimizer }), batches(steps));

  test("on one device it clips, and the loss falls", async () => {
    const { found } = await single;
    expect(found.every(({ gradientNorm }) => gradientNorm > 0.05)).toBe(true);
    expect(found.at(-1)!.loss).toBeLessThan(found[0]!.loss);
  });

  test.each(meshes)("data $data, model $model", async (axes) => {
    const { found } = await train(compiled({ axes, optimizer }), batches(steps));
    for (const [step, { loss, gradientNorm }] of (await single).found.entries()) {
      near(found[step]!.loss, loss, `loss of step ${step}`);
      near(found[step]!.gradientNorm, gradientNorm, `norm of step ${step}`, 1e-4); // it is large where rounding is
    }
  });
});

describe("over two placements", () => {
  const steps = 30;
  const train = async (front: Placement, back: Placement) => {
    const [fc1, fc2] = [
      nn.linear(sizes.inputs, sizes.hidden, { name: "fc1" }),
      nn.linear(sizes.hidden, sizes.classes, { name: "fc2" }),
    ];
    const spec = {
      image: front.input([sizes.batch, sizes.inputs], "float32"),
      label: back.input([sizes.batch], "int32"),
    };
    const training = graph(
      [front, back],
      { name: "stages", model: nn.sequential(fc1, fc2), inputs: spec },
      ({ image, label }, g) => {
        const loss = nn.softmaxCrossEntropy(fc2(fc1(image).relu().to(back)), label).mean();
        const { gradientNorm } = g.minimize(loss, optim.adamW({ lr: 1e-2 }), { clipNorm: 0.05 });
        return { loss, gradientNorm };
      },
    );
    await using session = await launch(compile(training, { dims: {} }));
    const found: number[][] = [];
    for await (const { loss, gradientNorm } of session.run(batches(steps))) found.push([loss, gradientNorm]);
    return found;
  };
  const on = (axes: Readonly<Record<string, number>>, ranks: readonly number[]) => placement("cpu", axes, { ranks });
  const single = train(on({ d: 1 }, [0]), on({ d: 1 }, [0]));

  test.each([
    ["one rank each", on({ d: 1 }, [0]), on({ d: 1 }, [1])],
    ["meshes of other sizes", on({ data: 2 }, [0, 1]), on({ model: 3 }, [2, 3, 4])],
  ])("%s", async (_, front, back) => {
    const found = await train(front, back);
    for (const [step, [loss, norm]] of (await single).entries()) {
      near(found[step]![0]!, loss!, `loss of step ${step}`);
      near(found[step]![1]!, norm!, `norm of step ${step}`, 1e-4);
    }
  });
});

/** One batch, with an infinite number or without. */
const one = (infinite: boolean) =>
  [...batches(1)].map(({ image, label }) => {
    const data = Float32Array.from(image.data as Float32Array);
    if (infinite) data[sizes.inputs * 41] = Number.POSITIVE_INFINITY;
    return { image: array([sizes.batch, sizes.inputs], "float32", data), label };
  });

describe("with a scaled loss", () => {
  test("gradients are clipped after they are divided by the scale", async () => {
    const [plain, scaled] = [compiled({}), compiled({ lossScale: 4096 })]; // a power of two changes no bit
    const [a, b] = [await train(plain, batches(20)), await train(scaled, batches(20))];
    expect(b.found.map(({ loss, gradientNorm }) => [loss, gradientNorm])).toEqual(
      a.found.map(({ loss, gradientNorm }) => [loss, gradientNorm]),
    );
    expect(b.weights).toEqual(a.weights);
  });

  test("a step that is skipped changes nothing, and its norm is not finite", async () => {
    const axes = { data: 2, model: 2 };
    const plan = () => compiled({ axes, lossScale: { init: 1024, growthInterval: 2000 }, optimizer: "adamW" });
    const clean = await train(plan(), [...batches(3)]);
    const [first, ...rest] = [...batches(3)];
    const broken = await train(plan(), [first!, ...one(true), ...rest]);
    const [bad] = broken.found.splice(1, 1);
    expect(bad!.skipped).toBe(1);
    expect(Number.isFinite(bad!.gradientNorm)).toBe(false);
    expect(broken.found).toEqual(clean.found);
    expect(broken.weights).toEqual(clean.weights);
  });
});

test("without a scaled loss a norm that is not finite spreads", async () => {
  const { found, weights } = await train(compiled({}), one(true));
  expect(found[0]!.gradientNorm).toBeNaN();
  expect(weights.every(Number.isNaN)).toBe(true);
});

test.each(["bfloat16", "float16"] as const)("in %s squares are summed in float32", async (precision) => {
  const [full, mixed] = [await train(compiled({}), batches(5)), await train(compiled({ precision }), batches(5))];
  for (const [step, { gradientNorm }] of full.found.entries())
    near(mixed.found[step]!.gradientNorm, gradientNorm, `norm of step ${step}`, 2 ** -7);
  const values = compiled({ precision }).data.graph;
  const squares = values.ops.filter(({ name }) => name.startsWith("clip."));
  expect(squares.length).toBeGreaterThan(8);
  for (const { outputs } of squares) expect(values.values[outputs[0]!]!.dtype).toBe("float32");
});
