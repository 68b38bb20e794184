import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startSession } from "../../src/actors/session.ts";
import type { Feeds, RawSession, RawStep } from "../../src/actors/session-types.ts";
import { FeedError, SessionError } from "../../src/ir/errors.ts";
import type { SessionEvent } from "../../src/ir/session.ts";
import { batch, batches, expected, tinyPlan } from "./fixture.ts";

/** What was yielded, and what was thrown in the end. */
async function attempt(steps: AsyncIterable<RawStep>): Promise<{ readonly seen: number[]; readonly error: unknown }> {
  const seen: number[] = [];
  try {
    for await (const { step } of steps) seen.push(step);
    return { seen, error: undefined };
  } catch (error) {
    return { seen, error };
  }
}
const good = batch(2, 0);
const floats = (n: number) => new Float32Array(n);

const bad: readonly (readonly [name: string, feeds: unknown, message: RegExp])[] = [
  ["a missing input", {}, /input "x" of batch 2: it is missing.*\n.*f32\[8\]\n.*SL4001/s],
  ["an unknown input", { ...good, z: good.x }, /no input "z".*choices: x.*SL4001/s],
  ["a misspelt input", { X: good.x }, /no input "X".*did you mean "x".*SL4001/s],
  ["another dtype", { x: { ...good.x, dtype: "int32" } }, /expects f32\[8\], got int32.*SL4002/s],
  ["another shape", { x: { ...good.x, shape: [2, 4] } }, /expects f32\[8\], got shape \[2,4\].*SL4003/s],
  [
    "too little data",
    { x: { ...good.x, data: floats(7) } },
    /8 elements \(32 bytes\) in a Float32Array, got 7.*SL4004/s,
  ],
  ["data of another type", { x: { ...good.x, data: new Float64Array(8) } }, /got 8 in a Float64Array.*SL4004/s],
  ["no array at all", { x: [1, 2, 3] }, /no array with shape, dtype and data.*SL4004/s],
  ["no batch at all", null, /the batch is null.*SL4001/s],
];

test.each(bad)("%s is named, after the steps before it, and the session goes on", async (_, feeds, message) => {
  await using session = await startSession(tinyPlan(2));
  const { seen, error } = await attempt(session.run([...batches(2, 2), feeds as Feeds, batch(2, 3)]));
  expect(seen).toEqual([0, 1]);
  expect(error).toBeInstanceOf(FeedError);
  expect((error as Error).message).toMatch(message);
  expect(await attempt(session.run(batches(2, 3)))).toEqual({ seen: [0, 1, 2], error: undefined });
});

test("what cannot be iterated over is no stream of batches", async () => {
  await using session = await startSession(tinyPlan(2));
  const { error } = await attempt(session.run(7 as unknown as Feeds[]));
  expect((error as Error).message).toMatch(/SL4005/);
});

test("an error of the user's iterator surfaces as it is, after the steps before it", async () => {
  await using session = await startSession(tinyPlan(2));
  const mine = new Error("the disk is gone");
  function* breaks() {
    yield batch(2, 0);
    throw mine;
  }
  expect(await attempt(session.run(breaks()))).toEqual({ seen: [0], error: mine });
  expect(session.status).toBe("ready");
});

test("one run at a time", async () => {
  await using session = await startSession(tinyPlan(2));
  for await (const { step } of session.run(batches(2, 5))) {
    const { error } = await attempt(session.run(batches(2, 1)));
    expect((error as Error).message).toMatch(/another run is on.*SL4010/s);
    expect(() => session.read("w")).toThrow(/SL4010/);
    if (step === 1) break;
  }
  expect((await attempt(session.run(batches(2, 2)))).seen).toEqual([0, 1]);
});

/** A session whose task `front` on rank 1 has a program that no kernel understands. */
async function broken(): Promise<RawSession> {
  return await startSession(
    tinyPlan(2),
    { threads: 2 },
    {
      installed(memory, { programs }) {
        const at = programs.findIndex((p) => p !== undefined) + 1;
        const words = new Float64Array(memory.buffer, programs[at]!.program, 64);
        words[2 + 4 * words[0]!] = 9999;
      },
    },
  );
}

test("an executor that fails ends the run with the task, the rank and the reason; close still works", async () => {
  const session = await broken();
  const events: SessionEvent[] = [];
  session.events$.subscribe((event) => events.push(event));
  const { seen, error } = await attempt(session.run(batches(2, 5)));
  expect(seen).toEqual([]);
  expect(error).toBeInstanceOf(SessionError);
  expect((error as Error).message).toMatch(/task front @1, firing 0 \(rank 1, compute stream\): .*malformed.*SL4012/s);
  expect(session.status).toBe("failed");
  expect(events.filter((e) => e.type === "failure")).toHaveLength(1);
  expect(events).toContainEqual(expect.objectContaining({ type: "state", of: "rank 1", value: "failed" }));
  expect((await attempt(session.run(batches(2, 1)))).error).toBe(error);
  expect(() => session.read("w")).toThrow(/SL4012/);
  await session.close();
  expect(session.status).toBe("closed");
});

test("closing in the middle of a run ends it with an error; closing again is nothing", async () => {
  const session = await startSession(tinyPlan(2));
  let closing: Promise<void> | undefined;
  const seen: number[] = [];
  const run = async () => {
    for await (const { step } of session.run(batches(2, 100_000))) {
      seen.push(step);
      if (step === 2) closing = session.close();
    }
  };
  await expect(run()).rejects.toThrow(/the session was closed.*SL4011/s);
  expect(seen).toEqual([0, 1, 2]);
  await closing;
  await session.close();
  expect(session.status).toBe("closed");
  expect((await attempt(session.run(batches(2, 1)))).error).toMatchObject({ code: "SL4011" });
});

test("life is published: a run is running, then draining, then ready again", async () => {
  const session = await startSession(tinyPlan(2));
  const states: string[] = [];
  session.events$.subscribe((event) => {
    if (event.type === "state") states.push(`${event.of} ${event.value}`);
  });
  await attempt(session.run(batches(2, 2)));
  await session.close();
  expect(states.filter((s) => s.startsWith("session"))).toEqual([
    "session running",
    "session draining",
    "session ready",
    "session closing",
    "session closed",
  ]);
  expect(states.filter((s) => s.startsWith("rank 0"))).toEqual(["rank 0 stopping", "rank 0 stopped"]);
});

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

test.each(["closed", "forgotten", "half-run"])("a process with a %s session ends by itself", async (how) => {
  const args = ["--import", "tsx", script("./end.ts"), how];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  expect(stdout.trim()).toBe(`${how} ${expected(2, 3).steps.at(-1)!.share}`);
});

test.each([
  ["threads: 0", { threads: 0 }, /SL4014/],
  ["threads: 1.5", { threads: 1.5 }, /SL4014/],
])("%s is no number of threads", async (_, options, message) => {
  await expect(startSession(tinyPlan(2), options)).rejects.toThrow(message);
});
