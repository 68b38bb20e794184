import { array, compile, graph, launch, nn, optim, Plan, placement, S, type Tensor } from "sluice";
import { describe, expect, test } from "vitest";
import { balance, guard, hardSwish, leaky, stamp, wild } from "./ops.ts";

const [batch, width, hidden] = [6, 5, 7];

/** Fixed numbers in [−4, 4). */
const numbers = (n: number, seed = 1) =>
  Float32Array.from({ length: n }, (_, i) => (((i + 1) * seed * 7919) % 997) / 124.625 - 4);

type Hidden = Tensor<["batch", number], "float32">;
const builtIn = (x: Hidden): Hidden => x.mul(x.add(3).clamp(0, 6)).mul(1 / 6);

function training(axes: { data: number; model: number }, activation: (x: Hidden) => Hidden) {
  const mesh = placement("cpu", axes);
  const fc1 = nn.linear(width, hidden, { name: "fc1" });
  const fc2 = nn.linear(hidden, 3, { name: "fc2" });
  const net = nn.sequential(fc1, fc2);
  return compile(
    graph(
      mesh,
      {
        name: "define",
        model: net,
        inputs: {
          x: mesh.input(["batch", width], "float32", { data: S(0) }),
          label: mesh.input(["batch"], "int32", { data: S(0) }),
        },
      },
      ({ x, label }, g) => {
        const loss = nn.softmaxCrossEntropy(fc2(activation(fc1(x)) as never), label).mean();
        g.minimize(loss, optim.sgd({ lr: 0.5 }));
        return { loss };
      },
    ),
    { dims: { batch }, sharding: { "fc1.weight": { model: S(1) }, "fc2.weight": { model: S(0) } } },
  );
}

const step = {
  x: array([batch, width], "float32", numbers(batch * width)),
  label: array([batch], "int32", new Int32Array([0, 1, 2, 0, 1, 2])),
};

async function losses(plan: ReturnType<typeof training>): Promise<number[]> {
  await using session = await launch(plan, { threads: 1 });
  const all: number[] = [];
  for await (const { loss } of session.run([step, step, step, step])) all.push(loss);
  return all;
}

const composed = losses(training({ data: 1, model: 1 }, builtIn));

describe("an op that a user has defined", () => {
  test.each([
    { data: 1, model: 1 },
    { data: 2, model: 2 },
    { data: 4, model: 1 }, // 6 rows over 4 ranks
    { data: 1, model: 3 },
  ])("trains like the same in Sluice's own ops: %j", async (axes) => {
    const plan = training(axes, hardSwish);
    const own = await losses(plan);
    const other = await composed;
    expect(own.at(-1)).toBeLessThan(own[0]!);
    for (const [i, loss] of own.entries()) expect(Math.abs(loss - other[i]!)).toBeLessThan(1e-5);
    expect(plan.explain()).toContain("hardSwish");
    expect(await plan.render("svg", { graph: "logical" })).toContain("hardSwish");
    expect(await plan.render("svg")).toContain("hardSwish");
  });

  test("is taken split where its rules allow: nothing is boxed for it", () => {
    const { communication } = training({ data: 2, model: 2 }, hardSwish);
    expect(communication.map(({ name }) => name).join()).not.toContain("hardSwish.");
  });

  test("runs from a plan that was a file, with the same bits", async () => {
    const plan = training({ data: 2, model: 1 }, hardSwish);
    const again = Plan.fromJSON(JSON.stringify(plan)) as typeof plan;
    expect(await losses(again)).toEqual(await losses(plan));
  });
});

const mesh = placement("cpu", { data: 2 });
const feed = (data: Float32Array) => [{ x: array([4, 3], "float32", data) }];
const input = { x: mesh.input([4, 3], "float32", { data: S(0) }) };

async function run<T extends object>(plan: Plan<typeof input, never, object>, data: Float32Array, seed?: number) {
  await using session = await launch(plan, { threads: 1, ...(seed === undefined ? {} : { seed }) });
  for await (const step of session.run(feed(data) as never)) return step as T;
  throw new Error("no step");
}

test("attributes reach the kernel", async () => {
  const plan = compile(graph(mesh, { name: "leaky", inputs: input }, ({ x }) => ({ y: leaky(x, { slope: 0.25 }) })));
  const data = numbers(12);
  const { y } = await run<{ y: { data: Float32Array } }>(plan as never, data);
  expect([...y.data]).toEqual([...data].map((v) => (v > 0 ? v : v / 4)));
});

