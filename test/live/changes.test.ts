/** @file What is sent of a frame: what has changed, and the reader has the frame again. */
import { expect, test } from "vitest";
import { changes } from "../../src/view/live/changes.ts";
import type { LiveFrame, LiveTask } from "../../src/view/live/types.ts";
import { applied } from "./support.ts";

const is = { works: 0, queued: 0, data: 1, slot: 0, turn: 0 };
const task = (id: number, own: Partial<LiveTask> = {}): LiveTask => ({
  id,
  fired: 3,
  shares: is,
  awaited: 0,
  slots: { held: 1, of: 2 },
  now: [["a", 1]],
  ...own,
});
const frame = (own: Partial<LiveFrame> = {}): LiveFrame => ({
  status: "running",
  curves: [
    {
      name: "loss",
      points: [
        [0, 2],
        [1, 1.5],
      ],
    },
  ],
  ranks: [{ rank: 0, compute: 0.5, communication: 0.1 }],
  tasks: [task(4), task(7), { id: 9, fired: 3, shares: is, awaited: 0, now: [] }],
  ...own,
});

test("the first one is whole, one that is the same says next to nothing", () => {
  const first = changes(undefined, frame());
  expect(applied(null, first.change)).toEqual(frame());
  const { change } = changes(first.known, frame());
  expect(change).toEqual({
    whole: false,
    status: "running",
    curves: [],
    ranks: [],
    tasks: [],
    fired: [3, 3],
    held: [2, 1, 1, 0],
  });
  expect(applied(applied(null, first.change), change)).toEqual(frame());
});

test("what changes with every step costs little, whatever the number of tasks", () => {
  const many = (fired: number) =>
    frame({ tasks: Array.from({ length: 5000 }, (_, i) => task(i, { fired: fired + Number(i < 900) })) });
  const first = changes(undefined, many(3));
  const { change } = changes(first.known, many(4));
  expect(JSON.stringify(change).length).toBeLessThan(200);
  expect(applied(applied(null, first.change), change)).toEqual(many(4));
});

test("rows that differ are sent, shares that move by little are not until they have moved by more", () => {
  const shares = (works: number) =>
    frame({ tasks: [task(4, { shares: { ...is, works, data: 1 - works } }), ...frame().tasks.slice(1)] });
  let { known, change } = changes(undefined, shares(0));
  let seen = applied(null, change);
  const sent: number[] = [];
  for (let works = 0; works <= 0.05; works += 0.004) {
    ({ known, change } = changes(known, shares(works)));
    seen = applied(seen, change);
    sent.push(change.tasks.length);
    expect(Math.abs(seen.tasks[0]!.shares.works - works)).toBeLessThan(0.01);
  }
  expect(sent).toContain(0);
  expect(sent).toContain(1);
  const other = frame({ failure: "rank 1 is gone", tasks: [task(4, { now: [["b", 2]] }), ...frame().tasks.slice(1)] });
  ({ known, change } = changes(known, other));
  expect(applied(seen, change)).toEqual(other);
});

test("of curves new points are sent, or all of one that was thinned", () => {
  const curve = (points: LiveFrame["curves"][number]["points"]) => frame({ curves: [{ name: "loss", points }] });
  const first = changes(undefined, frame());
  const grown = curve([
    [0, 2],
    [1, 1.5],
    [2, 1.2],
  ]);
  const next = changes(first.known, grown);
  expect(next.change.curves).toEqual([{ name: "loss", from: 2, points: [[2, 1.2]] }]);
  const thinned = curve([
    [0, 2],
    [2, 1.2],
  ]);
  const last = changes(next.known, thinned);
  expect(last.change.curves).toEqual([
    {
      name: "loss",
      from: 0,
      points: [
        [0, 2],
        [2, 1.2],
      ],
    },
  ]);
  let seen = applied(applied(null, first.change), next.change);
  expect(seen).toEqual(grown);
  seen = applied(seen, last.change);
  expect(seen).toEqual(thinned);
});

test("other tasks, of a session that has only begun to tell, are a whole frame", () => {
  const first = changes(undefined, frame({ tasks: [], ranks: [] }));
  const { change } = changes(first.known, frame());
  expect(change.whole).toBe(true);
  expect(applied(applied(null, first.change), change)).toEqual(frame());
});
