import { array, compile, graph, launch, nn, optim, Plan, S, SessionError } from "sluice";
import { expect, test } from "vitest";
import { mesh } from "./support.ts";

const net = nn.linear(6, 4, { name: "fc" });
const inputs = {
  x: mesh.input(["batch", 6], "float32", { data: S(0) }),
  label: mesh.input(["batch"], "int32", { data: S(0) }),
};
const training = graph(mesh, { name: "training", model: net, inputs }, ({ x, label }, g) => {
  const losses = nn.softmaxCrossEntropy(net(x), label);
  const loss = losses.mean();
  g.minimize(loss, optim.adamW({ lr: 0.1 }));
  return { loss, losses };
});
const evaluation = graph(mesh, { name: "evaluation", model: net, inputs }, ({ x, label }) => ({
  hits: net(x).argmax(1).equal(label).cast("float32").sum(),
}));
const batch = {
  x: array(
    [8, 6],
    "float32",
    Float32Array.from({ length: 48 }, (_, i) => Number(i % 6 === Math.floor(i / 6) % 4)),
  ),
  label: array(
    [8],
    "int32",
    Int32Array.from({ length: 8 }, (_, i) => i % 4),
  ),
};
const plan = compile(training, { dims: { batch: 8 }, sharding: { "fc.weight": { model: S(1) } } });

test("a session trains, evaluates on the same parameters, reads them and leaves a trace", async () => {
  const evaluating = compile(evaluation, { dims: { batch: 8 }, sharding: plan.sharding });
  await using session = await launch(plan, { trace: true });
  const tester = await session.load(evaluating);
  const before = await session.parameters.read("fc.weight");
  expect(before.shape).toEqual([6, 4]);
  let last = Number.POSITIVE_INFINITY;
  for await (const { step, loss, losses } of session.run(Array.from({ length: 60 }, () => batch))) {
    expect(losses.shape).toEqual([8]);
    expect(loss).toBeCloseTo(losses.data.reduce((a, b) => a + b, 0) / 8, 5);
    if (step === 59) last = loss;
  }
  expect(last).toBeLessThan(0.3);
  for await (const { hits } of tester.run([batch])) expect(hits).toBe(8);
  expect(session.parameters.names).toEqual(["fc.weight", "fc.bias"]);
  expect((await session.parameters.read("fc.weight")).data).not.toEqual(before.data);
  expect(JSON.parse(session.trace()).traceEvents.length).toBeGreaterThan(60);
  await expect(session.parameters.read("fc.wieght")).rejects.toThrow(/did you mean "fc\.weight"/);
});

test("a plan read from JSON runs as the one that was written", async () => {
  const losses = async (source: Plan) => {
    await using session = await launch(source);
    expect(() => session.trace()).toThrow(SessionError);
    const out: unknown[] = [];
    for await (const { loss } of session.run([batch, batch])) out.push(loss);
    return out;
  };
  const again = Plan.fromJSON(JSON.stringify(plan));
  expect(again.hash).toBe(plan.hash);
  expect(await losses(again)).toEqual(await losses(plan as unknown as Plan));
});