test("several outputs, one of which the loss leaves out", async () => {
  const net = nn.linear(3, 3, { name: "fc" });
  const plan = (composed: boolean) =>
    compile(
      graph(mesh, { name: "balance", model: net, inputs: input }, ({ x }, g) => {
        const h = net(x);
        const [up, down] = composed ? [h.relu().sum(1), h.clamp(-1e9, 0).sum(1)] : balance(h);
        const loss = up.mean();
        g.minimize(loss, optim.sgd({ lr: 0.1 }));
        return { loss, low: down.sum() };
      }),
    );
  const two = async (composed: boolean) => {
    await using session = await launch(plan(composed), { threads: 1 });
    const all: number[] = [];
    for await (const { loss, low } of session.run([...feed(numbers(12)), ...feed(numbers(12, 3))])) all.push(loss, low);
    return all;
  };
  const [own, other] = [await two(false), await two(true)];
  for (const [i, x] of own.entries()) expect(Math.abs(x - other[i]!)).toBeLessThan(1e-5);
});

test("what is random is the seed's and the place's, also with another seed at launch", async () => {
  const plan = compile(
    graph(mesh, { name: "stamp", inputs: input }, ({ x }) => ({ y: stamp(x) })),
    { dims: {}, seed: 7 },
  );
  const rows = async (seed?: number) => {
    const { y } = await run<{ y: { data: Int32Array } }>(plan as never, numbers(12), seed);
    return [...y.data].filter((_, i) => i % 3 === 0);
  };
  expect(await rows()).toEqual([7000, 7001, 7002, 7003]);
  expect(await rows(9)).toEqual([9000, 9001, 9002, 9003]);
});

test("a kernel that throws ends the session with the op, the rank, the line and the message", async () => {
  const plan = compile(graph(mesh, { name: "guard", inputs: input }, ({ x }) => ({ y: guard(x) })));
  await using session = await launch(plan, { threads: 2 });
  const data = numbers(12).fill(101, 6); // the second rank's rows
  const steps = async () => {
    for await (const _ of session.run([...feed(numbers(12)), ...feed(data)]));
  };
  const error = await steps().catch((e: unknown) => e);
  expect(error).toMatchObject({ name: "SessionError", code: "SL4032" });
  const { message, cause } = error as Error;
  expect(message).toMatch(
    /task guard @1, firing 1 \(rank 1, compute stream\): the kernel of op "guard" threw: an element exceeds 100/,
  );
  expect(message).toMatch(/at test\/define\/ops\.ts:\d+/);
  expect((cause as Error).stack).toContain("RangeError");
  expect(session.status).toBe("failed");
});

test.each([
  ["async", /kernel of op "wild" is asynchronous, and kernels are synchronous/],
  ["returns", /kernel of op "wild" returned an object, Float32Array/],
] as const)("a kernel that gives something back ends the session and no more: %s", async (how, message) => {
  const plan = compile(graph(mesh, { name: "wild", inputs: input }, ({ x }) => ({ y: wild(x, { how }) })));
  const error = await run(plan as never, numbers(12)).catch((e: unknown) => e);
  expect(error).toMatchObject({ name: "SessionError", code: "SL4032", message: expect.stringMatching(message) });
});

test("a kernel that fills whole buffers reaches its outputs alone", async () => {
  const plan = compile(
    graph(mesh, { name: "wild", inputs: input }, ({ x }) => ({ y: wild(x, { how: "spills" }), z: x.mul(1) })),
  );
  const data = numbers(12);
  const { y, z } = await run<{ y: { data: Float32Array }; z: { data: Float32Array } }>(plan as never, data);
  expect([...y.data]).toEqual(Array(12).fill(7));
  expect([...z.data]).toEqual([...data]);
});

test("a further plan may bring it, and more memory", async () => {
  const rows = 200_000;
  const plain = compile(graph(mesh, { name: "plain", inputs: input }, ({ x }) => ({ y: x.relu() })));
  const wide = { x: mesh.input([rows, 3], "float32", { data: S(0) }) };
  const large = compile(graph(mesh, { name: "large", inputs: wide }, ({ x }) => ({ y: leaky(x, { slope: 0 }).sum() })));
  await using session = await launch(plain, { threads: 2 });
  const runner = await session.load(large);
  const x = array([rows, 3], "float32", new Float32Array(rows * 3).fill(1));
  for await (const { y } of runner.run([{ x }])) expect(y).toBe(rows * 3);
});
