import { array, compile, graph, launch, nn, optim, placement, S, visualize } from "sluice";
import { matchers } from "sluice/testing";
import { expect, test } from "vitest";

// What a layout is meant to save is written down as a test: the first weight is split by columns and the second by rows,
// so that what is between them stays where it is, and one sum over `model` is all that a forward pass moves.
expect.extend(matchers);

const mesh = placement("cpu", { data: 2, model: 2 });
const net = nn.sequential(nn.linear(64, 256, { name: "up" }), nn.relu(), nn.linear(256, 10, { name: "down" }));
const inputs = {
  x: mesh.input([512, 64], "float32", { data: S(0) }),
  label: mesh.input([512], "int32", { data: S(0) }),
};
const training = graph(mesh, { name: "mlp", model: net, inputs }, ({ x, label }, g) => {
  const loss = nn.softmaxCrossEntropy(net(x), label).mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});
const plan = compile(training, { sharding: { "up.weight": { model: S(1) }, "down.weight": { model: S(0) } } });

test("the sum of the forward pass, and the gradients in one: two collectives a step", () => {
  expect(plan).toCommunicate({ allReduce: 2 });
});

test("columns of the first weight", () => {
  expect(visualize(plan, "up.weight", { color: false })).toBe(`\
up.weight: float32[64, 256] {model: S(1), data: B} on cpu {data: 2, model: 2}, ranks 0–3
      0:128    128:256
   ┌─────────┬─────────┐
   │   0,2   │   1,3   │
   └─────────┴─────────┘`);
});

test("what is moved is what was foretold", async () => {
  const batch = {
    x: array([512, 64], "float32", new Float32Array(512 * 64)),
    label: array([512], "int32", new Int32Array(512)),
  };
  await using session = await launch(plan);
  for await (const _ of session.run([batch, batch, batch]));
  expect(session).toCommunicate({ allReduce: 3 * 2 });
  expect(session.communication.map(({ bytes }) => bytes)).toEqual(plan.communication.map(({ bytes }) => 3 * bytes));
});
