/** @file Sessions come and go, and leave nothing behind; also those that fail. `LONG=1` starts 200. */
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { startSession } from "../../src/actors/session.ts";
import type { RawSession } from "../../src/actors/session-types.ts";
import { faults, faultyPlan } from "./faults.ts";
import { batch, batches, width } from "./fixture.ts";

const count = process.env.LONG ? 200 : 20;
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
const MiB = 2 ** 20;

const workers = () => (process.report.getReport() as unknown as { readonly workers: unknown[] }).workers.length;
/** Open files of the process, and what keeps its event loop busy, by kind. */
const handles = () => ({
  files: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
  busy: process.getActiveResourcesInfo().filter((kind) => kind !== "Immediate").length,
});
const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

test(`${count} sessions leave no thread, no handle and no memory behind`, { timeout: 1_000_000 }, async () => {
  const plan = faultyPlan(2);
  /** The user keeps all sessions; their memory must go all the same. */
  const kept: RawSession[] = [];
  const memories: WeakRef<WebAssembly.Memory>[] = [];
  async function one(i: number): Promise<void> {
    const session = await startSession(
      plan,
      { threads: 2 },
      { installed: (memory) => void memories.push(new WeakRef(memory)) },
    );
    kept.push(session);
    session.events$.subscribe(() => {});
    const feeds = [...batches(2, 3)];
    if (i % 5 === 4) {
      const { x } = batch(2, 3);
      x.data[width] = faults.throws;
      feeds.push({ x });
    }
    let steps = 0;
    try {
      for await (const _ of session.run(feeds)) steps++;
      expect(steps).toBe(3);
    } catch (error) {
      expect(error).toMatchObject({ code: "SL4032" });
      expect(feeds).toHaveLength(4);
    }
    if (i % 5 !== 4 || i % 2 === 0) await session.close(); // one that has failed ends by itself
  }
  const alive = () => {
    gc();
    return memories.filter((memory) => memory.deref() !== undefined).length;
  };
  for (let i = 0; i < 5; i++) await one(i); // what is made once for the process
  await vi.waitFor(() => expect(alive()).toBeLessThanOrEqual(1), { timeout: 10_000 });
  await settle();
  const before = { workers: workers(), ...handles(), rss: process.memoryUsage().rss };

  for (let i = 0; i < count; i++) await one(i);
  await vi.waitFor(() => expect(alive()).toBeLessThanOrEqual(1), { timeout: 10_000 });
  await settle();
  const after = { workers: workers(), ...handles(), rss: process.memoryUsage().rss };
  const grown = (after.rss - before.rss) / MiB;
  console.log(`${count} sessions: ${JSON.stringify(before)} → ${JSON.stringify(after)}`);
  expect(after.workers).toBe(before.workers);
  expect(after.files).toBeLessThanOrEqual(before.files);
  expect(after.busy).toBeLessThan(before.busy + 5); // the test runner has some of its own
  // A leaked session would take some MiB for each of its threads.
  expect(grown).toBeLessThan(40 + count * 0.1);
  expect(kept.every(({ status }) => status === "closed" || status === "failed")).toBe(true);
});
