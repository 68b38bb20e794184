/** @file Ops that one kernel call does: which, that nothing in between is stored, and that the values stay what they were. */
import { array, compile, graph, launch, nn, optim, type Plan, placement, S } from "sluice";
import { describe, expect, test } from "vitest";

const kernelsOf = (plan: Plan) =>
  plan.data.tasks.flatMap(({ classes }) => classes[0]?.program.map(({ kernel }) => kernel) ?? []);
const joinsOf = (plan: Plan) =>
  plan.data.tasks.flatMap(({ joined }) => joined ?? []).map(({ ops, saved }) => `${ops.join(" ")}: ${saved}`);
const ramp = (shape: readonly number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return array(
    shape,
    "float32",
    Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1)),
  );
};

const mesh = placement("cpu", { d: 1 });
const fc = nn.linear(3, 4, { name: "fc" });
const inputs = { x: mesh.input([2, 5, 3], "float32"), r: mesh.input([2, 5, 4], "float32") };

describe("a linear layer with a residual", () => {
  const g = graph(mesh, { name: "layer", model: fc, inputs }, ({ x, r }) => ({ y: r.add(fc(x)) }));
  const plan = compile(g) as unknown as Plan;

  test("is one product, of which nothing is stored but the result", () => {
    expect(kernelsOf(plan)).toEqual(["gemm"]);
    expect(joinsOf(plan)).toEqual([`fc.matmul fc.add add: ${2 * 2 * 2 * 5 * 4 * 4}`]);
    expect(plan.data.buffers.map(({ name }) => name)).not.toContain("fc.matmul");
    expect(plan.explain()).toContain("matmul + add + add");
  });

  test("has the value of the ops one by one", async () => {
    const x = ramp([2, 5, 3]);
    const r = ramp([2, 5, 4]);
    await using session = await launch(plan);
    const [weight, bias] = [await session.parameters.read("fc.weight"), await session.parameters.read("fc.bias")];
    const expected = Array.from(r.data, (value, i) => {
      const [row, column] = [Math.floor(i / 4), i % 4];
      const products = [0, 1, 2].map((k) => x.data[row * 3 + k]! * weight.data[k * 4 + column]!);
      return value + bias.data[column]! + products.reduce((a, b) => a + b, 0);
    });
    for await (const { y } of session.run([{ x, r }]) as AsyncIterable<{ y: { data: Float32Array } }>)
      for (const [i, value] of y.data.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
  });
});

test("the gradient of a weight under a batch of matrices is one product over all rows", () => {
  const g = graph(mesh, { name: "gradient", model: fc, inputs }, ({ x, r }, on) => {
    const d = fc(x).sub(r);
    const loss = d.mul(d).mean();
    on.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  const plan = compile(g) as unknown as Plan;
  expect(kernelsOf(plan)).not.toContain("gemm_batched");
  expect(joinsOf(plan).some((text) => text.includes("fc.matmul.grad.weight"))).toBe(true);
});

test("what the host reads, or another op, is stored, and yet need not be read again", () => {
  const read = graph(mesh, { name: "read", model: fc, inputs }, ({ x, r }) => {
    const y = fc(x);
    return { y, z: y.add(r) };
  });
  const plan = compile(read) as unknown as Plan;
  const bytes = 2 * 5 * 4 * 4;
  expect(joinsOf(plan)).toEqual([`fc.matmul fc.add add: ${(2 + 1) * bytes}`]);
  expect(plan.data.buffers.map(({ name }) => name)).toEqual(expect.arrayContaining(["fc.add", "add"]));
  const twice = graph(mesh, { name: "twice", model: fc, inputs }, ({ x, r }) => {
    const y = fc(x);
    return { z: y.mul(y.add(r)) };
  });
  expect(joinsOf(compile(twice) as unknown as Plan)).toEqual([`fc.matmul fc.add add mul: ${(2 + 2 + 3) * bytes}`]);
});

test("a product widens what it takes itself: no chain before it stores that in 32 bits", () => {
  const net = nn.sequential(nn.linear(3, 8, { name: "up" }), nn.gelu(), nn.linear(8, 4, { name: "down" }));
  const g = graph(mesh, { name: "mixed", model: net, inputs: { x: inputs.x } }, ({ x }) => ({ y: net(x) }));
  const plan = compile(g, { precision: "bfloat16" }) as unknown as Plan;
  const between = plan.data.buffers.filter(({ name, role }) => name.startsWith("gelu") && role === "activation");
  expect(between.map(({ dtype }) => dtype)).toEqual(["bfloat16"]);
});

test("uneven and empty shards have their value too", async () => {
  const four = placement("cpu", { d: 4 });
  const cut = { x: four.input([2, 5, 3], "float32", { d: S(0) }), r: four.input([2, 5, 4], "float32", { d: S(0) }) };
  const losses = async (on: typeof mesh | typeof four, given: typeof inputs | typeof cut) => {
    const model = nn.linear(3, 4, { name: "fc" });
    const g = graph(on, { name: "shards", model, inputs: given as typeof inputs }, ({ x, r }, b) => {
      const d = r.add(model(x));
      const loss = d.mul(d).mean();
      b.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    const plan = compile(g) as unknown as Plan;
    await using session = await launch(plan);
    const seen: number[] = [];
    const feed = { x: ramp([2, 5, 3]), r: ramp([2, 5, 4]) };
    for await (const step of session.run([feed, feed, feed]) as AsyncIterable<{ loss: number }>) seen.push(step.loss);
    return seen;
  };
  const [one, many] = [await losses(mesh, inputs), await losses(four, cut)];
  for (const [i, loss] of many.entries()) expect(loss).toBeCloseTo(one[i]!, 5);
});

describe("a reshape", () => {
  const g = graph(mesh, { name: "flat", inputs }, ({ r }) => {
    const doubled = r.add(r);
    return { y: doubled.reshape([10, 4]).exp(), z: doubled.reshape([40]) };
  });
  const plan = compile(g) as unknown as Plan;

  test("of what a step makes is another reading of the same bytes: no call, no buffer", () => {
    expect(kernelsOf(plan)).toEqual(["binary", "unary"]);
    expect(plan.data.buffers.map(({ name }) => name).filter((name) => name.includes("reshape"))).toEqual([]);
  });

  test("gives the host its value under the new shape", async () => {
    const r = ramp([2, 5, 4]);
    await using session = await launch(plan);
    for await (const { z } of session.run([{ x: ramp([2, 5, 3]), r }]) as AsyncIterable<{ z: { data: Float32Array } }>)
      expect([...z.data]).toEqual([...r.data].map((value) => Math.fround(value + value)));
  });

  test("of a state is a copy: the host reads it as it was, whatever becomes of the state", async () => {
    const counting = graph(mesh, { name: "count", inputs: { r: inputs.r } }, ({ r }, on) => {
      const s = on.state("s", [4], "float32");
      on.assign(s, s.add(r.mean(0).mean(0)).add(1));
      return { before: s.reshape([2, 2]) };
    });
    const seen: number[] = [];
    await using session = await launch(compile(counting) as unknown as Plan);
    const zero = array([2, 5, 4], "float32", new Float32Array(40));
    for await (const step of session.run([{ r: zero }, { r: zero }, { r: zero }]))
      seen.push((step as unknown as { before: { data: Float32Array } }).before.data[0]!);
    expect(seen).toEqual([0, 1, 2]);
  });
});
