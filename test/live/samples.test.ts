/** @file From flight records to shares of time: what each actor is at, and how the past fades. */
import type { ActorFlight, Flight } from "sluice";
import { expect, test } from "vitest";
import { noSamples, sampled, sharesOf } from "../../src/view/live/samples.ts";

type Actor = Partial<ActorFlight> & { readonly actor: number; readonly task: string };

/** Thread 0 has the first launch of each of `at` in hand. */
function flight(t: number, actors: readonly Actor[], at?: string, waits: readonly string[] = []): Flight {
  const firing = (task: string) => ({ task, rank: 0, stream: "compute" as const, seq: 3 });
  return {
    t,
    status: "running",
    threads: [{ thread: 0, ranks: [0], queued: 1, ...(at && { at: firing(at) }), waits: waits.map(firing) }],
    plans: [],
    actors: actors.map((one) => ({
      rank: 0,
      stream: "compute",
      fired: 3,
      launched: [],
      waits: [],
      events: [],
      ...one,
    })),
  };
}
const own = (actor: number) => actor;
const shown = (id: number, ...args: Parameters<typeof sampled>) =>
  sharesOf(sampled(...args)).tasks.find((task) => task.id === id)!;
const is = (share: string) => ({ works: 0, queued: 0, data: 0, slot: 0, turn: 0, [share]: 1 });

const actors: readonly Actor[] = [
  { actor: 0, task: "a @0", launched: [3] },
  { actor: 1, task: "b @0", launched: [3] },
  { actor: 2, task: "c @0", waits: ["b @0"] },
  { actor: 3, task: "d @0", waits: ["c @0 to let go of a slot"] },
  { actor: 4, task: "e @0", waits: ["its turn, after a @0"] },
  { actor: 5, task: "source", rank: "host", stream: "host", waits: ["the next batch"] },
  { actor: 6, task: "sink", rank: "host", stream: "host", waits: ["a step to be taken"] },
];

test("an actor works, lies in a queue, or waits for data, a slot or its turn", () => {
  const found = sharesOf(sampled(noSamples, flight(0, actors, "a @0"), own));
  const kinds = ["works", "queued", "data", "slot", "turn", "data", "slot"];
  expect(found.tasks.map(({ shares }) => shares)).toEqual(kinds.map(is));
  expect(found.tasks.map(({ awaited }) => awaited)).toEqual([0, 1, 0, 0, 0, 0, 0]);
  expect(found.tasks[3]!.now).toEqual([["c to let go of a slot", 1]]);
  expect(found.ranks).toEqual([{ rank: 0, compute: 1, communication: 0 }]);
});

test("what a thread has in hand waits where the thread does", () => {
  const task = shown(0, noSamples, flight(0, actors, "a @0", ["x @1"]), own);
  expect([task.shares, task.now]).toEqual([is("data"), [["x", 1]]]);
});

test("ranks of a task are one row, and actors of no task are none", () => {
  const ranks: readonly Actor[] = [
    { actor: 0, task: "a @0", launched: [3], fired: 4 },
    { actor: 1, task: "a @1", rank: 1, waits: ["z @0"] },
    { actor: 9, task: "other" },
  ];
  const found = sharesOf(sampled(noSamples, flight(0, ranks, "a @0"), (actor) => (actor < 9 ? 7 : undefined)));
  expect(found.tasks).toHaveLength(1);
  expect(found.tasks[0]).toMatchObject({ id: 7, fired: 4, shares: { works: 0.5, data: 0.5 } });
  expect(found.ranks.map(({ compute }) => compute)).toEqual([1, 0]);
});

test("who waits for another task holds nobody up, and who waits for a batch does", () => {
  const fed: readonly Actor[] = [
    { actor: 0, task: "source", rank: "host", stream: "host", waits: ["the next batch"] },
    { actor: 1, task: "a @0", waits: ["source"] },
    { actor: 2, task: "b @0", waits: ["a @0"] },
  ];
  const found = sharesOf(sampled(noSamples, flight(0, fed), own));
  expect(found.tasks.map(({ awaited }) => awaited)).toEqual([1, 0, 0]);
});

test("ranks that share a thread say which", () => {
  const both: readonly Actor[] = [
    { actor: 0, task: "a @0" },
    { actor: 1, task: "a @1", rank: 1 },
    { actor: 2, task: "a @2", rank: 2 },
  ];
  const one = flight(0, both);
  const thread = (id: number, ranks: readonly number[]) => ({ ...one.threads[0]!, thread: id, ranks });
  const threads = [thread(0, [0]), thread(1, [1, 2]), thread(2, [0, 1, 2])];
  const found = sharesOf(sampled(noSamples, { ...one, threads }, own));
  expect(found.ranks.map((rank) => rank.thread)).toEqual([undefined, 1, 1]);
});

test("a sample stands for the time since the last one, and fades within seconds", () => {
  const busy: readonly Actor[] = [{ actor: 0, task: "a", launched: [3] }];
  const idle: readonly Actor[] = [{ actor: 0, task: "a", waits: ["b"] }];
  let state = sampled(noSamples, flight(0, busy, "a"), own);
  for (let t = 100; t <= 2000; t += 100) state = sampled(state, flight(t, busy, "a"), own);
  expect(sharesOf(state).tasks[0]!.shares.works).toBe(1);
  for (let t = 2400; t <= 6000; t += 400) state = sampled(state, flight(t, idle), own);
  const { works, data } = sharesOf(state).tasks[0]!.shares;
  expect(works).toBeGreaterThan(0.1);
  expect(works).toBeLessThan(0.3);
  expect(works + data).toBeCloseTo(1, 2);
  for (let t = 6000; t <= 40_000; t += 400) state = sampled(state, flight(t, idle), own);
  expect(sharesOf(state).tasks[0]!.shares.works).toBe(0);
});

test("work that executors have timed counts, not whom a sample met", () => {
  const at = (t: number) => flight(t, [{ actor: 0, task: "a", launched: [3] }], "a");
  let state = sampled(noSamples, at(0), own, new Map());
  for (let t = 50; t <= 20_000; t += 50) state = sampled(state, at(t), own, new Map([[0, 10]]));
  expect(sharesOf(state).tasks[0]!.shares).toEqual({ works: 0.2, queued: 0.8, data: 0, slot: 0, turn: 0 });
  expect(sharesOf(state).ranks[0]!.compute).toBeCloseTo(0.2, 2);
});

test("shares of what was timed beyond the window are whole", () => {
  const state = sampled(noSamples, flight(0, actors, "a @0"), own);
  const { works, queued } = shown(0, state, flight(10, actors, "a @0"), own, new Map([[0, 500]])).shares;
  expect([works, queued]).toEqual([1, 0]);
});

test("of the slots of all ranks of a task those of the rank with the fewest free ones are told", () => {
  const ranks: readonly Actor[] = [
    { actor: 0, task: "a @0" },
    { actor: 1, task: "a @1", rank: 1 },
  ];
  const slots = () => (actor: number) => ({ held: actor, of: 2 });
  const found = sharesOf(sampled(noSamples, flight(0, ranks), () => 7, undefined, slots));
  expect(found.tasks[0]!.slots).toEqual({ held: 1, of: 2 });
  expect(sharesOf(sampled(noSamples, flight(0, ranks), () => 7)).tasks[0]).not.toHaveProperty("slots");
});
