import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { startSession } from "../../src/actors/session.ts";
import type { RawStep, SessionOptions } from "../../src/actors/session-types.ts";
import { SessionError } from "../../src/ir/errors.ts";
import type { Flight } from "../../src/ir/flight.ts";
import { faults, faultyPlan } from "./faults.ts";
import { batch, batches, expected, width } from "./fixture.ts";

const ranks = 2;
const plan = faultyPlan(ranks);
const engines = ["native", "wasm"] as const;
const shares = (count: number) => expected(ranks, count).steps.map(({ share }) => share);
const shareOf = ({ outputs }: RawStep) => outputs.share!.data[0];

/** A batch that asks for a fault on rank 1. */
function bad(fault: number) {
  const { x } = batch(ranks, 2);
  x.data[width] = fault;
  return { x };
}

/** Two good steps, then a bad one: what was yielded, the error, and the ms from when it was fed. */
async function meet(fault: number, options: SessionOptions = {}) {
  const session = await startSession(plan, { threads: 2, ...options });
  const seen: unknown[] = [];
  let begun = 0;
  function* feeds() {
    yield* batches(ranks, 2);
    begun = performance.now();
    yield bad(fault);
    yield batch(ranks, 3);
  }
  try {
    for await (const step of session.run(feeds())) seen.push(shareOf(step));
    throw new Error("nothing went wrong");
  } catch (error) {
    return { session, seen, error: error as SessionError, ms: performance.now() - begun };
  }
}

const workers = () => (process.report.getReport() as unknown as { readonly workers: unknown[] }).workers.length;

/** The next session in the process works. */
async function works(): Promise<void> {
  await using session = await startSession(plan);
  const seen: unknown[] = [];
  for await (const step of session.run(batches(ranks, 2))) seen.push(shareOf(step));
  expect(seen).toEqual(shares(2));
}

function expectNamed(error: SessionError, flight: Flight): void {
  expect(error).toBeInstanceOf(SessionError);
  expect(error.message).toMatch(/^task front @1, firing 2 \(rank 1, compute stream\): /);
  expect(error.flight).toBe(flight);
  expect(JSON.parse(JSON.stringify(flight))).toEqual(flight);
  const at = flight.threads.find((t) => t.ranks.includes(1))!.at!;
  expect(at).toMatchObject({ rank: 1, stream: "compute", seq: 2 });
  const actor = flight.actors.find(({ task }) => task === at.task)!;
  expect(actor.launched).toContain(2);
  expect(actor.events.filter(({ type }) => type === "fire").map(({ seq }) => seq)).toEqual(
    Array.from({ length: actor.fired }, (_, seq) => seq),
  );
  expect(flight.actors.some(({ waits }) => waits.length > 0)).toBe(true);
}

const cases = engines.flatMap((engine) =>
  (
    [
      ["throws", "SL4032", /the kernel has had enough/],
      ["exits", "SL4012", /the thread ended with code 3/],
      ["spins", "SL4037", /made no progress for \d\.\d s; thread 1 was ended/],
    ] as const
  ).map((row) => [engine, ...row] as const),
);

test.each(cases)("%s: a task that %s is named within 2 s, all is freed, and the next session works", async (...row) => {
  const [engine, fault, code, message] = row;
  const before = workers();
  const { session, seen, error, ms } = await meet(faults[fault], { engine });
  expect(error).toMatchObject({ code });
  expect(error.message).toMatch(message);
  expect(seen).toEqual(shares(2).slice(0, seen.length));
  expect(ms).toBeLessThan(2000);
  expectNamed(error, session.flight());
  await vi.waitFor(() => expect(workers()).toBe(before), { timeout: 5000 });
  expect(session.status).toBe("failed");
  await session.close();
  expect(session.status).toBe("closed");
  await works();
});

test("a thread that is ended from outside is named, with what it was at", async () => {
  let end = () => {};
  const session = await startSession(
    plan,
    { threads: 2, timeout: Number.POSITIVE_INFINITY },
    { workers: (all) => (end = () => void all[1]!.terminate()) },
  );
  let ended = 0;
  function* feeds() {
    yield* batches(ranks, 2);
    ended = performance.now();
    setTimeout(end, 100);
    yield bad(faults.spins);
  }
  const run = async () => {
    for await (const _ of session.run(feeds()));
  };
  const error = (await run().catch((e: unknown) => e)) as SessionError;
  expect(performance.now() - ended).toBeLessThan(2000);
  expect(error).toMatchObject({ code: "SL4012" });
  expect(error.message).toMatch(/the thread ended with code 1/);
  expectNamed(error, session.flight());
  await session.close();
});

