import { expect, test, vi } from "vitest";
import { startSession } from "../../src/actors/session.ts";
import type { Mapping, RawStep } from "../../src/actors/session-types.ts";
import type { SessionEvent } from "../../src/ir/session.ts";
import { batch, batches, expected, taskNames, tinyPlan, width } from "./fixture.ts";

async function collect(steps: AsyncIterable<RawStep>): Promise<RawStep[]> {
  const all: RawStep[] = [];
  for await (const step of steps) all.push(step);
  return all;
}
const plain = (steps: readonly RawStep[]) =>
  steps.map(({ outputs }) => ({ out: [...outputs.out!.data], share: outputs.share!.data[0]! }));

const mappings: readonly (readonly [threads: number, mapping: Mapping])[] = [
  [1, "rank"],
  [2, "rank"],
  [4, "rank"],
  [1, "stream"],
  [4, "stream"],
];

test.each(mappings)("with %i threads by %s: the numbers of plain arithmetic, bit for bit", async (threads, mapping) => {
  const ranks = 4;
  await using session = await startSession(tinyPlan(ranks), { threads, mapping });
  const steps = await collect(session.run(batches(ranks, 40)));
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect(plain(steps)).toEqual(expected(ranks, 40).steps);
  expect([...session.read("w").data]).toEqual(expected(ranks, 40).w);
});

test("a second run goes on where the first one ended", async () => {
  await using session = await startSession(tinyPlan(2));
  const first = await collect(session.run(batches(2, 5)));
  const all = [...batches(2, 12)];
  const second = await collect(session.run(all.slice(5)));
  expect(plain([...first, ...second])).toEqual(expected(2, 12).steps);
  expect(second[0]!.step).toBe(0);
});

test("a run of no batches is a run", async () => {
  await using session = await startSession(tinyPlan(2));
  expect(await collect(session.run([]))).toEqual([]);
  expect(plain(await collect(session.run(batches(2, 3))))).toEqual(expected(2, 3).steps);
});

test("two sessions at once do not know of each other", async () => {
  await using one = await startSession(tinyPlan(2));
  await using other = await startSession(tinyPlan(2, { init: 3 }));
  const [a, b] = await Promise.all([collect(one.run(batches(2, 30))), collect(other.run(batches(2, 30)))]);
  expect(plain(a)).toEqual(expected(2, 30).steps);
  expect(plain(b)).toEqual(expected(2, 30, 3).steps);
});

test("the order of launches is the schedule's, in every run and under every mapping", async () => {
  const [ranks, steps] = [4, 25];
  const logs: string[][] = [];
  for (const [threads, mapping] of mappings) {
    await using session = await startSession(tinyPlan(ranks), { threads, mapping });
    for (let run = 0; run < 4; run++) {
      const log: string[] = [];
      const watching = session.events$.subscribe((event) => {
        if (event.type !== "task" || event.phase !== "launched") return;
        const name = taskNames[session.templateOf(event.task)]!;
        if (name !== "source" && name !== "sink") log.push(`${name} ${event.task} ${event.seq - run * steps}`);
      });
      await collect(session.run(batches(ranks, steps)));
      watching.unsubscribe();
      logs.push(log);
    }
  }
  expect(logs).toHaveLength(20);
  expect(logs[0]!.slice(0, 3 * ranks).map((text) => text.split(" ")[0])).toEqual(
    ["front", "reduce", "update"].flatMap((name) => Array<string>(ranks).fill(name)),
  );
  for (const log of logs) expect(log).toEqual(logs[0]);
});

test("a step costs a fixed number of launches and messages", async () => {
  await using session = await startSession(tinyPlan(2));
  await collect(session.run(batches(2, 10)));
  const before = session.stats;
  await collect(session.run(batches(2, 110)));
  const after = session.stats;
  const fences = session.threads;
  expect(after.launches - before.launches).toBe(110 * 3 * 2 + fences);
  // Edges between actors: source 2, front → reduce 4, reduce → update 4, w 2, out 2, share 2, user 2; one req, one ack each.
  const eos = 1 + 2 + 4 + 4 + 2 + 2 + 1;
  expect(after.messages - before.messages).toBe(110 * 18 * 2 + eos);
});

