import { array, compile, customGradient, graph, launch, nn, optim, placement, S, type Tensor } from "sluice";
import { describe, expect, test } from "vitest";
import { thrown } from "./support.ts";

const mesh = placement("cpu", { data: 2 });
const inputs = { x: mesh.input([4, 3], "float32", { data: S(0) }) };
const feed = {
  x: array(
    [4, 3],
    "float32",
    Float32Array.from({ length: 12 }, (_, i) => (i % 5) - 2),
  ),
};

type X = Tensor<[4, 3], "float32">;

/** What one step of plain SGD with rate 1 takes from the weight of `x · w`, whose outputs go through `body`. */
async function gradient(body: (h: X) => Tensor<[4, 3], "float32">): Promise<number[]> {
  const net = nn.linear(3, 3, { name: "fc" });
  const training = graph(mesh, { name: "g", model: net, inputs }, ({ x }, g) => {
    const loss = body(net(x)).sum();
    g.minimize(loss, optim.sgd({ lr: 1 }));
    return { loss };
  });
  await using session = await launch(compile(training));
  const before = (await session.parameters.read("fc.weight")).data;
  for await (const _ of session.run([feed]));
  const after = (await session.parameters.read("fc.weight")).data;
  return Array.from(before, (b, i) => b - after[i]!);
}

describe("a gradient of the user's own", () => {
  test("takes the place of the op's: a straight-through estimator learns through a sign", async () => {
    const straight = await gradient((h) =>
      customGradient(
        [h],
        (h) => h.sign(),
        (g) => [g],
      ),
    );
    const identity = await gradient((h) => h);
    expect(straight.some((d) => d !== 0)).toBe(true);
    straight.forEach((d, i) => {
      expect(d).toBeCloseTo(identity[i]!, 5);
    });
  });

  test("may read inputs and output, and is used as often as the output is", async () => {
    const own = await gradient((h) => {
      const y = customGradient(
        [h],
        (h) => h.tanh(),
        (g, { out }) => [g.mul(out.square().neg().add(1))],
      );
      return y.add(y.mul(2));
    });
    const builtIn = await gradient((h) => {
      const y = h.tanh();
      return y.add(y.mul(2));
    });
    own.forEach((d, i) => {
      expect(d).toBeCloseTo(builtIn[i]!, 5);
    });
  });

  test("gives each input its own, and none where it says so", async () => {
    const found = await gradient((h) =>
      customGradient(
        [h, h],
        (a, b) => a.mul(b),
        (g) => [g.mul(3), undefined],
      ),
    );
    const thrice = await gradient((h) => h.mul(3));
    found.forEach((d, i) => {
      expect(d).toBeCloseTo(thrice[i]!, 5);
    });
  });

  test("leaves nothing behind in a graph that trains nothing", () => {
    const plain = graph(mesh, { name: "g", inputs }, ({ x }) => ({
      y: customGradient(
        [x],
        (x) => x.sign(),
        (g) => [g],
      ).relu(),
    }));
    expect(compile(plain).data.graph.ops.map(({ kind }) => kind)).toEqual(["input", "sign", "relu"]);
  });

  test("that does not fit is refused where it is written", () => {
    const build = (backward: (g: X) => readonly (Tensor | undefined)[]) =>
      thrown(() =>
        graph(mesh, { name: "g", inputs }, ({ x }) => ({ y: customGradient([x], (x) => x.relu(), backward) })),
      );
    expect(build(() => [])).toMatchObject({ code: "SL1093", at: expect.stringContaining("custom-gradient.test.ts:") });
    const wrong = build((g) => [g.sum(0)]);
    expect(wrong).toMatchObject({ code: "SL1092", at: expect.stringContaining("custom-gradient.test.ts:") });
    expect(wrong.message).toContain("f32[3], the input f32[4,3]");
  });
});
