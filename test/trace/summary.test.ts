import fc from "fast-check";
import { array, compile, graph, launch, nn, optim, Plan, placement, S, type StepSummary, summaryTable } from "sluice";
import { describe, expect, it } from "vitest";
import { expand } from "../../src/actors/expand.ts";
import { HOST } from "../../src/actors/net.ts";
import type { SessionEvent } from "../../src/ir/session.ts";
import { firingsOf } from "../../src/view/trace/firings.ts";
import { covered, type Interval, subtract, union } from "../../src/view/trace/intervals.ts";
import { summarize } from "../../src/view/trace/summary.ts";
import { tinyPlan } from "../actors/fixture.ts";

const net = expand(tinyPlan(2), { actor: 0, edge: 0, register: 0 });
const named = (name: string) => net.actors.find((actor) => actor.name === name)!;
const summary = (events: readonly SessionEvent[]) => summarize(net, firingsOf(net, 0, events));

const done = (name: string, seq: number, start: number, end: number): SessionEvent => {
  const { id, rank, stream } = named(name);
  const thread = 2 * rank + (stream === "comm" ? 1 : 0);
  return { type: "task", phase: "done", task: id, seq, thread, start, end };
};
const onHost = (name: string, seq: number, t: number): SessionEvent => ({
  type: "task",
  phase: "launched",
  task: named(name).id,
  seq,
  t,
});
const said = (type: "req" | "eos", seq: number, t: number): SessionEvent => ({
  type: "message",
  message: { type, from: net.user.id, to: net.source.id, edge: 0, register: 0, slot: 0, seq, t },
});

/** Its parts add up to a step, to the last bit. */
function expectWhole(rows: readonly StepSummary[]): void {
  for (const { ms, compute, exposed, bubble, inputWait, other, communication } of rows) {
    expect(compute + exposed + bubble + inputWait + other).toBe(ms);
    expect(Math.min(compute, exposed, bubble, inputWait, other)).toBeGreaterThanOrEqual(0);
    expect(communication).toBeGreaterThanOrEqual(exposed);
  }
}

describe("sets of points in time", () => {
  const intervals = fc.array(
    fc.tuple(fc.nat(40), fc.nat(6)).map(([start, length]): Interval => [start, start + length]),
    { maxLength: 12 },
  );
  const has = (set: readonly Interval[], at: number) => set.some(([lo, hi]) => lo <= at && at < hi);

  it("are joined, taken from each other and measured as sets are", () => {
    fc.assert(
      fc.property(intervals, intervals, fc.nat(20), (a, b, at) => {
        const [whole, rest] = [union(a), subtract(union(a), union(b))];
        for (let t = 0; t < 50; t++) {
          expect(has(whole, t)).toBe(has(a, t));
          expect(has(rest, t)).toBe(has(a, t) && !has(b, t));
        }
        for (const set of [whole, rest])
          for (const [i, [start, end]] of set.entries()) {
            expect(start).toBeLessThan(end);
            if (i > 0) expect(start).toBeGreaterThanOrEqual(set[i - 1]![1]);
          }
        const points = (from: number, to: number) =>
          Array.from({ length: to - from }, (_, i) => from + i).filter((t) => has(whole, t)).length;
        expect(
          covered(whole, [
            [0, at],
            [at, at + 7],
            [at + 9, 60],
          ]),
        ).toEqual([points(0, at), points(at, at + 7), points(at + 9, 60)]);
      }),
    );
  });
});