test("a consumer that takes its time holds the batches back", async () => {
  const [slots, outputSlots] = [2, 4];
  await using session = await startSession(tinyPlan(2, { slots, outputSlots }));
  let taken = 0;
  function* counted() {
    for (const one of batches(2, 200)) {
      taken++;
      yield one;
    }
  }
  const [prefetch, results] = [2, 4];
  let most = 0;
  for await (const { step } of session.run(counted())) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    most = Math.max(most, taken - step);
    if (step === 60) break;
  }
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(1 + prefetch + slots + outputSlots + results);
});

test("leaving the loop early ends the user's iterator, finishes what began, and leaves the session usable", async () => {
  await using session = await startSession(tinyPlan(2));
  let ended = false;
  let taken = 0;
  function* watched() {
    try {
      for (const one of batches(2, 1000)) {
        taken++;
        yield one;
      }
    } finally {
      ended = true;
    }
  }
  for await (const { step } of session.run(watched())) if (step === 3) break;
  expect(ended).toBe(true);
  expect(session.status).toBe("ready");
  // Every batch that was read has been trained on; only one may have been read and not fed.
  const w = [...session.read("w").data];
  expect([taken, taken - 1].map((steps) => expected(2, steps).w)).toContainEqual(w);
  expect(await collect(session.run(batches(2, 4)))).toHaveLength(4);
});

test("leaving the loop does not wait for a batch that never comes", async () => {
  await using session = await startSession(tinyPlan(2));
  async function* stalls() {
    yield batch(2, 0);
    await new Promise(() => {});
    yield batch(2, 1);
  }
  for await (const _ of session.run(stalls())) break;
  expect(session.status).toBe("ready");
});

test("asynchronous batches, an output that arrives before the next batch is there", async () => {
  await using session = await startSession(tinyPlan(2));
  const seen: number[] = [];
  async function* slow() {
    for (let step = 0; step < 4; step++) {
      await vi.waitFor(() => expect(seen).toHaveLength(step), { timeout: 5000, interval: 5 });
      yield batch(2, step);
    }
  }
  for await (const { step } of session.run(slow())) seen.push(step);
  expect(seen).toEqual([0, 1, 2, 3]);
});

test("states are read and written between runs", async () => {
  await using session = await startSession(tinyPlan(2));
  expect(session.states).toEqual(["w"]);
  session.write("w", { shape: [width], dtype: "float32", data: new Float32Array(width).fill(3) });
  expect(plain(await collect(session.run(batches(2, 6))))).toEqual(expected(2, 6, 3).steps);
  expect(() => session.read("nothing")).toThrow(/SL4013/);
  expect(() => session.write("w", { shape: [2], dtype: "float32", data: new Float32Array(2) })).toThrow(/SL4003/);
});

test("bytes are counted where they are moved, and are those of the plan", async () => {
  const ranks = 4;
  const plan = tinyPlan(ranks);
  await using session = await startSession(plan);
  await collect(session.run(batches(ranks, 7)));
  const [counted] = session.traffic();
  const [predicted] = plan.collectives;
  expect(counted).toMatchObject({ name: "reduce", bytes: 7 * predicted!.bytes });
  expect(counted!.received).toEqual(predicted!.received.map((bytes) => 7 * bytes));
});

test("metrics carry scalars and times, one a step", async () => {
  await using session = await startSession(tinyPlan(2));
  const seen: number[] = [];
  session.metrics$.subscribe(({ step, ms, outputs }) => {
    expect(ms).toBeGreaterThan(0);
    expect(outputs).toEqual({ share: expected(2, 5).steps[step]!.share });
    seen.push(step);
  });
  await collect(session.run(batches(2, 5)));
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test("traced, every firing on a rank has a start and an end, and none begins before what it needs is done", async () => {
  await using session = await startSession(tinyPlan(2), { trace: true });
  const events: SessionEvent[] = [];
  session.events$.subscribe((event) => events.push(event));
  await collect(session.run(batches(2, 20)));
  const done = new Map(
    events.flatMap((e) => (e.type === "task" && e.phase === "done" ? [[`${e.task} ${e.seq}`, e] as const] : [])),
  );
  expect(done.size).toBe(20 * 3 * 2);
  let compared = 0;
  for (const event of events) {
    if (event.type !== "message" || event.message.type !== "req") continue;
    const { from, to, seq } = event.message;
    if (taskNames[session.templateOf(from)] === "update") continue; // read a step later
    const [made, used] = [done.get(`${from} ${seq}`), done.get(`${to} ${seq}`)];
    if (!made || !used) continue;
    expect(used.start).toBeGreaterThanOrEqual(made.end);
    compared++;
  }
  expect(compared).toBe(20 * 8);
});
