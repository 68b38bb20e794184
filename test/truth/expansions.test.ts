/** @file Ops whose normalised dim the mesh splits: chosen when told to, worth as much as on one device, with few bytes. */
import { array, compile, graph, launch, nn, optim, placement, S } from "sluice";
import { describe, expect, test } from "vitest";

const [rows, classes] = [48, 4099]; // so many that gathering them would cost more
const logits = Float32Array.from({ length: rows * classes }, (_, i) => Math.sin(i * 7.3) * 8);
const label = Int32Array.from({ length: rows }, (_, i) => (i === 3 ? -1 : (i * 997) % classes));
const feed = { x: array([rows, classes], "float32", logits), y: array([rows], "int32", label) };

/** The outputs with the classes split over `model`, or whole on one rank. */
function lossPlan(axes: { data: number; model: number }) {
  const mesh = placement("cpu", axes);
  const g = graph(
    mesh,
    {
      name: "split",
      inputs: {
        x: mesh.input([rows, classes], "float32", { data: S(0), model: S(1) }),
        y: mesh.input([rows], "int32", { data: S(0) }),
      },
    },
    ({ x, y }) => ({
      loss: nn.softmaxCrossEntropy(x, y).to(mesh, { data: S(0) }),
      soft: x.softmax(1).to(mesh, { data: S(0), model: S(1) }),
      log: x.logSoftmax(1).to(mesh, { data: S(0), model: S(1) }),
    }),
  );
  return compile(g);
}

async function run(axes: { data: number; model: number }) {
  await using session = await launch(lossPlan(axes));
  for await (const { loss, soft, log } of session.run([feed]))
    return { loss: [...loss.data], soft: [...soft.data], log: [...log.data] };
  throw new Error("no step");
}

describe("softmax and cross-entropy over split classes", () => {
  test.each([
    { data: 1, model: 2 },
    { data: 1, model: 3 },
    { data: 2, model: 2 },
    { data: 1, model: 4 },
  ])("data $data, model $model", async (axes) => {
    const one = await run({ data: 1, model: 1 });
    const many = await run(axes);
    for (const key of ["loss", "soft", "log"] as const) {
      expect(many[key]).toHaveLength(one[key].length);
      const worst = many[key].reduce((most, value, i) => Math.max(most, Math.abs(value - one[key][i]!)), 0);
      expect(worst, key).toBeLessThan(1e-5);
    }
    expect(many.loss[3], "a label that is no class").toBe(0);
  });

  test("send one number a row and collective, never the logits", () => {
    const plan = lossPlan({ data: 1, model: 2 });
    expect(plan.communication.length).toBeGreaterThan(0);
    for (const { kind, bytes } of plan.communication) {
      expect(kind).toBe("all-reduce");
      expect(bytes % (2 * rows * 4)).toBe(0); // some numbers a row, to and from each of two ranks
    }
    const whole = plan.data.graph.values.filter((v) => String(v.shape) === `${rows},${classes}`);
    for (const { id } of whole) expect(plan.data.layouts[id]).toEqual([["model", { kind: "S", dim: 1 }]]);
  });
});

test("a classifier with its classes split trains as on one device", async () => {
  const train = async (axes: { data: number; model: number }) => {
    const mesh = placement("cpu", axes);
    const net = nn.sequential(nn.linear(7, 16, { name: "up" }), nn.relu(), nn.linear(16, classes, { name: "head" }));
    const g = graph(
      mesh,
      {
        name: "classes",
        model: net,
        inputs: {
          x: mesh.input([rows, 7], "float32", { data: S(0) }),
          y: mesh.input([rows], "int32", { data: S(0) }),
        },
      },
      ({ x, y }, b) => {
        const split = net(x).to(mesh, { data: S(0), model: S(1) });
        const loss = nn.softmaxCrossEntropy(split, y).mean();
        b.minimize(loss, optim.adamW({ lr: 1e-2 }));
        return { loss };
      },
    );
    const plan = compile(g, { dims: {}, sharding: { "head.weight": { model: S(1) }, "head.bias": { model: S(0) } } });
    await using session = await launch(plan);
    const losses: number[] = [];
    const batch = (step: number) => ({
      x: array(
        [rows, 7],
        "float32",
        Float32Array.from({ length: rows * 7 }, (_, i) => Math.sin(i * 1.7 + step)),
      ),
      y: array(
        [rows],
        "int32",
        Int32Array.from({ length: rows }, (_, i) => (i * 505 + step) % classes),
      ),
    });
    for await (const { loss } of session.run(Array.from({ length: 20 }, (_, step) => batch(step)))) losses.push(loss);
    return losses;
  };
  const one = await train({ data: 1, model: 1 });
  for (const axes of [
    { data: 1, model: 2 },
    { data: 2, model: 2 },
    { data: 1, model: 3 },
  ]) {
    const losses = await train(axes);
    losses.forEach((loss, step) => {
      const allowed = 1e-5 * Math.max(Math.abs(one[step]!), 0.1);
      expect(Math.abs(loss - one[step]!), `step ${step} on ${JSON.stringify(axes)}`).toBeLessThanOrEqual(allowed);
    });
  }
});
