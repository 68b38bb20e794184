/** @file The actors of a session as a picture: what events and flights say is what is drawn, word for word. */
import { launch, Plan, type SessionEvent } from "sluice";
import { expect, test } from "vitest";
import { startSession } from "../../src/actors/session.ts";
import type { Flight } from "../../src/ir/flight.ts";
import { stateDot } from "../../src/view/state-dot.ts";
import { batches, tinyPlan } from "../actors/fixture.ts";
import { mlp } from "./plans.ts";
import { clusterCount, nodeCount, tags, texts } from "./support.ts";

const plan = tinyPlan(1);
const launched = (task: number, seq: number): SessionEvent => ({ type: "task", phase: "launched", task, seq, t: 0 });
const done = (task: number, seq: number): SessionEvent => ({
  type: "task",
  phase: "done",
  task,
  seq,
  thread: 0,
  start: 0,
  end: 1,
});
/** Nodes and edges, without how they look. */
const said = (dot: string) =>
  dot
    .split("\n")
    .filter((line) => /label=/.test(line) && /^\s*"/.test(line))
    .map((line) =>
      line
        .trim()
        .replace(
          /"(actor\d)"( -> "(actor\d)")?.*?label="(.*?)".*/,
          (_, a, __, b, text) => `${a}${b ? ` -> ${b}` : ""}: ${text.replace("\\n", " | ")}`,
        ),
    );
const colours = (dot: string) => dot.match(/fillcolor="#\w+"/g);

// source 0, front 1, reduce 2, update 3, sink 4
test("before the first step, everybody waits for a batch in the end", () => {
  expect(said(stateDot(plan, []))).toEqual([
    "actor1: front @0 | fired 0 · waits for source",
    "actor2: reduce @0 | fired 0 · waits for front @0",
    "actor3: update @0 | fired 0 · waits for reduce @0",
    "actor0: host · source | fired 0 · waits for a batch",
    "actor4: host · sink | fired 0 · waits for update @0",
    "actor0 -> actor1: 0 of 2",
    "actor1 -> actor2: 0 of 2",
    "actor1 -> actor4: 0 of 4",
    "actor2 -> actor3: 0 of 2",
    "actor3 -> actor1: 1 of 1", // the state's first value
    "actor3 -> actor4: 0 of 4",
  ]);
});

test("in the midst of steps: who is at work, who waits for data, for a slot, for its turn; slots held", () => {
  const events = [
    ...[0, 1].map((seq) => launched(0, seq)),
    ...[launched(1, 0), launched(2, 0), launched(3, 0), done(1, 0), done(2, 0)],
    ...[launched(1, 1), done(1, 1)],
    ...[launched(0, 2), launched(0, 3)],
  ];
  const dot = stateDot(plan, events);
  expect(said(dot)).toEqual([
    "actor1: front @0 | fired 2 · waits for update @0",
    "actor2: reduce @0 | fired 1 · ready",
    "actor3: update @0 | fired 1 · 1 under way",
    "actor0: host · source | fired 4 · waits for front @0 to let go",
    "actor4: host · sink | fired 0 · waits for update @0",
    "actor0 -> actor1: 2 of 2",
    "actor1 -> actor2: 1 of 2",
    "actor1 -> actor4: 2 of 4",
    "actor2 -> actor3: 0 of 2",
    "actor3 -> actor1: 0 of 1",
    "actor3 -> actor4: 1 of 4",
  ]);
  expect(new Set(colours(dot))).toHaveProperty("size", 4); // grey twice
  // Untraced, work counts as over when it is launched.
  const untraced = events.filter((event) => !("phase" in event) || event.phase === "launched");
  expect(said(stateDot(plan, untraced))[2]).toBe("actor3: update @0 | fired 1 · waits for reduce @0");
});

test("who has failed is red", () => {
  const failure: SessionEvent = { type: "failure", task: 2, reason: "it threw", t: 1 };
  const dot = stateDot(plan, [launched(0, 0), launched(1, 0), launched(2, 0), failure]);
  expect(said(dot)[1]).toBe("actor2: reduce @0 | fired 1 · failed");
  expect(dot).toMatch(/"actor2" .*fillcolor="#fbe4e4"/);
});

test("a session's own events and its flight say the same at rest", async () => {
  await using session = await startSession(tinyPlan(2), { trace: true });
  const events: SessionEvent[] = [];
  session.events$.subscribe((event) => events.push(event));
  for await (const _ of session.run(batches(2, 7)));
  const [seen, flown] = [stateDot(tinyPlan(2), events), stateDot(tinyPlan(2), session.flight())];
  expect(said(seen)).toEqual(said(flown));
  expect(flown).toContain("ranks 0,1 · ready");
  expect(said(seen).filter((line) => line.includes("fired 7"))).toHaveLength(3 * 2 + 2);
  // What was kept in a file gives the same picture.
  expect(stateDot(tinyPlan(2), JSON.parse(JSON.stringify(session.flight())) as Flight)).toBe(flown);
});

test("a plan that was loaded later is drawn by its own actors; one that was not is refused", async () => {
  const [first, second] = [tinyPlan(2), { ...tinyPlan(2), name: "second", hash: "second" }];
  await using session = await startSession(first, { trace: true });
  const events: SessionEvent[] = [];
  session.events$.subscribe((event) => events.push(event));
  const further = await session.load(second);
  for await (const _ of session.run(batches(2, 3)));
  for await (const _ of further.run(batches(2, 5)));
  const fired = (dot: string) => new Set(said(dot).flatMap((line) => line.match(/fired \d+/) ?? []));
  const later: SessionEvent[] = [];
  session.events$.subscribe((event) => later.push(event)).unsubscribe();
  expect(later.flatMap((e) => (e.type === "plan" ? [e.plan.name] : []))).toEqual([first.name, "second"]);
  for (const observed of [events, session.flight()]) {
    expect(fired(stateDot(first, observed))).toEqual(new Set(["fired 3"]));
    expect(fired(stateDot(second, observed))).toEqual(new Set(["fired 5"]));
    expect(() => stateDot({ ...second, hash: "third" }, observed)).toThrow(/no plan "second"[\s\S]*SL4013/);
  }
});

test("a plan draws it, of the first eight ranks", async () => {
  const wide = new Plan(mlp());
  await using session = await launch(wide);
  const svg = await wide.render("svg", { state: session.flight() });
  expect(tags(svg)).toContain("svg");
  expect(clusterCount(svg)).toBe(4);
  expect(nodeCount(svg)).toBe(4 * wide.data.tasks.filter(({ stream }) => stream !== "host").length + 2);
  expect(texts(svg)[0]).toBe("tiny · actors of ranks 0–3 · ready");
  const many = stateDot(mlp({ data: 4, model: 4 }), []);
  expect(many.match(/subgraph/g)).toHaveLength(8);
  expect(many).toContain("8 more ranks not drawn");
});
