import { describe, expect, it } from "vitest";
import { expand } from "../../src/actors/expand.ts";
import { HOST } from "../../src/actors/net.ts";
import type { SessionEvent } from "../../src/ir/session.ts";
import { traceJson } from "../../src/view/trace/perfetto.ts";
import { mlp } from "../view/plans.ts";

interface TraceRecord {
  readonly ph: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly name: string;
  readonly args?: Record<string, unknown>;
}

const plan = mlp();
const net = expand(plan, { actor: 0, edge: 0, register: 0 });

/** Two steps as a session would tell them: each actor runs for 1 ms, at its place in the schedule. */
const events: SessionEvent[] = [0, 1].flatMap((seq) =>
  net.actors
    .filter((a) => a.kind !== "user")
    .flatMap((actor): SessionEvent[] => {
      const start = 1000 + 100 * seq + 2 * actor.order;
      const launched = (t: number) => ({ type: "task", phase: "launched", task: actor.id, seq, t }) as const;
      if (actor.rank === HOST) return [launched(start)];
      return [
        launched(start - 0.5),
        { type: "task", phase: "done", task: actor.id, seq, thread: 0, start, end: start + 1 },
      ];
    }),
);
const records = (JSON.parse(traceJson(plan, events)) as { traceEvents: TraceRecord[] }).traceEvents;
const slices = records.filter((r) => r.ph === "X");

describe("the trace", () => {
  it("names a process for the host and each rank, and its streams", () => {
    const names = (kind: string) => records.filter((r) => r.name === kind).map((r) => r.args!.name);
    expect(names("process_name").sort()).toEqual(["host", "rank 0", "rank 1", "rank 2", "rank 3"]);
    expect(names("thread_name").filter((n) => n === "comm")).toHaveLength(4);
  });

  it("has a slice for every firing, named by its task, in µs from the first", () => {
    expect(slices).toHaveLength(2 * net.actors.filter((a) => a.kind !== "user").length);
    expect(Math.min(...slices.map((s) => s.ts!))).toBe(0);
    const task = plan.tasks.find((t) => t.kind === "compute")!;
    const of = slices.filter((s) => s.name === task.name && s.args!.step === 1);
    expect(of).toHaveLength(4);
    for (const slice of of) {
      expect(slice.dur).toBe(1000);
      expect(slice.ts).toBe(1000 * (100 + 2 * task.id));
      expect(slice.args!.ops).toEqual(task.ops);
    }
  });

  it("says what a collective receives", () => {
    const c = plan.collectives[0]!;
    const slice = slices.find((s) => s.name === c.name)!;
    expect(slice.args!.receivedBytes).toBe(c.received[0]);
  });

  it("has an arrow for every slot that was filled and read, between slices that are there", () => {
    const wires = net.edges.filter(
      (e) => net.actors[e.from]!.kind !== "user" && net.actors[e.to]!.kind !== "user" && e.register >= 0,
    );
    const [within, next] = [wires.filter((e) => e.delay === 0), wires.filter((e) => e.delay === 1)];
    expect(next.length).toBeGreaterThan(0); // what an update leaves for the next step
    expect(within.length + next.length).toBe(wires.length);
    const starts = records.filter((r) => r.ph === "s");
    const ends = new Map(records.filter((r) => r.ph === "f").map((r) => [r.id, r]));
    expect(starts).toHaveLength(2 * within.length + next.length);
    expect(ends.size).toBe(starts.length);
    const around = (r: TraceRecord) =>
      slices.find((s) => s.pid === r.pid && s.tid === r.tid && s.ts! <= r.ts! && r.ts! <= s.ts! + s.dur!);
    for (const start of starts) {
      const [made, taken] = [around(start)!, around(ends.get(start.id)!)!];
      expect(made).toBeDefined();
      expect(taken).toBeDefined();
      expect(start.args).toMatchObject({
        from: made.pid === 1 ? "host" : `rank ${made.pid - 2}`,
        to: taken.pid === 1 ? "host" : `rank ${taken.pid - 2}`,
      });
    }
    expect(starts.some((s) => s.name.includes("fc1.weight"))).toBe(true);
  });

  it("arrows find slices that took no time", () => {
    const instants = events.map((e) => (e.type === "task" && e.phase === "done" ? { ...e, end: e.start } : e));
    const drawn = (JSON.parse(traceJson(plan, instants)) as { traceEvents: TraceRecord[] }).traceEvents;
    const boxes = drawn.filter((r) => r.ph === "X");
    expect(boxes.every((s) => s.dur! > 0)).toBe(true);
    for (const r of drawn.filter((r) => r.ph === "s" || r.ph === "f"))
      expect(boxes.some((s) => s.pid === r.pid && s.tid === r.tid && s.ts! <= r.ts! && r.ts! < s.ts! + s.dur!)).toBe(
        true,
      );
  });

  it("leaves out what is not of the plan, and is empty without events", () => {
    const other: SessionEvent = { type: "task", phase: "done", task: 10_000, seq: 0, thread: 0, start: 0, end: 1 };
    expect(traceJson(plan, [...events, other])).toBe(traceJson(plan, events));
    const none = JSON.parse(traceJson(plan, [])) as { traceEvents: TraceRecord[] };
    expect(none.traceEvents.every((r) => r.ph === "M")).toBe(true);
  });
});
