import { array, compile, graph, launch, nn, optim, placement, S, type Tensor, type Training } from "sluice";
import { describe, expect, test } from "vitest";
import { thrown } from "./support.ts";

const mesh = placement("cpu", { data: 2 });
const inputs = { x: mesh.input([4, 3], "float32", { data: S(0) }) };
const feed = (value: number) => ({ x: array([4, 3], "float32", new Float32Array(12).fill(value)) });

describe("states of the user's own", () => {
  test("keep what is assigned, from the next step on", async () => {
    const counting = graph(mesh, { name: "g", inputs }, ({ x }, g) => {
      const seen = g.state("seen", [], "int32", { init: 10 });
      const largest = g.state("largest", [3], "float32", { init: -1 });
      g.assign(seen, seen.add(4));
      g.assign(largest, largest.maximum(x.max(0)));
      return { before: seen.add(0), largestBefore: largest.mul(1) };
    });
    await using session = await launch(compile(counting));
    const found: unknown[] = [];
    for await (const { before, largestBefore } of session.run([feed(1), feed(5), feed(2)]))
      found.push([before, ...largestBefore.data]);
    expect(found).toEqual([
      [10, -1, -1, -1],
      [14, 1, 1, 1],
      [18, 5, 5, 5],
    ]);
    expect(session.states.names).toEqual(["seen", "largest"]);
    expect((await session.states.read("seen")).data).toEqual(Int32Array.of(22));
    await session.states.write("largest", array([3], "float32", Float32Array.of(9, 0, 0)));
    for await (const { largestBefore } of session.run([feed(0)])) expect([...largestBefore.data]).toEqual([9, 0, 0]);
  });

  test("may be swapped: each gets what the other was", async () => {
    const swapping = graph(mesh, { name: "g", inputs }, ({ x }, g) => {
      const [a, b] = [g.state("a", [], "float32", { init: 1 }), g.state("b", [], "float32", { init: 2 })];
      g.assign(a, b);
      g.assign(b, a);
      return { a: a.mul(1), b: b.mul(1), y: x.sum() };
    });
    await using session = await launch(compile(swapping));
    const found: unknown[] = [];
    for await (const { a, b } of session.run([feed(0), feed(0), feed(0)])) found.push([a, b]);
    expect(found).toEqual([
      [1, 2],
      [2, 1],
      [1, 2],
    ]);
  });

  test("are read as they were by the backward pass too", async () => {
    const net = nn.linear(3, 1, { name: "fc" });
    const training = graph(mesh, { name: "g", model: net, inputs }, ({ x }, g) => {
      const scale = g.state("scale", [], "float32", { init: 1 });
      const loss = net(x).mul(scale).sum();
      g.assign(scale, scale.mul(2));
      g.minimize(loss, optim.sgd({ lr: 1 }));
      return { loss };
    });
    await using session = await launch(compile(training));
    let before = (await session.parameters.read("fc.weight")).data;
    for (const scale of [1, 2, 4]) {
      for await (const _ of session.run([feed(1)]));
      const after = (await session.parameters.read("fc.weight")).data;
      for (const [i, w] of after.entries()) expect(before[i]! - w).toBeCloseTo(4 * scale, 4);
      before = after;
    }
  });

  test("that are no states, or are written twice, are refused", () => {
    const build = (body: (x: Tensor<[4, 3], "float32">, g: Training) => void) =>
      thrown(() =>
        graph(mesh, { name: "g", inputs }, ({ x }, g) => {
          body(x, g);
          return {};
        }),
      );
    expect(build((x, g) => g.assign(x, x.relu()))).toMatchObject({ code: "SL1095" });
    expect(build((_, g) => g.state("s", [-1], "float32"))).toMatchObject({ code: "SL1094" });
    const twice = build((x, g) => {
      const s = g.state("s", [3], "float32");
      g.assign(s, x.sum(0));
      g.assign(s, x.max(0));
    });
    expect(twice).toMatchObject({ code: "SL1033" });
  });
});

describe("frozen parameters", () => {
  const net = nn.sequential(nn.linear(3, 3, { name: "fc1" }), nn.relu(), nn.linear(3, 1, { name: "fc2" }));
  const training = (frozen: string[]) =>
    graph(mesh, { name: "g", model: net, inputs }, ({ x }, g) => {
      const loss = net(x).sum();
      g.minimize(loss, optim.sgd({ lr: 0.1 }), { frozen });
      return { loss };
    });

  test("stay as they are, and cost no backward pass", async () => {
    const plan = compile(training(["fc1.*"]));
    expect(plan.data.graph.ops.some(({ name }) => name.startsWith("fc1.matmul.grad"))).toBe(false);
    await using session = await launch(plan);
    const read = (name: string) => session.parameters.read(name).then(({ data }) => [...data]);
    const [one, two] = [await read("fc1.weight"), await read("fc2.bias")];
    for await (const _ of session.run([feed(1)]));
    expect(await read("fc1.weight")).toEqual(one);
    expect(await read("fc2.bias")).not.toEqual(two);
  });

  test("two losses may share the parameters between them", () => {
    const both = graph(mesh, { name: "g", model: net, inputs }, ({ x }, g) => {
      const loss = net(x).sum();
      g.minimize(loss, optim.sgd({ lr: 0.1 }), { frozen: ["fc1.*"] });
      g.minimize(loss, optim.adamW({ lr: 0.1 }), { frozen: ["fc2.*"] });
      return { loss };
    });
    const updates = compile(both).data.graph.ops.filter(({ writes }) => writes?.[0]?.startsWith("fc"));
    expect(updates.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "sgd fc2.weight.update",
      "sgd fc2.bias.update",
      "adamW fc1.weight.update",
      "adamW fc1.bias.update",
    ]);
  });

  test("that do not exist, or are all there are, are refused", () => {
    const missing = thrown(() => compile(training(["fc3.*", "fc1.wieght"])));
    expect(missing).toMatchObject({ code: "SL1053", at: expect.stringContaining("states.test.ts:") });
    expect(thrown(() => compile(training(["fc1.wieght"]))).hint).toContain("fc1.weight");
    expect(thrown(() => compile(training(["*"])))).toMatchObject({ code: "SL1051" });
  });
});