describe("the summary of a step", () => {
  it("adds up to the step exactly, whatever ran when", () => {
    const time = fc.double({ min: 0, max: 1e6, noNaN: true });
    const firing = fc.tuple(time, fc.double({ min: 0, max: 1e4, noNaN: true }));
    const actors = net.actors.filter(({ kind }) => kind !== "user");
    const steps = 3;
    fc.assert(
      fc.property(
        fc.array(firing, { minLength: steps * actors.length, maxLength: steps * actors.length }),
        fc.array(time, { minLength: steps, maxLength: steps }),
        fc.option(fc.integer({ min: 1, max: steps - 1 })),
        (times, feeds, ended) => {
          const events = actors.flatMap((actor, i) =>
            Array.from({ length: steps }, (_, seq): SessionEvent => {
              const [start, length] = times[i * steps + seq]!;
              return actor.rank === HOST
                ? onHost(actor.name, seq, start)
                : done(actor.name, seq, start, start + length);
            }),
          );
          const ends = ended === null ? [] : [said("eos", ended, 0)];
          const rows = summary([...events, ...feeds.map((t, seq) => said("req", seq, t)), ...ends]);
          expect(rows).toHaveLength(2 * steps);
          expectWhole(rows);
        },
      ),
      { numRuns: 300 },
    );
  });

  /** Source, 1 ms of `front`, 1 ms of `reduce`, 1 ms of `update` on both ranks, and the sink, from `at` on. */
  const step = (seq: number, at: number, slower = 0): SessionEvent[] => [
    said("req", seq, at),
    onHost("source", seq, at),
    ...[0, 1].flatMap((rank) => {
      const met = at + 1 + slower;
      return [
        done(`front @${rank}`, seq, at, at + 1 + rank * slower),
        done(`reduce @${rank}`, seq, met, met + 1),
        done(`update @${rank}`, seq, met + 1, met + 2),
      ];
    }),
    onHost("sink", seq, at + slower + 3),
  ];
  const zero = { compute: 0, exposed: 0, bubble: 0, inputWait: 0, other: 0, communication: 0 };
  const busy = { ...zero, compute: 2, exposed: 1, communication: 1 };

  it("tells computing from communication that nothing hides", () => {
    expect(summary(step(0, 5))).toEqual([
      { step: 0, rank: 0, ms: 3, ...busy },
      { step: 0, rank: 1, ms: 3, ...busy },
    ]);
  });

  it("calls the time until a batch comes input wait", () => {
    const [, , first, second] = summary([...step(0, 0), ...step(1, 10)]);
    expect(first).toEqual({ step: 1, rank: 0, ms: 10, ...busy, inputWait: 7 });
    expect(second).toEqual({ step: 1, rank: 1, ms: 10, ...busy, inputWait: 7 });
  });

  it("calls the time that a rank waits for another one bubble", () => {
    const [first, second] = summary(step(0, 0, 4));
    expect(first).toEqual({ step: 0, rank: 0, ms: 7, ...busy, bubble: 4 });
    expect(second).toEqual({ step: 0, rank: 1, ms: 7, ...busy, compute: 6 });
  });

  it("blames what the other rank waited for itself", () => {
    // Rank 1 gets its share of the batch 4 ms late, and computes 4 ms longer.
    const late = step(0, 0, 8).map((event) =>
      event.type === "task" && event.phase === "done" && event.task === named("front @1").id
        ? { ...event, start: event.start + 4 }
        : event,
    );
    const [first, second] = summary(late);
    expect(first).toEqual({ step: 0, rank: 0, ms: 11, ...busy, inputWait: 3, bubble: 5 });
    expect(second).toEqual({ step: 0, rank: 1, ms: 11, ...busy, inputWait: 4, compute: 6 });
  });

  it("counts the end of a step that others still work at as bubble", () => {
    const longer = step(0, 0).map((event) =>
      event.type === "task" && event.phase === "done" && event.task === named("update @1").id
        ? { ...event, end: 9 }
        : event,
    );
    const [first, second] = summary(longer);
    expect(first).toEqual({ step: 0, rank: 0, ms: 9, ...busy, bubble: 6 });
    expect(second).toEqual({ step: 0, rank: 1, ms: 9, ...busy, compute: 8 });
  });

  it("leaves out the time between runs, and steps that were not recorded to their end", () => {
    const rows = summary([...step(0, 0), said("eos", 1, 3), ...step(1, 500), ...step(2, 503).slice(0, 4)]);
    expect(rows.map(({ step, ms }) => [step, ms])).toEqual([
      [0, 3],
      [0, 3],
      [1, 3],
      [1, 3],
    ]);
    expect(summary([])).toEqual([]);
  });
});

