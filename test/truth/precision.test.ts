import {
  array,
  B,
  compile,
  graph,
  type LossScale,
  launch,
  type NdArray,
  nn,
  optim,
  type Precision,
  placement,
  S,
  type Tensor,
} from "sluice";
import { describe, expect, test } from "vitest";
import { thrown } from "../graph/support.ts";
import { type Axes, batches, sizes } from "./mlp.ts";

interface Given {
  readonly axes?: Axes;
  readonly precision?: Precision;
  readonly lossScale?: LossScale;
  /** What the loss is multiplied with. */
  readonly times?: number;
  readonly optimizer?: Parameters<typeof optim.sgd>[0] | "adamW" | "lamb";
}

const optimizerOf = (given: Given["optimizer"] = "adamW") => {
  if (given === "lamb") return optim.lamb({ lr: 1e-2 });
  return given === "adamW" ? optim.adamW({ lr: 1e-2 }) : optim.sgd(given);
};

function compiled({ axes = { data: 1, model: 1 }, precision = "float32", lossScale, times = 1, optimizer }: Given) {
  const mesh = placement("cpu", { ...axes });
  const net = nn.sequential(
    nn.linear(sizes.inputs, sizes.hidden, { name: "fc1" }),
    nn.gelu(),
    nn.layerNorm(sizes.hidden, { name: "norm" }),
    nn.linear(sizes.hidden, sizes.classes, { name: "fc2" }),
  );
  const inputs = {
    image: mesh.input(["batch", sizes.inputs], "float32", { data: S(0) }),
    label: mesh.input(["batch"], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "truth", model: net, inputs }, ({ image, label }, g) => {
    const loss = nn.softmaxCrossEntropy(net(image), label).mean().mul(times);
    if (lossScale === undefined) {
      g.minimize(loss, optimizerOf(optimizer));
      return { loss, scale: loss, skipped: label.sum() };
    }
    const scaled = g.minimize(loss, optimizerOf(optimizer), { lossScale });
    return { loss, scale: scaled.lossScale, skipped: scaled.skipped };
  });
  const sharding = { "fc1.weight": { data: B, model: S(1) }, "fc2.weight": { model: S(0) } } as const;
  return compile(training, { dims: { batch: sizes.batch }, sharding, precision });
}

async function losses(given: Given, steps: number): Promise<number[]> {
  await using session = await launch(compiled(given));
  const found: number[] = [];
  for await (const { loss } of session.run(batches(steps))) found.push(loss);
  return found;
}

const meshes: readonly Axes[] = [
  { data: 2, model: 2 },
  { data: 4, model: 1 },
  { data: 1, model: 3 },
];
/** Half a unit in the last place of each. */
const unit = { bfloat16: 2 ** -8, float16: 2 ** -11 };

describe.each(["bfloat16", "float16"] as const)("mixed precision in %s", (precision) => {
  const steps = 100;

  test("trains like float32", async () => {
    const [full, mixed] = [await losses({}, steps), await losses({ precision, lossScale: "dynamic" }, steps)];
    expect(full.at(-1)).toBeLessThan(full[0]! / 2);
    mixed.forEach((loss, i) => {
      expect(Math.abs(loss - full[i]!), `step ${i}`).toBeLessThanOrEqual(20 * unit[precision] * full[i]!);
    });
    expect(mixed).not.toEqual(full);
  });

  test.each(meshes)("on data $data, model $model as on one device", async (axes) => {
    const given = { precision, lossScale: "dynamic" } as const;
    const [single, split] = [await losses(given, steps), await losses({ ...given, axes }, steps)];
    split.forEach((loss, i) => {
      const allowed = 10 * unit[precision] * Math.max(single[i]!, 0.1);
      expect(Math.abs(loss - single[i]!), `step ${i}: ${loss} against ${single[i]}`).toBeLessThanOrEqual(allowed);
    });
    expect(await losses({ ...given, axes }, 20), "the same bits again").toEqual(split.slice(0, 20));
  });

  test("has the gradients of float32, to the precision of its operands", async () => {
    const step = async (given: Given) => {
      await using session = await launch(compiled({ ...given, optimizer: { lr: 1 } }));
      const before = (await session.parameters.read("fc1.weight")).data;
      for await (const _ of session.run(batches(1)));
      const after = (await session.parameters.read("fc1.weight")).data;
      return Float64Array.from(after, (w, i) => before[i]! - w);
    };
    const exact = await step({});
    const size = Math.hypot(...exact);
    for (const gradients of ["float32", precision] as const) {
      const found = await step({ precision: { compute: precision, gradients }, lossScale: 1024 });
      expect(Math.hypot(...found.map((g, i) => g - exact[i]!)) / size).toBeLessThan(2 * unit[precision]);
    }
  });

  test("gradients travel in the dtype that is asked for", () => {
    const wire = (given: Precision) => {
      const plan = compiled({ axes: { data: 4, model: 1 }, precision: given });
      return plan.communication.filter(({ bytes }) => bytes > 1000);
    };
    const bytes = (given: Precision) => wire(given).reduce((sum, c) => sum + c.bytes, 0);
    expect(wire(precision).map(({ dtype }) => dtype)).toEqual(wire(precision).map(() => precision));
    expect(bytes(precision)).toBe(bytes("float32") / 2);
    expect(bytes({ compute: precision, gradients: "float32" })).toBe(bytes("float32"));
  });

  test("so do activations between ranks that share a layer", () => {
    const moved = (given: Precision) => {
      const plan = compiled({ axes: { data: 1, model: 2 }, precision: given });
      return plan.communication.reduce((sum, { bytes }) => sum + bytes, 0);
    };
    expect(moved(precision)).toBeLessThan(0.6 * moved("float32"));
  });
});