test("a slow task is a hung one unless its time is known", async () => {
  const { session, error } = await meet(faults.slow, { timeout: 500 });
  expect(error.message).toMatch(/no progress.*SL4037/s);
  expect(error.hint).toMatch(/launch with \{ timeout: 5000 \}/);
  await session.close();
  await using patient = await startSession(plan, { timeout: 12_000 });
  let steps = 0;
  for await (const _ of patient.run([bad(faults.slow), batch(ranks, 3)])) steps++;
  expect(steps).toBe(2);
});

test("what the loop is kept from is not taken for a hang", async () => {
  await using session = await startSession(plan, { threads: 2, timeout: 100 });
  let steps = 0;
  for await (const _ of session.run(batches(ranks, 6))) {
    const end = performance.now() + 300;
    while (performance.now() < end);
    steps++;
  }
  await new Promise((resolve) => setTimeout(resolve, 400));
  for await (const _ of session.run(batches(ranks, 6))) steps++;
  expect(steps).toBe(12);
});

test("asked while it runs, the recorder says what each actor does, and what it did last", async () => {
  await using session = await startSession(plan, { threads: 2 });
  let flight: Flight | undefined;
  for await (const { step } of session.run(batches(ranks, 40))) if (step === 20) flight = session.flight();
  expect(flight!.status).toBe("running");
  expect(flight!.actors.map(({ task }) => task)).toEqual(
    expect.arrayContaining(["source", "sink", "front @0", "front @1", "reduce @0", "update @1"]),
  );
  for (const { events, fired, task } of flight!.actors) {
    expect([task, events.length]).toEqual([task, 32]);
    expect(fired).toBeGreaterThan(15);
    const times = events.map(({ t }) => t);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(events.findLast(({ type }) => type === "fire")?.seq).toBe(fired - 1);
  }
  const idle = session.flight();
  expect(idle.threads).toEqual([
    { thread: 0, ranks: [0], queued: 0, waits: [] },
    { thread: 1, ranks: [1], queued: 0, waits: [] },
  ]);
  expect(idle.actors.find(({ task }) => task === "source")!.waits).toEqual(["the next batch"]);
  expect(idle.actors.find(({ task }) => task === "front @1")!.waits).toEqual(["source"]);
  expect(idle.actors.find(({ task }) => task === "reduce @0")!.waits).toEqual(["front @0", "front @1"]);
});

test("what becomes of a session is nothing to another one", async () => {
  await using other = await startSession(plan);
  const seen: unknown[] = [];
  const run = async () => {
    for await (const step of other.run(batches(ranks, 300))) {
      seen.push(shareOf(step));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const [{ session, error }] = await Promise.all([meet(faults.spins), run()]);
  expect(error).toMatchObject({ code: "SL4037" });
  await session.close();
  expect(seen).toEqual(shares(300));
});

test("a hung native call is named; thread and memory are kept until it returns, and other sessions work", async () => {
  const before = workers();
  const { session, error, ms } = await meet(faults.sleeps);
  expect(error).toMatchObject({ code: "SL4038" });
  expect(error.message).toMatch(/in native code, which cannot end; thread 1 and \d+ MiB of memory are kept/);
  expect(ms).toBeLessThan(2000);
  expectNamed(error, session.flight());
  await session.close();
  expect(workers()).toBe(before + 1);
  await works();
  await vi.waitFor(() => expect(workers()).toBe(before), { timeout: 8000 });
});

/** A process of its own whose session hangs in native code for a minute. */
const child = (how: string) =>
  new Promise<{ code: number | string; signal: string | undefined; out: string; ms: number }>((resolve) => {
    const script = fileURLToPath(new URL("./hangs.ts", import.meta.url));
    const begun = performance.now();
    execFile(process.execPath, ["--import", "tsx", script, how], { timeout: 30_000 }, (error, stdout, stderr) => {
      const ms = performance.now() - begun;
      resolve({ code: error?.code ?? 0, signal: error?.signal ?? undefined, out: stdout + stderr, ms });
    });
  });

test("a process with a thread that hangs in native code ends by itself, with its own code", async () => {
  const { code, out } = await child("quarantine");
  expect(out).toMatch(/SL4038.*left/s);
  expect(code).toBe(5);
});

test("asked to, it kills itself, and says why", async () => {
  const { signal, out } = await child("kill");
  expect(out).toMatch(/task front @0.*in native code.*SL4038/s);
  expect(out).not.toMatch(/left/);
  expect(signal).toBe("SIGKILL");
});
