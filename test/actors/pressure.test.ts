/** @file From the source of the batches to the user's loop: who is slow holds the others back, and a run can be ended and looked into. */
import { finalize, from, interval, map, Observable, Subject, take, tap } from "rxjs";
import { array, B, compile, FeedError, graph, launch, nn, OptionError, optim, placement, S } from "sluice";
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

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("an observable is run in order to its end, with the numbers that a list gives", async () => {
  const expected = await biases(20);
  await using session = await start();
  const steps: number[] = [];
  for await (const { step, loss } of session.run(interval(1).pipe(take(20), map(batch)))) {
    expect(loss).toBeTypeOf("number");
    steps.push(step);
  }
  expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(await bias(session)).toEqual(expected[19]);

  // Another library's, by the convention; one that is at its end before it has returned; none at all.
  const foreign = { "@@observable": () => from(batches(3)) };
  for (const [source, count] of [
    [foreign as unknown as Observable<ReturnType<typeof batch>>, 3],
    [from(batches(8)), 8],
    [new Observable<ReturnType<typeof batch>>((to) => to.complete()), 0],
  ] as const) {
    const seen: number[] = [];
    for await (const { step } of session.run(source)) seen.push(step);
    expect(seen).toHaveLength(count);
  }
});

test("a loop that takes its time: what an observable pushes waits up to the bound, and one batch more ends the run", async () => {
  await using session = await start();
  const source = new Subject<ReturnType<typeof batch>>();
  const seen: number[] = [];
  const run = async () => {
    for await (const { step } of session.run(source, { prefetch: 3 })) {
      seen.push(step);
      if (step > 0) continue;
      for (const n of [1, 2, 3]) source.next(batch(n));
      await pause(20);
      expect(source.observed).toBe(true); // three are ahead of step 0: as many as may be
      source.next(batch(4));
      expect(source.observed).toBe(false);
    }
  };
  const running = run();
  await vi.waitFor(() => expect(source.observed).toBe(true));
  source.next(batch(0));
  await expect(running).rejects.toThrow(FeedError);
  await expect(running).rejects.toThrow(
    /batch 4 was pushed while the loop was at step 0, and at most 3 may be ahead.*prefetch.*64.*throttleTime.*generator.*SL4006/s,
  );
  expect(seen).toEqual([0, 1, 2, 3]); // what came before the error was run
  const steps: number[] = [];
  for await (const { step } of session.run(batches(3))) steps.push(step);
  expect(steps).toEqual([0, 1, 2]);
});

test("without a bound of the user's, 64 batches may be ahead: none is made that would wait behind them", async () => {
  await using session = await start();
  let made = 0;
  const burst = (count: number) => from(batches(count, (n) => (made = n)));
  const run = async (count: number) => {
    let steps = 0;
    for await (const { step } of session.run(burst(count))) steps = step + 1;
    return steps;
  };
  expect(await run(65)).toBe(65);
  await expect(run(1_000_000)).rejects.toThrow(/batch 65 was pushed while the loop was at step 0, and at most 64/);
  expect(made).toBe(66);
});

test("an observable's error comes after the steps before it; leaving and a signal unsubscribe at once", async () => {
  await using session = await start();
  const broken = new Error("disk");
  const fails = new Observable<ReturnType<typeof batch>>((to) => {
    for (const one of batches(3)) to.next(one);
    to.error(broken);
  });
  const seen: number[] = [];
  const run = async () => {
    for await (const { step } of session.run(fails)) seen.push(step);
  };
  await expect(run()).rejects.toBe(broken);
  expect(seen).toEqual([0, 1, 2]);

  const log: string[] = [];
  const watched = (name: string) =>
    interval(2).pipe(
      map(batch),
      finalize(() => log.push(name)),
    );
  for await (const { step } of session.run(watched("left"))) if (step === 3) break;
  expect(log).toEqual(["left"]);

  const stop = new AbortController();
  const aborted = async () => {
    for await (const { step } of session.run(watched("aborted"), { signal: stop.signal })) {
      if (step !== 2) continue;
      stop.abort(new Error("enough"));
      expect(log).toEqual(["left", "aborted"]);
    }
  };
  await expect(aborted()).rejects.toThrow("enough");

  // One that says nothing any more is left as well.
  const silent = new AbortController();
  setTimeout(() => silent.abort(), 30);
  const waits = async () => {
    for await (const _ of session.run(new Observable<ReturnType<typeof batch>>(() => () => log.push("silent")), {
      signal: silent.signal,
    }));
  };
  await expect(waits()).rejects.toMatchObject({ name: "AbortError" });
  expect(log).toEqual(["left", "aborted", "silent"]);
});

test("parameters are read and written between the steps of an observable's run", async () => {
  const expected = await biases(5);
  await using session = await start();
  const source = new Subject<ReturnType<typeof batch>>();
  const run = async () => {
    for await (const { step } of session.run(source, { prefetch: 0 })) {
      expect(await bias(session)).toEqual(expected[step]);
      if (step === 4) break;
      setTimeout(() => source.next(batch(step + 1)), 5); // once the next one has been asked for
    }
  };
  const running = run();
  await vi.waitFor(() => expect(source.observed).toBe(true));
  source.next(batch(0));
  await running;
  expect(source.observed).toBe(false);
});

test("metrics keep the pace of the loop: no step is told of that it has not taken", async () => {
  await using session = await start();
  let told = 0;
  const subscription = session.metrics$.pipe(tap(({ step }) => expect(step).toBe(told))).subscribe(() => told++);
  for await (const { step } of session.run(batches(12))) {
    await pause(5); // steps behind it are done meanwhile
    expect(told).toBe(step + 1);
  }
  subscription.unsubscribe();
  expect(told).toBe(12);
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
