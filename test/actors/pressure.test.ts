/** @file From the source of the batches to the user's loop: who is slow holds the others back, and a run can be ended and looked into. */
import { array, B, compile, graph, launch, nn, OptionError, optim, placement, S } from "sluice";
import { expect, test, vi } from "vitest";

const mesh = placement("cpu", { d: 2 });
const [rows, width] = [4, 8];

/** One layer by gradient descent; the loss is the mean of what it gives. */
function training(name = "pressure", wide = width) {
  const net = nn.linear(wide, 2, { name: "fc" });
  const inputs = { x: mesh.input([rows, wide], "float32", { d: S(0) }) };
  const made = graph(mesh, { name, model: net, inputs }, ({ x }, g) => {
    const loss = net(x).mean();
    g.minimize(loss, optim.sgd({ lr: 0.5 }));
    return { loss };
  });
  return compile(made, { sharding: { "*": { d: B } } });
}
const batch = (step: number) => ({
  x: array(
    [rows, width],
    "float32",
    Float32Array.from({ length: rows * width }, (_, i) => ((step * 7 + i) % 5) / 4),
  ),
});
function* batches(count: number, taken: (read: number) => void = () => {}) {
  for (let step = 0; step < count; step++) {
    taken(step + 1);
    yield batch(step);
  }
}
const bias = async (session: Awaited<ReturnType<typeof start>>) => [...(await session.parameters.read("fc.bias")).data];
const start = () => launch(training());

/** The bias after each step, each run to its end. */
async function biases(steps: number): Promise<number[][]> {
  await using session = await start();
  const all: number[][] = [];
  for (let step = 0; step < steps; step++) {
    for await (const _ of session.run([batch(step)]));
    all.push(await bias(session));
  }
  return all;
}

test.each([0, 1, 2, 5, 8])("at most %i batches are read ahead of the step that the loop is at", async (prefetch) => {
  await using session = await start();
  let read = 0;
  let most = 0;
  const seen: number[] = [];
  const run = session.run(
    batches(40, (n) => (read = n)),
    prefetch === 8 ? {} : { prefetch },
  );
  for await (const { step } of run) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    most = Math.max(most, read - (step + 1));
    expect(read - (step + 1)).toBeLessThanOrEqual(prefetch);
    seen.push(step);
  }
  expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i)); // nothing is dropped
  expect(most).toBe(prefetch); // and a slow loop is not waited for
});

test("read between steps, parameters are those that the step has left; written, the next step begins with them", async () => {
  const expected = await biases(6);
  await using session = await start();
  for await (const { step } of session.run(batches(6), { prefetch: 0 }))
    expect(await bias(session)).toEqual(expected[step]);
  const one = array([2], "float32", Float32Array.of(1, 1));
  const losses: number[] = [];
  for await (const { step, loss } of session.run(batches(3), { prefetch: 0 })) {
    losses.push(loss);
    if (step === 0) await session.parameters.write("fc.bias", one);
    if (step === 1) {
      // A step changes the bias by its gradient alone, a half of the learning rate.
      const [a, b] = await bias(session);
      expect([a, b]).toEqual([0.75, 0.75]);
    }
  }
  expect(losses[1]! - losses[0]!).toBeGreaterThan(1);
});

test("with batches read ahead, reading waits for the steps that have begun, and several reads see the same", async () => {
  const expected = (await biases(30)).map((values) => values.join());
  await using session = await start();
  let looked = 0;
  for await (const { step } of session.run(batches(30))) {
    if (step % 7 !== 3) continue;
    const [a, b] = await Promise.all([bias(session), bias(session)]);
    expect(a).toEqual(b);
    const at = expected.indexOf(a.join());
    expect(at).toBeGreaterThanOrEqual(step);
    expect(at).toBeLessThanOrEqual(step + 8);
    looked++;
  }
  expect(looked).toBe(4);
  expect(await bias(session)).toEqual(expected[29]!.split(",").map(Number));
});

test("a signal ends the run: in the loop, while it waits for a batch, and before it begins", async () => {
  await using session = await start();
  const mine = new Error("enough");
  const controller = new AbortController();
  const seen: number[] = [];
  const looping = async () => {
    for await (const { step } of session.run(batches(1000), { signal: controller.signal })) {
      seen.push(step);
      if (step === 4) controller.abort(mine);
    }
  };
  await expect(looping()).rejects.toBe(mine);
  expect(seen).toEqual([0, 1, 2, 3, 4]);
  expect(session.status).toBe("ready");

  let left = false;
  async function* stalls() {
    try {
      yield batch(0);
      await new Promise((resolve) => setTimeout(resolve, 200));
      yield batch(1);
    } finally {
      left = true;
    }
  }
  const waiting = new AbortController();
  const got: number[] = [];
  const run = async () => {
    for await (const { step } of session.run(stalls(), { signal: waiting.signal })) {
      got.push(step);
      setTimeout(() => waiting.abort(), 20);
    }
  };
  await expect(run()).rejects.toMatchObject({ name: "AbortError" });
  expect(got).toEqual([0]);
  await vi.waitFor(() => expect(left).toBe(true));

  let read = 0;
  const never = async () => {
    for await (const _ of session.run(
      batches(3, (n) => (read = n)),
      { signal: controller.signal },
    ));
  };
  await expect(never()).rejects.toBe(mine);
  expect(read).toBe(0);
  const steps: number[] = [];
  for await (const { step } of session.run(batches(3))) steps.push(step);
  expect(steps).toEqual([0, 1, 2]);
});

test("options that cannot be are refused", async () => {
  await using session = await start();
  const run = (options: object) => () => session.run(batches(1), options);
  expect(run({ prefetch: -1 })).toThrow(OptionError);
  expect(run({ prefetch: 65 })).toThrow(/run, option prefetch: it is 65.*0 to 64.*SL1075/s);
  expect(run({ signal: {} })).toThrow(/option signal.*an AbortSignal.*SL1075/s);
  expect(run({ prefetched: 1 })).toThrow(/no option "prefetched".*SL1074/s);
});

const seconds = process.env.LONG ? 60 : 3;
test(`memory does not grow in ${seconds} s with a loop that takes its time`, {
  timeout: (seconds + 30) * 1000,
}, async () => {
  const wide = 1 << 18; // batches of 4 MiB: each that piled up would show
  await using session = await launch(training("wide", wide));
  const begin = performance.now();
  const passed = () => (performance.now() - begin) / 1000;
  function* endless() {
    while (passed() < seconds) yield { x: array([rows, wide], "float32", new Float32Array(rows * wide).fill(1)) };
  }
  const resident: number[] = [];
  for await (const { step } of session.run(endless())) {
    await new Promise((resolve) => setTimeout(resolve, process.env.LONG ? 1000 : 50));
    if (step >= 10) resident.push(process.memoryUsage().rss / 2 ** 20);
  }
  const most = (list: readonly number[]) => Math.max(...list);
  const half = resident.length >> 1;
  expect(resident.length).toBeGreaterThan(10);
  // Garbage is collected when it suits the engine, so peaks are compared: about 20 batches' worth.
  expect(most(resident.slice(half))).toBeLessThan(most(resident.slice(0, half)) + 80);
});
