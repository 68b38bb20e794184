/** @file argmax and topK over a dim that the mesh splits: unaided, the same bits as on one device, k candidates a rank. */
import { array, compile, graph, launch, placement, S } from "sluice";
import { describe, expect, test } from "vitest";

const [rows, classes, k] = [48, 4099, 5]; // so many classes that gathering them would cost more
/** Many ties, across ranks too; a row of nothing but ties; NaN here and there, and two of them in one row. */
const scores = Float32Array.from({ length: rows * classes }, (_, i) => Math.round(Math.sin(i * 7.3) * 8));
scores.fill(-1, 5 * classes, 6 * classes);
for (const [row, column] of [
  [7, 4000],
  [8, 100],
  [8, 4098],
])
  scores[row! * classes + column!] = Number.NaN;
const feed = { x: array([rows, classes], "float32", scores) };

function searchPlan(axes: { data: number; model: number }) {
  const mesh = placement("cpu", axes);
  const inputs = { x: mesh.input([rows, classes], "float32", { data: S(0), model: S(1) }) };
  const g = graph(mesh, { name: "search", inputs }, ({ x }) => {
    const { values, indices } = x.topK(k, 1);
    return { values, indices, most: x.argmax(1) };
  });
  return compile(g);
}

async function run(axes: { data: number; model: number }) {
  await using session = await launch(searchPlan(axes));
  for await (const { values, indices, most } of session.run([feed]))
    return { values: [...values.data], indices: [...indices.data], most: [...most.data] };
  throw new Error("no step");
}

describe("the largest over split classes", () => {
  test.each([
    { data: 1, model: 2 },
    { data: 1, model: 3 },
    { data: 2, model: 2 },
    { data: 3, model: 2 },
  ])("data $data, model $model: the same bits", async (axes) => {
    const one = await run({ data: 1, model: 1 });
    expect(one.most.slice(5, 9)).toEqual([0, expect.any(Number), 4000, 100]);
    expect(one.indices.slice(5 * k, 6 * k)).toEqual([0, 1, 2, 3, 4]);
    expect(one.indices.slice(8 * k, 8 * k + 2)).toEqual([100, 4098]);
    expect(await run(axes)).toEqual(one);
  });

  test("sends candidates, never the scores", () => {
    const parts = 2;
    const plan = searchPlan({ data: 1, model: parts });
    const whole = plan.data.graph.values.filter((v) => String(v.shape) === `${rows},${classes}`);
    for (const { id } of whole) expect(plan.data.layouts[id]).toEqual([["model", { kind: "S", dim: 1 }]]);
    // Each rank gets the others' candidates, a value and an index each: k of topK and one of argmax.
    const numbers = rows * (k + 1) * 2;
    const total = plan.communication.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(total).toBeLessThanOrEqual(parts * (parts - 1) * numbers * 4);
    expect(total).toBeGreaterThan(0);
  });

  test("more winners than a rank has elements: the scores travel, the result is right", async () => {
    const mesh = placement("cpu", { model: 4 });
    const inputs = { x: mesh.input([5], "float32", { model: S(0) }) };
    const plan = compile(graph(mesh, { name: "few", inputs }, ({ x }) => ({ at: x.topK(2, 0).indices })));
    await using session = await launch(plan);
    for await (const { at } of session.run([{ x: array([5], "float32", new Float32Array([1, 5, 2, 5, 3])) }]))
      expect([...at.data]).toEqual([1, 3]);
  });
});
