/** @file A model of tables, ids, reshapes and choices trains alike on one device and under uneven splits of everything. */
import { array, compile, concat, graph, launch, nn, optim, placement, S, stack, where } from "sluice";
import { expect, test } from "vitest";

const batch = 6;
const steps = 12;
const words = 7; // uneven over 2 and over 3

const model = nn.sequential(nn.embedding(words, 10, { name: "words" }), nn.gelu(), nn.linear(10, 6, { name: "fc" }));

async function losses(
  axes: { data: number; model: number },
  sharding: Record<string, { model: "S(0)" | "S(1)" }> = {},
  ids: { data?: "S(0)" | "S(1)" } = {},
) {
  const mesh = placement("cpu", axes);
  const training = graph(
    mesh,
    { name: "elements", model, inputs: { ids: mesh.input(["batch", 3], "int32", ids) } },
    ({ ids }, g) => {
      const rows = model(ids); // [batch, 3, 6]
      const flat = rows.reshape(["batch", 18]);
      const { values, indices } = flat.topK(4, 1);
      const picked = flat.tanh().takeAlong(indices, 1).mul(values);
      const sides = concat([flat.slice(1, 0, 9).maximum(flat.slice(1, 9)), picked.pad(1, 1, 0)], 1); // [batch, 14]
      const chosen = where(sides.greater(0.1), sides.square(), sides.abs().pow(1.5));
      const swapped = stack([chosen, chosen.clamp(0, 0.5)], 1).permute([2, 0, 1]); // [14, batch, 2]
      const counts = ids.oneHot(words).sum(1).cumsum(1); // [batch, 7]
      const loss = swapped.max(0).mean().add(sides.sigmoid().mean()).add(counts.stopGradient().mean().mul(0.01));
      g.minimize(loss, optim.adamW({ lr: 0.05 }));
      return { loss, indices };
    },
  );
  const plan = compile(training, { dims: { batch }, sharding });
  await using session = await launch(plan);
  const feeds = Array.from({ length: steps }, (_, step) => ({
    ids: array(
      [batch, 3],
      "int32",
      Int32Array.from({ length: batch * 3 }, (_, i) => ((i * 5 + step * 3) % (words + 1)) - 1),
    ),
  }));
  const out: { loss: number; indices: number[] }[] = [];
  for await (const { loss, indices } of session.run(feeds)) out.push({ loss, indices: [...indices.data] });
  return out;
}

const single = losses({ data: 1, model: 1 });

test("on one device it learns", async () => {
  const all = await single;
  expect(all.at(-1)!.loss).toBeLessThan(all[0]!.loss * 0.9);
});

test.each([
  ["ids split", { data: 2, model: 1 }, {}, { data: S(0) }],
  ["ids split along the words", { data: 2, model: 1 }, {}, { data: S(1) }],
  ["the table split by rows", { data: 1, model: 2 }, { "words.weight": { model: S(0) } }, {}],
  ["by rows over three", { data: 1, model: 3 }, { "words.weight": { model: S(0) } }, {}],
  ["by columns", { data: 1, model: 3 }, { "words.weight": { model: S(1) }, "fc.weight": { model: S(0) } }, {}],
  [
    "ids and rows",
    { data: 2, model: 2 },
    { "words.weight": { model: S(0) }, "fc.weight": { model: S(1) } },
    { data: S(0) },
  ],
  ["four over six ids", { data: 4, model: 1 }, {}, { data: S(0) }],
  ["left to the compiler", { data: 3, model: 2 }, {}, {}],
] as const)("%s", async (_, axes, sharding, ids) => {
  const expected = await single;
  (await losses(axes, sharding, ids)).forEach(({ loss, indices }, step) => {
    const want = expected[step]!;
    expect(Math.abs(loss - want.loss), `step ${step}: ${loss} against ${want.loss}`).toBeLessThanOrEqual(
      1e-5 * Math.max(Math.abs(want.loss), 0.1),
    );
    expect(indices).toEqual(want.indices);
  });
});
