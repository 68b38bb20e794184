/** @file Clipping by the global norm against the formula by hand, in float64. */
import { array, compile, graph, launch, nn, optim, placement } from "sluice";
import { expect, test } from "vitest";
import { near } from "./near.ts";

const rows = 8;
const [inputs, outs] = [5, 3];

/** Points that grow from step to step, so that the first gradients are short and the last ones long. */
const feeds = (steps: number) =>
  Array.from({ length: steps }, (_, step) => ({
    x: array(
      [rows, inputs],
      "float32",
      Float32Array.from({ length: rows * inputs }, (_, i) => (1 + step) * Math.sin(1.7 * i + step)),
    ),
  }));

/** y = x · w + b, of which the mean square is minimized. */
function line(options: { clipNorm: number }) {
  const mesh = placement("cpu", { d: 1 });
  const fc = nn.linear(inputs, outs, { name: "fc" });
  const training = graph(
    mesh,
    { name: "line", model: fc, inputs: { x: mesh.input([rows, inputs], "float32") } },
    ({ x }, g) => {
      const loss = fc(x).square().mean();
      const { gradientNorm } = g.minimize(loss, optim.sgd({ lr: 0.1, momentum: 0.9 }), options);
      return { loss, gradientNorm };
    },
  );
  return compile(training, { dims: {} });
}

/** The same by hand, in float64. */
function byHand(w: number[], b: number[], steps: number, clipNorm: number) {
  const momentum = { w: w.map(() => 0), b: b.map(() => 0) };
  const seen: { loss: number; gradientNorm: number }[] = [];
  for (const { x } of feeds(steps)) {
    const dw = w.map(() => 0);
    const db = b.map(() => 0);
    let loss = 0;
    for (let row = 0; row < rows; row++)
      for (let out = 0; out < outs; out++) {
        const at = (input: number) => Number(x.data[row * inputs + input]);
        let y = b[out]!;
        for (let input = 0; input < inputs; input++) y += at(input) * w[input * outs + out]!;
        loss += y ** 2 / (rows * outs);
        const dy = (2 * y) / (rows * outs);
        db[out]! += dy;
        for (let input = 0; input < inputs; input++) dw[input * outs + out]! += at(input) * dy;
      }
    const gradientNorm = Math.hypot(...dw, ...db);
    seen.push({ loss, gradientNorm });
    const factor = Math.min(1, clipNorm / (gradientNorm + 1e-6));
    const update = (values: number[], kept: number[], gradient: number[]) => {
      for (const [i, each] of gradient.entries()) {
        kept[i] = 0.9 * kept[i]! + factor * each;
        values[i]! -= 0.1 * kept[i]!;
      }
    };
    update(w, momentum.w, dw);
    update(b, momentum.b, db);
  }
  return { seen, w, b };
}

test.each([0.5, 2, 1e6])("losses, norms and parameters are those of the formula, clipped at %d", async (clipNorm) => {
  const steps = 12;
  await using session = await launch(line({ clipNorm }));
  const read = async (name: "fc.weight" | "fc.bias") => [...(await session.parameters.read(name)).data].map(Number);
  const expected = byHand(await read("fc.weight"), await read("fc.bias"), steps, clipNorm);
  const long = expected.seen.filter(({ gradientNorm }) => gradientNorm > clipNorm).length;
  if (clipNorm === 2) expect([0 < long, long < steps]).toEqual([true, true]);
  else expect(long > 0).toBe(clipNorm < 2);
  let step = 0;
  for await (const { loss, gradientNorm } of session.run(feeds(steps))) {
    near(loss, expected.seen[step]!.loss, `loss of step ${step}`);
    near(gradientNorm, expected.seen[step]!.gradientNorm, `norm of step ${step}`);
    step++;
  }
  for (const [i, w] of (await read("fc.weight")).entries()) near(w, expected.w[i]!, `weight ${i}`);
  for (const [i, b] of (await read("fc.bias")).entries()) near(b, expected.b[i]!, `bias ${i}`);
});

test("an infinite norm of finite gradients moves nothing", async () => {
  await using session = await launch(line({ clipNorm: 1 }));
  const before = (await session.parameters.read("fc.weight")).data;
  const x = array([rows, inputs], "float32", new Float32Array(rows * inputs).fill(1e12));
  for await (const { gradientNorm } of session.run([{ x }])) expect(gradientNorm).toBe(Number.POSITIVE_INFINITY);
  expect((await session.parameters.read("fc.weight")).data).toEqual(before);
});

test("two losses are clipped each by its own norm", async () => {
  const mesh = placement("cpu", { d: 1 });
  const [a, b] = [nn.linear(4, 4, { name: "a" }), nn.linear(4, 4, { name: "b" })];
  const training = graph(
    mesh,
    { name: "two", model: nn.sequential(a, b), inputs: { x: mesh.input([4, 4], "float32") } },
    ({ x }, g) => {
      const [first, second] = [a(x).square().mean().mul(100), b(x).square().mean().mul(1000)];
      const by = optim.sgd({ lr: 1 });
      const { gradientNorm: short } = g.minimize(first, by, { clipNorm: 0.25 });
      const { gradientNorm: long } = g.minimize(second, by, { clipNorm: 4 });
      return { short, long };
    },
  );
  await using session = await launch(compile(training, { dims: {} }));
  const read = async (name: "a.weight" | "a.bias" | "b.weight" | "b.bias") =>
    [...(await session.parameters.read(name)).data].map(Number);
  const all = async (name: "a" | "b") => [...(await read(`${name}.weight`)), ...(await read(`${name}.bias`))];
  const before = [await all("a"), await all("b")] as const;
  const x = array(
    [4, 4],
    "float32",
    Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)),
  );
  for await (const { short, long } of session.run([{ x }])) {
    expect(short).toBeGreaterThan(0.25);
    expect(long).toBeGreaterThan(4);
  }
  const moved = (now: number[], then: number[]) => Math.hypot(...now.map((w, i) => w - then[i]!));
  near(moved(await all("a"), before[0]), 0.25, "step of a");
  near(moved(await all("b"), before[1]), 4, "step of b");
});
