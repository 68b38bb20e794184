import { expect, test } from "vitest";
import { ringShape, type ThreadSetup } from "./ring.ts";
import { startThread, threadMap } from "./threads.ts";

test("contiguous ranks share a thread, communication has one of its own when asked", () => {
  const four = threadMap([0, 1, 2, 3], 2);
  expect([0, 1, 2, 3].map((rank) => four.of(rank, "compute"))).toEqual([0, 0, 1, 1]);
  expect([0, 1, 2, 3].map((rank) => four.of(rank, "comm"))).toEqual([0, 0, 1, 1]);
  const split = threadMap([0, 1, 2], 2, "stream");
  expect(split.threads).toBe(4);
  expect([0, 1, 2].map((rank) => split.of(rank, "comm"))).toEqual([2, 2, 3]);
  expect(split.ranksOf(2)).toEqual(split.ranksOf(0));
  expect(threadMap([5, 9], 64).threads).toBe(2);
});

test("a thread that dies is reported with the reason", async () => {
  const failures: (readonly [thread: number, reason: string])[] = [];
  const setup: ThreadSetup = {
    thread: 3,
    threads: 4,
    memory: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
    engine: { name: "wasm", image: "no image of an engine", about: "", reserved: 0, stack: 0 },
    control: 0,
    ring: 0,
    shape: ringShape(4, 1),
    stack: 0,
    times: null,
    origin: 0n,
    ops: [],
  };
  const thread = startThread(setup, { failed: (who, _, { what }) => failures.push([who, what]) });
  await expect(thread.ready).rejects.toThrow();
  await thread.end();
  expect(failures[0]![0]).toBe(3);
  expect(failures[0]![1]).toMatch(/\w/);
});