describe("mixed precision", () => {
  test("keeps float32 what the user sees: outputs, parameters, what optimizers keep", () => {
    const { data } = compiled({ precision: "bfloat16" });
    expect(data.outputs.map(({ dtype }) => dtype)).toEqual(["float32", "float32", "int32"]);
    for (const { name, dtype } of data.states) expect(dtype, name).toBe(name.endsWith("step") ? "int32" : "float32");
  });

  test("stores what is kept for the backward pass in 16 bits", () => {
    const held = (precision: Precision) => {
      const mesh = placement("cpu", { data: 2 });
      const block = () => nn.sequential(nn.layerNorm(32), nn.linear(32, 32), nn.gelu(), nn.linear(32, 32));
      const net = nn.sequential(...([0, 1, 2, 3, 4, 5, 6, 7].map(block) as [ReturnType<typeof block>]));
      const training = graph(
        mesh,
        { name: "deep", model: net, inputs: { x: mesh.input([4096, 32], "float32", { data: S(0) }) } },
        ({ x }, g) => {
          const loss = net(x.relu() as Tensor<[4096, 32], "float32">)
            .square()
            .mean();
          g.minimize(loss, optim.sgd({ lr: 1 }));
          return { loss };
        },
      );
      return compile(training, { precision }).memory.map(({ byRole }) => byRole.activation!);
    };
    const [full, mixed] = [held("float32"), held("bfloat16")];
    for (const [rank, bytes] of mixed.entries()) expect(bytes / full[rank]!).toBeLessThan(0.58);
  });

  test("leaves alone what is to stay float32", () => {
    const kinds = (float32: string[]) => {
      const { ops, values } = compiled({ precision: { compute: "bfloat16", float32 } }).data.graph;
      const op = ops.find(({ name }) => name.startsWith("fc2.matmul"))!;
      return op.inputs.map((id) => values[id]!.name);
    };
    expect(kinds([]).join()).toMatch(/bfloat16\.float32/);
    expect(kinds(["fc2.*"]).join()).not.toMatch(/bfloat16\.float32/);
    expect(thrown(() => kinds(["fc3.*"]))).toMatchObject({ code: "SL1075" });
  });

  test("refuses what it does not know", () => {
    for (const precision of ["bf16", { compute: "float32" }, { compute: "float16", gradients: 8 }, 16])
      expect(thrown(() => compiled({ precision: precision as never }))).toMatchObject({ code: "SL1075" });
    expect(thrown(() => compiled({ precision: { compute: "float16", gradient: "float32" } as never }))).toMatchObject({
      code: "SL1074",
    });
  });
});

/** Batches of which some make the loss infinite. */
function* broken(steps: number, which: (step: number) => boolean) {
  let step = 0;
  for (const { image, label } of batches(steps)) {
    const data = Float32Array.from(image.data as Float32Array);
    if (which(step++)) data[sizes.inputs * 41] = Number.POSITIVE_INFINITY; // on one rank of the data axis alone
    yield { image: array([sizes.batch, sizes.inputs], "float32", data), label };
  }
}

