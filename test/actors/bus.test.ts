import { expect, test } from "vitest";
import type { InspectionEvent } from "xstate";
import { type Bus, createBus } from "../../src/actors/bus.ts";
import { startSession } from "../../src/actors/session.ts";
import type { Message } from "../../src/ir/message.ts";
import { batches, tinyPlan } from "./fixture.ts";

/** A bus that loses the messages that `drop` picks. */
function lossy(drop: (message: Message) => boolean): Bus & { readonly lost: Message[] } {
  const bus = createBus();
  const lost: Message[] = [];
  return {
    ...bus,
    lost,
    get delivered() {
      return bus.delivered;
    },
    send(message) {
      if (drop(message)) lost.push(message);
      else bus.send(message);
    },
  };
}

const timeout = (ms: number) => new Promise<"nothing">((resolve) => setTimeout(() => resolve("nothing"), ms));

test("every req, ack and eos that an actor hears was on the bus, and the other way round", async () => {
  const heard = new Map<string, number>();
  const carried = new Map<string, number>();
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const bus = createBus();
  bus.messages$.subscribe(({ type, from, to, edge, seq }) => count(carried, [type, from, to, edge, seq].join(" ")));
  const inspect = (event: InspectionEvent) => {
    if (event.type !== "@xstate.event" || !["req", "ack", "eos"].includes(event.event.type)) return;
    const { type, from, to, edge, seq } = event.event as unknown as Message;
    expect((event.actorRef as unknown as { readonly id: string }).id.split(" ")[0]).toBe(String(to));
    count(heard, [type, from, to, edge, seq].join(" "));
  };
  await using session = await startSession(tinyPlan(2), { inspect }, { bus });
  for await (const _ of session.run(batches(2, 12)));
  expect(heard).toEqual(carried);
  expect(session.stats.messages).toBe([...carried.values()].reduce((a, b) => a + b, 0));
  // Each message is sent once, and each req is answered by one ack.
  expect([...carried.values()].every((n) => n === 1)).toBe(true);
  const keys = [...carried.keys()].map((key) => key.split(" "));
  const of = (type: string) => keys.filter(([t]) => t === type).length;
  expect(of("req")).toBe(12 * 18);
  expect(of("ack")).toBe(12 * 18);
});

test.each([
  ["req between ranks", (m: Message) => m.type === "req" && m.thread !== undefined],
  ["ack to the source", (m: Message) => m.type === "ack" && m.thread === undefined],
])("with every %s lost, nothing goes on: there is no way around the bus", async (_, drop) => {
  const bus = lossy(drop);
  const session = await startSession(tinyPlan(2), {}, { bus });
  let steps = 0;
  const run = async () => {
    for await (const _step of session.run(batches(2, 50))) steps++;
  };
  const running = run().catch((error: { readonly code: string }) => error.code);
  expect(await Promise.race([running, timeout(400)])).toBe("nothing");
  expect(bus.lost.length).toBeGreaterThan(0);
  expect(steps).toBeLessThan(50);
  await session.close();
  expect(await running).toBe("SL4011");
});
