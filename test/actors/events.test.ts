import { Observable, take } from "rxjs";
import { expect, test } from "vitest";
import { createBus } from "../../src/actors/bus.ts";
import { startSession } from "../../src/actors/session.ts";
import type { RawSession } from "../../src/actors/session-types.ts";
import type { Message } from "../../src/ir/message.ts";
import type { SessionEvent } from "../../src/ir/session.ts";
import { batches, tinyPlan } from "./fixture.ts";

async function steps(session: RawSession, count: number): Promise<void> {
  for await (const _ of session.run(batches(2, count)));
}

test("each firing is scheduled, launched and done, in this order; what is sent comes back as a credit", async () => {
  await using session = await startSession(tinyPlan(2), { trace: true });
  const events: SessionEvent[] = [];
  session.events$.subscribe((event) => events.push(event));
  await steps(session, 12);
  const of = (task: number) => events.filter((e) => (e.type === "task" || e.type === "schedule") && e.task === task);
  const onRanks = new Set(events.flatMap((e) => (e.type === "task" && e.phase === "done" ? [e.task] : [])));
  expect(onRanks.size).toBe(3 * 2);
  for (const task of onRanks) {
    let [scheduled, launched, done] = [0, 0, 0];
    for (const event of of(task)) {
      if (event.type === "schedule") scheduled++;
      else if (event.type === "task" && event.phase === "launched") expect(event.seq).toBe(launched++);
      else if (event.type === "task") expect(event.seq).toBe(done++);
      expect(scheduled).toBeGreaterThanOrEqual(launched);
      expect(launched).toBeGreaterThanOrEqual(done);
    }
    expect([launched, done]).toEqual([12, 12]);
  }
  const messages = events.flatMap((e) => (e.type === "message" || e.type === "credit" ? [e] : []));
  expect(messages.every((e) => (e.type === "credit") === (e.message.type === "ack"))).toBe(true);
  const count = (type: string) => messages.filter((e) => e.message.type === type).length;
  expect(count("ack")).toBe(count("req"));
  expect(count("ack")).toBeGreaterThan(12 * 10);
});

test("memory is told of from the first byte, whenever one subscribes; a further plan's when it is loaded", async () => {
  await using session = await startSession(tinyPlan(2));
  const events: SessionEvent[] = [];
  session.events$.subscribe((event) => events.push(event));
  const memory = () => events.flatMap((e) => (e.type === "memory" ? [e] : []));
  expect(memory().map(({ what }) => what)).toEqual(expect.arrayContaining(["the region of rank 0", "thread 0"]));
  const before = memory().length;
  await session.load({ ...tinyPlan(2, { slots: 3 }), hash: "another" });
  expect(memory().length).toBeGreaterThan(before);
  const sorted = memory().toSorted((a, b) => a.offset - b.offset);
  for (const [i, { offset, bytes }] of sorted.entries())
    expect(offset + bytes).toBeLessThanOrEqual(sorted[i + 1]?.offset ?? 2 ** 32);
});

test("who leaves hears no more, and with nobody left nothing is told; the stream ends with the session", async () => {
  const bus = createBus();
  let observers = 0;
  const watched = new Observable<Message>((observer) => {
    observers++;
    observer.add(() => observers--);
    observer.add(bus.messages$.subscribe(observer));
  });
  const counted = { ...bus, messages$: watched };
  const session = await startSession(tinyPlan(2), {}, { bus: counted });
  await steps(session, 2);
  expect(observers).toBe(0);
  let heard = 0;
  session.events$.pipe(take(200)).subscribe(() => heard++);
  let ended = false;
  const watching = session.events$.subscribe({ complete: () => (ended = true) });
  expect(observers).toBe(2);
  await steps(session, 20);
  expect(heard).toBe(200);
  expect(observers).toBe(1);
  await session.close();
  expect(ended).toBe(true);
  expect(watching.closed).toBe(true);
  expect(observers).toBe(0);
});

test("an inspector that throws ends the session with its error, and nothing hangs", async () => {
  let events = 0;
  const inspect = () => {
    if (++events > 60) throw new Error("the inspector has had enough");
  };
  const session = await startSession(tinyPlan(2), { inspect });
  await expect(steps(session, 5)).rejects.toThrow("the inspector has had enough");
  expect(events).toBe(61);
  expect(session.status).toBe("failed");
  await session.close();
  const atOnce = startSession(tinyPlan(2), {
    inspect() {
      throw new Error("the inspector does not begin");
    },
  });
  await expect(atOnce).rejects.toThrow("the inspector does not begin");
});