const mesh = placement("cpu", { data: 2 });
const net2 = nn.sequential(nn.linear(64, 64, { name: "fc1" }), nn.relu(), nn.linear(64, 8, { name: "fc2" }));
const training = graph(
  mesh,
  {
    name: "small",
    model: net2,
    inputs: {
      x: mesh.input(["batch", 64], "float32", { data: S(0) }),
      y: mesh.input(["batch"], "int32", { data: S(0) }),
    },
  },
  ({ x, y }, g) => {
    const loss = nn.softmaxCrossEntropy(net2(x), y).mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  },
);
const plan = compile(training, { dims: { batch: 64 } });
const batch = { x: array([64, 64], "float32", new Float32Array(4096)), y: array([64], "int32", new Int32Array(64)) };

describe("a run of two ranks", async () => {
  await using session = await launch(plan, { trace: true, engine: "wasm" });
  for await (const _ of session.run(Array.from({ length: 30 }, () => batch)));
  const quick = session.summary();
  async function* slowly() {
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      yield batch;
    }
  }
  for await (const _ of session.run(slowly()));
  const slow = session.summary().slice(quick.length);

  it("is summed up step by step and rank by rank", () => {
    expect(quick.map(({ step, rank }) => [step, rank])).toEqual(
      Array.from({ length: 60 }, (_, i) => [Math.floor(i / 2), i % 2]),
    );
    expectWhole([...quick, ...slow]);
    for (const [i, row] of quick.entries()) if (i % 2 === 1) expect(row.ms).toBe(quick[i - 1]!.ms);
    expect(quick.every(({ compute, communication }) => compute > 0 && communication > 0)).toBe(true);
  });

  it("spends its time on waiting for batches where the loader is slow", () => {
    const sum = (of: keyof StepSummary) => slow.slice(2).reduce((total, row) => total + row[of], 0);
    expect(slow).toHaveLength(20);
    expect(sum("inputWait") / sum("ms")).toBeGreaterThan(0.7);
  });

  it("refuses what was not recorded", async () => {
    await using other = await launch(plan, { engine: "wasm" });
    expect(() => other.summary()).toThrow(/SL1071/);
  });

  it("is a table for people", () => {
    const text = summaryTable(quick);
    expect(text).toMatch(/^mean of steps 0–29\n/);
    const lines = text.split("\n");
    expect(lines[1]).toMatch(/rank +step +compute +exposed communication +bubble +input wait +other/);
    const shares = lines[2]!
      .match(/[\d.]+ %/g)!
      .map(Number.parseFloat)
      .slice(0, 5);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(100, 0);
    expect(summaryTable([])).toBe("no whole step");
  });
});

describe("a simulated run", () => {
  it("is summed up alike, and agrees with what the simulation says of each rank", () => {
    const links = { local: { alpha: 2e-5, beta: 1e-9 } };
    const simulation = plan.simulate({
      links,
      steps: 6,
      devices: (rank) => ({ flops: rank ? 1e9 : 4e9, bandwidth: 1e10 }),
    });
    const rows = simulation.summary();
    expectWhole(rows);
    expect(rows).toHaveLength(12);
    for (const { rank, compute, communication, exposed, idle } of simulation.ranks) {
      const sum = (...of: (keyof StepSummary)[]) =>
        rows.filter((row) => row.rank === rank).reduce((a, row) => a + of.reduce((b, name) => b + row[name], 0), 0) /
        1e3;
      expect(sum("ms")).toBeCloseTo(simulation.makespan, 9);
      expect(sum("compute")).toBeCloseTo(compute, 9);
      expect(sum("communication")).toBeCloseTo(communication, 9);
      expect(sum("exposed")).toBeCloseTo(exposed, 9);
      expect(sum("bubble", "inputWait", "other")).toBeCloseTo(idle, 9);
    }
    // The quick rank waits for the slow one, and nobody waits for batches.
    const of = (rank: number, name: keyof StepSummary) =>
      rows.filter((row) => row.rank === rank).reduce((a, row) => a + row[name], 0);
    expect(of(0, "bubble")).toBeGreaterThan(10 * of(1, "bubble"));
    expect(of(0, "inputWait") + of(1, "inputWait")).toBe(0);
  });

  it("has a row for every rank where many are alike", () => {
    const wide = Plan.fromJSON(JSON.stringify(plan)).simulate({ steps: 2 });
    const [first, second] = wide.summary();
    expect({ ...first, rank: 1 }).toEqual(second);
    expect(summaryTable(wide.summary())).toMatch(/\n +0,1 /);
  });
});
