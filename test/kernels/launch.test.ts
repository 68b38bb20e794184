/** @file Engines as a user meets them: which one a session runs on, and that the same seed and plan give the same bits. */
import { array, compile, graph, launch, nn, optim, placement, S } from "sluice";
import { expect, test } from "vitest";
import { type engineNames, findEngines } from "../../src/kernels/engine.ts";

const mesh = placement("cpu", { data: 2 });
const net = nn.sequential(nn.linear(6, 5, { name: "fc1" }), nn.dropout(0.3), nn.linear(5, 4, { name: "fc2" }));
const training = graph(
  mesh,
  {
    name: "engines",
    model: net,
    inputs: { x: mesh.input([8, 6], "float32", { data: S(0) }), label: mesh.input([8], "int32", { data: S(0) }) },
  },
  ({ x, label }, g) => {
    const loss = nn.softmaxCrossEntropy(net(x), label).mean();
    g.minimize(loss, optim.adamW({ lr: 1e-2 }));
    return { loss };
  },
);
const plan = compile(training);
const batch = {
  x: array(
    [8, 6],
    "float32",
    Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)),
  ),
  label: array(
    [8],
    "int32",
    Int32Array.from({ length: 8 }, (_, i) => i % 4),
  ),
};

const there = findEngines().flatMap(({ name, engine }) => (engine ? [name] : []));

async function losses(engine: (typeof engineNames)[number], threads: number): Promise<number[]> {
  await using session = await launch(plan, { engine, threads });
  expect(session.engine).toBe(engine);
  const seen: number[] = [];
  for await (const { loss } of session.run(Array.from({ length: 6 }, () => batch))) seen.push(loss);
  return seen;
}

test("a session runs on the engine that was asked for, with the same bits on one thread and on two", async () => {
  const first = await losses("wasm", 1);
  for (const engine of there) {
    const alone = await losses(engine, 1);
    expect(await losses(engine, 2)).toEqual(alone);
    for (const [step, loss] of alone.entries()) expect(Math.abs(loss / first[step]! - 1)).toBeLessThan(1e-5);
  }
});

test("an engine that there is not is refused, with those that there are", async () => {
  const wrong = { engine: "abacus" as "wasm" };
  await expect(launch(plan, wrong)).rejects.toThrow(/option engine[\s\S]*"abacus"[\s\S]*native, wasm[\s\S]*SL1075/);
});
