/** @file What clipping by the global norm adds to a graph and to a plan, and what `minimize` takes and returns. */
import { compile, graph, nn, optim, placement, S, type Tensor } from "sluice";
import { describe, expect, test } from "vitest";
import { expanded, mesh, op, show, thrown } from "./support.ts";

/** A layer and a loss of it, trained as `train` says. */
function built<O extends Readonly<Record<string, Tensor>>>(
  train: (loss: Tensor<[], "float32">, g: Parameters<Parameters<typeof graph>[2]>[1]) => O,
) {
  const fc = nn.linear(8, 8, { name: "fc" });
  return graph(mesh, { name: "g", model: fc, inputs: { x: mesh.input([4, 8], "float32") } }, ({ x }, g) => {
    const loss = fc(x).mean();
    return { loss, ...train(loss, g) };
  });
}
const sgd = optim.sgd({ lr: 0.1 });

describe("what is written", () => {
  const full = expanded(built((loss, g) => ({ ...g.minimize(loss, sgd, { clipNorm: 0.5, lossScale: 8 }) })));
  const text = (name: string) => show(full, op(full, name));

  test("one factor for all gradients that the optimizer gets, after they are divided by the scale", () => {
    for (const name of ["fc.weight", "fc.bias"]) {
      expect(text(`${name}.grad.clipped`)).toBe(`${name}.grad.clipped = mul(${name}.grad.unscaled, clip.clamp)`);
      expect(text(`${name}.update`)).toContain(`${name}.grad.clipped`);
      expect(
        full.ops.filter((each) => show(full, each).includes(`(${name}.grad.unscaled`)).map(({ kind }) => kind),
      ).toEqual(["nonFinite", "mul", "mul"]);
    }
  });

  test("outputs are the scale, whether the step is skipped, the norm before clipping", () => {
    const names = Object.entries(full.outputs).map(([name, id]) => [
      name,
      full.values[id]!.name,
      full.values[id]!.dtype,
    ]);
    expect(names.slice(1)).toEqual([
      ["lossScale", "lossScale.stopGradient", "float32"],
      ["skipped", "lossScale.maximum", "int32"],
      ["gradientNorm", "clip.sqrt", "float32"],
    ]);
  });

  test("nothing without it", () => {
    const plain = expanded(built((loss, g) => ({ ...g.minimize(loss, sgd, { lossScale: 8 }) })));
    expect(plain.ops.filter(({ name }) => name.includes("clip"))).toEqual([]);
  });
});

describe("a plan", () => {
  function plan(width: number, batch: number, sharding: "B" | "S(1)") {
    const line = placement("cpu", { d: 2 });
    const net = nn.linear(width, 512, { name: "fc" });
    const spec = { x: line.input([batch, width], "float32", { d: S(0) }) };
    const training = graph(line, { name: "wide", model: net, inputs: spec }, ({ x }, g) => {
      const loss = net(x).square().mean();
      g.minimize(loss, sgd, { clipNorm: 1 });
      return { loss };
    });
    return compile(training, { dims: {}, sharding: { "fc.weight": { d: sharding } } });
  }

  test("sums up squares as they are made, whatever the size of the gradient", () => {
    const runs = plan(64, 4096, "B").data.tasks.flatMap(({ joined }) => joined ?? []);
    const names = runs.map(({ ops }) => ops.join());
    expect(names).toContain("clip.mul,clip.sum"); // along lines of 512 of the weight's 32768
    expect(names).toContain("clip.mul_1,clip.sum_2");
  });

  test("moves one number a rank for the parts of the norm", () => {
    const moved = plan(512, 8, "S(1)").communication.filter(({ name }) => name.startsWith("clip"));
    expect(moved.map(({ bytes }) => bytes)).toEqual([8]);
  });
});

describe("minimize", () => {
  test("refuses a norm that is no finite number above 0, and options that it has not", () => {
    const given = (options: object) =>
      thrown(() =>
        built((loss, g) => {
          g.minimize(loss, sgd, options);
          return {};
        }),
      );
    for (const clipNorm of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1", null, {}])
      expect(given({ clipNorm })).toMatchObject({ code: "SL1060" });
    expect(given({ clipNorm: 0 }).message).toMatch(/clipNorm cannot be 0[\s\S]*above 0/);
    expect(given({ clipnorm: 1 })).toMatchObject({ code: "SL1074" });
  });

  test("returns what was asked for", () => {
    built((loss, g) => {
      const { gradientNorm, ...rest } = g.minimize(loss, sgd, { clipNorm: 1 });
      expect([gradientNorm.shape, gradientNorm.dtype, rest]).toEqual([[], "float32", {}]);
      return { gradientNorm };
    });
    built((loss, g) => {
      const scaled = g.minimize(loss, sgd, { lossScale: "dynamic" });
      expect(Object.keys(scaled)).toEqual(["lossScale", "skipped"]);
      // @ts-expect-error nothing is clipped
      expect(scaled.gradientNorm).toBeUndefined();
      return {};
    });
  });
});