describe("loss scaling", () => {
  const small = { init: 1024, growthInterval: 3 } as const;

  test("halves the scale at each step that it skips, and doubles it after an interval of others", async () => {
    await using session = await launch(compiled({ lossScale: small, axes: { data: 2, model: 2 } }));
    const found: number[][] = [];
    for await (const { scale, skipped } of session.run(broken(9, (step) => step === 1 || step === 2)))
      found.push([scale, skipped]);
    expect(found).toEqual([
      [1024, 0],
      [1024, 1],
      [512, 1],
      [256, 0],
      [256, 0],
      [256, 0],
      [512, 0],
      [512, 0],
      [512, 0],
    ]);
    expect((await session.states.read("lossScale")).data).toEqual(Float32Array.of(1024));
  });

  test.each(["adamW", "lamb", { lr: 0.1, momentum: 0.9 }] as const)(
    "a skipped step changes nothing: %j",
    async (optimizer) => {
      const plan = compiled({ lossScale: small, axes: { data: 2, model: 2 }, optimizer, precision: "float16" });
      await using session = await launch(plan);
      for await (const _ of session.run(batches(2)));
      const names = session.states.names.filter((name) => !name.startsWith("lossScale"));
      const read = async () => {
        const all: NdArray[] = [];
        for (const name of names) all.push(await session.states.read(name));
        for (const name of session.parameters.names) all.push(await session.parameters.read(name));
        return all.map(({ data }) => [...(data as Float32Array)]);
      };
      const before = await read();
      for await (const { skipped } of session.run(broken(2, () => true))) expect(skipped).toBe(1);
      expect(await read()).toEqual(before);
      for await (const { skipped } of session.run(batches(1))) expect(skipped).toBe(0);
      expect(await read()).not.toEqual(before);
    },
  );

  test("training goes on as if the step had not been", async () => {
    const given = { lossScale: { ...small, growthInterval: 2000 }, axes: { data: 2, model: 2 } };
    const run = async (feeds: Iterable<never>) => {
      await using session = await launch(compiled(given));
      const found: number[] = [];
      for await (const { loss, skipped } of session.run(feeds as never)) if (!skipped) found.push(loss);
      return found;
    };
    const clean = [...batches(6)];
    const [bad] = [...broken(1, () => true)];
    expect(await run(clean.toSpliced(3, 0, bad as never) as never)).toEqual(await run(clean as never));
  });

  test("a scale of a power of two changes no bit in float32, and brings back what float16 loses", async () => {
    expect(await losses({ lossScale: 4096 }, 10)).toEqual(await losses({}, 10));
    const times = 1e-8;
    const moved = async (given: Given) => {
      await using session = await launch(compiled({ ...given, times, optimizer: { lr: 1e8 } }));
      const before = (await session.parameters.read("fc1.weight")).data;
      for await (const _ of session.run(batches(1)));
      const after = (await session.parameters.read("fc1.weight")).data;
      return Float64Array.from(after, (w, i) => before[i]! - w);
    };
    const [full, lost] = [await moved({}), await moved({ precision: "float16" })];
    const kept = await moved({ precision: "float16", lossScale: 2 ** 24 });
    expect(Math.hypot(...lost) / Math.hypot(...full)).toBeLessThan(0.01);
    expect(Math.hypot(...kept.map((w, i) => w - full[i]!)) / Math.hypot(...full)).toBeLessThan(0.01);
  });

  test("the scale never falls below 1", async () => {
    await using session = await launch(compiled({ lossScale: { init: 2 } }));
    const found: number[] = [];
    for await (const { scale } of session.run(broken(4, () => true))) found.push(scale);
    expect(found).toEqual([2, 1, 1, 1]);
  });

  test("numbers out of range are refused", () => {
    for (const lossScale of [0, { growthFactor: 0.5 }, { backoffFactor: 2 }, { growthInterval: 1.5 }])
      expect(thrown(() => compiled({ lossScale }))).toMatchObject({ code: "SL1060" });
    expect(thrown(() => compiled({ lossScale: "auto" as never }))).toMatchObject({ code: "SL1075" });
    expect(thrown(() => compiled({ lossScale: { inti: 1 } as never }))).toMatchObject({ code: "SL1074" });
  });
});
