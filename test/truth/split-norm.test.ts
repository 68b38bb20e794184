/** @file Layer norm and RMS norm over a dim that the mesh splits: trained as on one device, with two numbers a row. */
import { array, compile, graph, launch, nn, optim, placement, S } from "sluice";
import { describe, expect, test } from "vitest";

const [rows, columns] = [24, 4099]; // so many columns that gathering them would cost more
type Axes = { data: number; model: number };

const batch = (step: number) => ({
  x: array(
    [rows, columns],
    "float32",
    Float32Array.from({ length: rows * columns }, (_, i) => 3 + Math.sin(i * 1.7 + step) * (1 + (i % 5))),
  ),
});

const kinds = { layerNorm: nn.layerNorm, rmsNorm: nn.rmsNorm } as const;

function trainPlan(kind: keyof typeof kinds, axes: Axes) {
  const mesh = placement("cpu", axes);
  const inner = nn.rmsNorm(columns, { name: "inner" });
  const outer = kinds[kind](columns, { name: "norm" });
  const g = graph(
    mesh,
    {
      name: "norm",
      model: nn.sequential(inner, outer),
      inputs: { x: mesh.input([rows, columns], "float32", { data: S(0), model: S(1) }) },
    },
    ({ x }, b) => {
      const y = outer(inner(x)).to(mesh, { data: S(0), model: S(1) });
      const loss = y.mul(y.tanh()).mean();
      b.minimize(loss, optim.sgd({ lr: 10 }));
      return { loss, y };
    },
  );
  return compile(g, { dims: {}, sharding: { "*": { model: S(0) } } });
}

async function train(kind: keyof typeof kinds, axes: Axes) {
  await using session = await launch(trainPlan(kind, axes));
  const losses: number[] = [];
  let last: number[] = [];
  for await (const { loss, y } of session.run(Array.from({ length: 4 }, (_, step) => batch(step)))) {
    losses.push(loss);
    last = [...y.data];
  }
  return { losses, last };
}

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])("%s over split columns", (kind) => {
  test.each([
    { data: 1, model: 2 },
    { data: 1, model: 3 },
    { data: 2, model: 2 },
  ])("data $data, model $model trains as one device", async (axes) => {
    const one = await train(kind, { data: 1, model: 1 });
    const many = await train(kind, axes);
    expect(new Set(one.losses).size).toBe(4);
    one.losses.forEach((loss, step) => {
      expect(Math.abs(many.losses[step]! - loss)).toBeLessThanOrEqual(1e-5 * Math.max(Math.abs(loss), 0.1));
    });
    const worst = one.last.reduce((most, value, i) => Math.max(most, Math.abs(value - many.last[i]!)), 0);
    expect(worst).toBeLessThan(1e-4);
  });

  test("sends numbers of rows, never the columns", () => {
    const plan = trainPlan(kind, { data: 1, model: 2 });
    for (const { id, shape } of plan.data.graph.values) {
      const column = shape.indexOf(columns);
      if (column >= 0) expect(plan.data.layouts[id]).toEqual([["model", { kind: "S", dim: column }]]);
    }
    expect(plan.communication.length).toBeGreaterThan(0);
    for (const { bytes } of plan.communication) expect(bytes).toBeLessThanOrEqual(2 * rows * 4);
  });
});
