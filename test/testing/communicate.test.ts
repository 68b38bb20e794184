import { array, compile, graph, launch, nn, optim, placement, S } from "sluice";
import { matchers } from "sluice/testing";
import { describe, expect, it } from "vitest";

expect.extend(matchers);

const mesh = placement("cpu", { data: 2, model: 2 });
const net = nn.sequential(nn.linear(12, 8, { name: "fc1" }), nn.relu(), nn.linear(8, 4, { name: "fc2" }));
const inputs = {
  x: mesh.input(["batch", 12], "float32", { data: S(0) }),
  y: mesh.input(["batch"], "int32", { data: S(0) }),
};
const training = graph(mesh, { name: "small", model: net, inputs }, ({ x, y }, g) => {
  const loss = nn.softmaxCrossEntropy(net(x), y).mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});
const evaluation = graph(mesh, { name: "evaluation", model: net, inputs }, ({ x, y }) => ({
  hits: net(x).argmax(1).equal(y).cast("float32").sum(),
}));
const dims = { batch: 256 };
const sharding = { "fc1.weight": { model: S(1) }, "fc2.weight": { model: S(0) } } as const;
const plan = compile(training, { dims, sharding });
const batch = { x: array([256, 12], "float32", new Float32Array(3072)), y: array([256], "int32", new Int32Array(256)) };
const alone = placement("cpu", { data: 1 });
const nobody = compile(
  graph(alone, { name: "alone", inputs: { x: alone.input([4, 12], "float32") } }, ({ x }) => ({ s: x.sum() })),
);

describe("what a session has communicated", () => {
  it("is what its plans foretold, times the steps", async () => {
    const evaluating = compile(evaluation, { dims, sharding: plan.sharding });
    await using session = await launch(plan, { engine: "wasm" });
    expect(session.communication.map(({ count, bytes }) => [count, bytes])).toEqual(
      plan.communication.map(() => [0, 0]),
    );
    const tester = await session.load(evaluating);
    for await (const _ of session.run([batch, batch, batch]));
    for await (const _ of tester.run([batch, batch]));
    for (const [ran, foretold, steps] of [
      [session.communication, plan.communication, 3],
      [tester.communication, evaluating.communication, 2],
    ] as const) {
      expect(foretold.length).toBeGreaterThan(0);
      expect(ran).toEqual(
        foretold.map((each) => ({
          ...each,
          count: steps,
          bytes: steps * each.bytes,
          received: each.received.map((n) => steps * n),
        })),
      );
    }
    const { length } = plan.communication.filter(({ kind }) => kind === "all-reduce");
    expect(session).toCommunicate({ allReduce: 3 * length });
    await session.close();
    expect(() => session.communication).toThrow(/SL4011/);
  });

  it("is that of transfers between stages too, in micro-batches", async () => {
    const pipe = placement("cpu", { stage: 2, data: 2 });
    const [front, back] = [pipe.slice({ stage: 0 }), pipe.slice({ stage: 1 })];
    const [first, second] = [nn.linear(12, 8, { name: "first" }), nn.linear(8, 4, { name: "second" })];
    const x = front.input(["batch", 12], "float32", { data: S(0) });
    const staged = graph([front, back], { name: "staged", inputs: { x } }, (on, g) => {
      const loss = second(first(on.x).relu().to(back)).square().mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    const pipeline = compile(staged, { dims, microBatches: { batch: 4 } });
    const p2p = pipeline.communication.filter(({ kind }) => kind === "p2p").length;
    expect(p2p).toBeGreaterThanOrEqual(8); // to the second stage and back, for each micro-batch
    await using session = await launch(pipeline, { engine: "wasm" });
    for await (const _ of session.run([{ x: batch.x }, { x: batch.x }]));
    expect(session.communication).toEqual(
      pipeline.communication.map((each) => ({
        ...each,
        count: 2,
        bytes: 2 * each.bytes,
        received: each.received.map((n) => 2 * n),
      })),
    );
    const allGather = pipeline.communication.filter(({ kind }) => kind === "all-gather").length;
    expect(p2p + allGather).toBe(pipeline.communication.length);
    expect(pipeline).toCommunicate({ p2p, allGather });
    expect(session).toCommunicate({ p2p: 2 * p2p, allGather: 2 * allGather });
  });
});

const messageOf = (check: () => void): string => {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it held");
};

describe("toCommunicate", () => {
  const bytes = plan.communication.reduce((sum, each) => sum + each.bytes, 0);

  it("holds when the collectives are just these", () => {
    expect(plan.communication.map(({ kind }) => kind)).toEqual(["all-reduce", "all-reduce"]);
    expect(plan).toCommunicate({ allReduce: 2 });
    expect(plan).toCommunicate({ allReduce: 2, allGather: 0, bytes });
    expect(plan).not.toCommunicate({ allReduce: 1 });
    expect(plan).not.toCommunicate({ allReduce: 2, allGather: 1 });
    expect(plan).not.toCommunicate({ allReduce: 2, bytes: bytes + 1 });
    expect(plan).not.toCommunicate({});
    expect(nobody).toCommunicate({});
  });

  it("says what there is, on which tensors and axes, and what is wrong with it", () => {
    const text = messageOf(() => expect(plan).toCommunicate({ allReduce: 1, allGather: 3, bytes: 7 }));
    const lines = text.split("\n");
    expect(lines.slice(0, 5)).toEqual([
      'expected plan "small", in one step, to communicate { allReduce: 1, allGather: 3, bytes: 7 }',
      "",
      "  allReduce: 2, expected 1 (1 more)",
      "  allGather: 0, expected 3 (3 fewer)",
      `  bytes: ${bytes.toLocaleString("en")}, expected 7 (${(bytes - 7).toLocaleString("en")} more)`,
    ]);
    expect(text).toMatch(/\n {2}kind +axis +dtype +tensors +layout +bytes\n/);
    expect(text).toContain("fc2.matmul [256,4]");
    expect(text).toContain("gradient of fc1.weight [12,8]");
    for (const { axis, bytes: moved } of plan.communication)
      expect(lines.some((line) => line.includes(` ${axis} `) && line.endsWith(` ${moved.toLocaleString("en")}`))).toBe(
        true,
      );
    expect(text).toContain("P(sum) → B");
  });

  it("says so when nothing was to move, and when nothing does", () => {
    expect(messageOf(() => expect(plan).toCommunicate({}))).toMatch(
      /to communicate nothing\n\n {2}allReduce: 2, expected 0/,
    );
    expect(messageOf(() => expect(nobody).toCommunicate({ allReduce: 1 }))).toMatch(/It communicates nothing\.$/);
    expect(messageOf(() => expect(plan).not.toCommunicate({ allReduce: 2 }))).toMatch(
      /^expected plan "small", in one step, not to communicate \{ allReduce: 2 \}\n\nIt communicates:/,
    );
  });

  it("refuses what it does not know", () => {
    expect(() => expect(plan).toCommunicate({ allReduces: 1 } as never)).toThrow(/did you mean "allReduce".*SL1074/s);
    expect(() => expect(plan).toCommunicate({ allReduce: -1 })).toThrow(/SL1075/);
    expect(() => expect(plan.data).toCommunicate({})).toThrow(/a plan, a session.*SL1075/s);
    expect(() => expect(undefined).toCommunicate({})).toThrow(/SL1075/);
    // @ts-expect-error there is no such kind
    expect(() => expect(plan).toCommunicate({ allreduce: 1 })).toThrow(/SL1074/);
  });
});
