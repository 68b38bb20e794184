import { expect, test } from "vitest";
import type { Message } from "../ir/message.ts";
import { createBus } from "./bus.ts";

const message = (to: number, seq: number): Message => ({
  type: "req",
  from: 0,
  to,
  edge: 0,
  register: 0,
  slot: 0,
  seq,
  t: 0,
});

test("first in, first out, also for what is sent during a delivery", () => {
  const bus = createBus();
  const seen: string[] = [];
  bus.connect(1, ({ seq }) => {
    seen.push(`1:${seq}`);
    if (seq === 0) {
      bus.send(message(2, 10));
      bus.drain(); // from within: the outer drain delivers
      seen.push("1 done");
    }
  });
  bus.connect(2, ({ seq }) => seen.push(`2:${seq}`));
  bus.send(message(1, 0));
  bus.send(message(1, 1));
  bus.drain();
  expect(seen).toEqual(["1:0", "1 done", "1:1", "2:10"]);
  expect(bus.delivered).toBe(3);
});

test("a chain of a hundred thousand messages needs no stack", () => {
  const bus = createBus();
  let last = 0;
  bus.connect(1, ({ seq }) => {
    last = seq;
    if (seq < 100_000) bus.send(message(1, seq + 1));
    bus.drain();
  });
  bus.send(message(1, 0));
  bus.drain();
  expect(last).toBe(100_000);
});

test("what is delivered to anybody is on messages$", () => {
  const bus = createBus();
  const seen: number[] = [];
  bus.messages$.subscribe(({ to }) => seen.push(to));
  bus.send(message(3, 0));
  bus.send(message(9, 0));
  bus.drain();
  expect(seen).toEqual([3, 9]);
});
