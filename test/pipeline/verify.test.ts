/** @file The verdict on a schedule, and the circle that it names, judged by an executor that just tries. */
import fc from "fast-check";
import {
  parseSchedule,
  printSchedule,
  type Schedule,
  ScheduleError,
  type ScheduleName,
  schedule,
  simulateSchedule,
  verifySchedule,
} from "sluice";
import { describe, expect, test } from "vitest";
import { inputsOf, isWhole, randomRun, runs, show } from "./support.ts";

const runsMany = process.env.LONG ? 20_000 : 400;
const names: readonly ScheduleName[] = ["gpipe", "1f1b", "interleaved", "zb-h1", "zb-h2", "zbv"];
const times = { forward: 2, inputGradient: 3, weightGradient: 1, communication: 0.5 };

const verdict = (made: Schedule, buffers?: number): ScheduleError | undefined => {
  try {
    verifySchedule(made, buffers === undefined ? {} : { buffers });
    return undefined;
  } catch (error) {
    if (error instanceof ScheduleError) return error;
    throw error;
  }
};

/** That nothing starts before what it reads has ended, nor before what stands in front of it. */
function holdsInTime(made: Schedule): void {
  const { spans, makespan } = simulateSchedule(made, times);
  const ends = new Map(spans.map(({ action, end }) => [show(action), end]));
  let before = spans[0]!;
  for (const span of spans) {
    for (const any of inputsOf(span.action, made.stages))
      expect(span.start).toBeGreaterThanOrEqual(Math.min(...any.map((text) => ends.get(text) ?? Infinity)));
    if (before !== span && before.rank === span.rank && before.stream === span.stream)
      expect(span.start).toBeGreaterThanOrEqual(before.end);
    before = span;
  }
  expect(spans).toHaveLength(made.lanes.reduce((sum, { actions }) => sum + actions.length, 0));
  expect(makespan).toBe(Math.max(...ends.values()));
}

/** The lines of a message that name the circle. */
const circleOf = (error: ScheduleError) =>
  [...error.message.matchAll(/^ {2}rank (\d+) (\w+): (\w+) (.*?) (\d+[FBIW]\d+|\d+\w+_\w\d+)( frees| makes)?$/gm)].map(
    ([, rank, stream, from, why, to]) => ({ rank: Number(rank), stream, from: from!, why: why!, to: to! }),
  );

function expectCircle(error: ScheduleError, made: Schedule): void {
  const circle = circleOf(error);
  expect(error.message).toContain(`${circle.length} actions wait for each other`);
  expect(circle.length).toBeGreaterThan(1);
  for (const [i, { rank, stream, from, why, to }] of circle.entries()) {
    expect(circle[(i + 1) % circle.length]!.from).toBe(to);
    const lane = made.lanes.find((each) => each.rank === rank && each.stream === stream)!;
    const at = lane.actions.findIndex((action) => show(action) === from);
    expect(at).toBeGreaterThanOrEqual(0);
    const front = lane.actions.slice(0, at).map(show);
    if (why === "stands behind") expect(front).toContain(to);
    else if (why === "reads what") expect(inputsOf(lane.actions[at]!, made.stages).flat()).toContain(to);
    else expect(why).toBe("needs the buffer that");
  }
}

const dice = (stream: fc.Stream<number>) => (n: number) => stream.next().value % n;
const random = fc.record({
  stages: fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
  microBatches: fc.integer({ min: 1, max: 4 }),
  stream: fc.infiniteStream(fc.nat()),
});

test.each(names)("%s is safe on 1 to 6 ranks, with one buffer a link", (name) => {
  for (const ranks of [1, 2, 3, 4, 6])
    for (const microBatches of [2 * ranks, 3 * ranks, 12]) {
      const made = schedule(name, { ranks, microBatches });
      verifySchedule(made, { buffers: 1 });
      expect(isWhole(made)).toBe(true);
      expect(runs(made)).toBe(true);
    }
});

test("whatever ran once is safe, wherever its stages are, and takes its time", () => {
  fc.assert(
    fc.property(random, ({ stages, microBatches, stream }) => {
      const made = { name: "random", stages, microBatches, lanes: randomRun(stages, microBatches, dice(stream)) };
      verifySchedule(made);
      holdsInTime(made);
      const computing = { ...made, lanes: made.lanes.filter((lane) => lane.stream === "compute") };
      const completed = parseSchedule(printSchedule(computing));
      verifySchedule(completed);
      holdsInTime(completed);
    }),
    { numRuns: runsMany, seed: 7 },
  );
});

/** Lanes with two actions exchanged, one gone, one there twice, or one elsewhere. */
function mutate({ lanes }: Schedule, roll: (n: number) => number) {
  const changed = lanes.map((lane) => ({ ...lane, actions: [...lane.actions] }));
  const filled = changed.filter(({ actions }) => actions.length > 0);
  const pick = () => {
    const { actions } = filled[roll(filled.length)]!;
    return { actions, i: roll(actions.length) };
  };
  const [a, near] = [pick(), roll(2) === 0];
  const b = near ? { actions: a.actions, i: Math.min(a.i + 1, a.actions.length - 1) } : pick();
  const x = a.actions[a.i]!;
  const y = b.actions[b.i]!;
  const what = (["swap", "drop", "double", "move"] as const)[roll(4)]!;
  if (what === "swap") [a.actions[a.i], b.actions[b.i]] = [y, x];
  if (what === "double") b.actions.splice(b.i, 0, x);
  if (what === "drop" || what === "move") a.actions.splice(a.i, 1);
  if (what === "move") b.actions.splice(Math.min(b.i, b.actions.length), 0, x);
  return changed;
}

test("a changed schedule is refused exactly when it is not whole or does not run, with a circle that is one", () => {
  const seen = { safe: 0, broken: 0, stuck: 0 };
  fc.assert(
    fc.property(random, fc.nat(names.length), fc.integer({ min: 1, max: 3 }), (base, which, p) => {
      const roll = dice(base.stream);
      const { stages, microBatches } = base;
      const name = names[which];
      const good: Schedule = name
        ? schedule(name, { ranks: p, microBatches: 2 * p })
        : { name: "random", stages, microBatches, lanes: randomRun(stages, microBatches, roll) };
      const made = { ...good, lanes: mutate(good, roll) };
      const error = verdict(made);
      if (!isWhole(made)) {
        expect(error?.code).toBe("SL5011");
        seen.broken++;
      } else if (!runs(made)) {
        expect(error?.code).toBe("SL5012");
        expectCircle(error!, made);
        expect(() => simulateSchedule(made, times)).toThrow(error!.what);
        seen.stuck++;
      } else {
        expect(error).toBeUndefined();
        holdsInTime(made);
        seen.safe++;
      }
    }),
    { numRuns: runsMany * 3, seed: 11 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
});

describe("the circle", () => {
  test("is named rank by rank and action by action", () => {
    const made = parseSchedule("0: 0F0 0B0 0F1 0B1\n1: 1F0 1F1 1B0 1B1");
    expect(verdict(made)?.message.split("\n").slice(0, 5)).toEqual([
      expect.stringMatching(/^schedule "custom": it would deadlock: 4 actions wait for each other · at .*verify\.test/),
      "  rank 0 compute: 0B0 reads what 0RECV_B0 makes",
      "  rank 0 comm: 0RECV_B0 stands behind 0SEND_F1",
      "  rank 0 comm: 0SEND_F1 reads what 0F1 makes",
      "  rank 0 compute: 0F1 stands behind 0B0",
    ]);
  });

  test("is the shortest there is", () => {
    const long = parseSchedule("0: 0F0 0B0 0F1 0B1\n1: 1F0 1F1 1B0 1B1\n2: 2B0 2F0 2F1 2B1");
    expect(circleOf(verdict(long)!).map(({ from }) => from)).toEqual(["2B0", "2F0"]);
  });
});

describe("buffers", () => {
  // Rank 1 takes the second message first, so that the first lies about.
  const crossed = parseSchedule(`
    0: 0F0 0F1 0B0 0B1
    0 comm: 0SEND_F0 0SEND_F1 0RECV_B1 0RECV_B0
    1: 1F1 1B1 1F0 1B0
    1 comm: 1RECV_F1 1RECV_F0 1SEND_B1 1SEND_B0
  `);

  test("that are too few are a circle too, and the error says how many do", () => {
    expect(verdict(crossed)).toBeUndefined();
    expect(verdict(crossed, 2)).toBeUndefined();
    const error = verdict(crossed, 1)!;
    expectCircle(error, crossed);
    expect(error.message).toContain("0SEND_F1 needs the buffer that 1RECV_F0 frees");
    expect(error.hint).toMatch(/^give \{ buffers: 2 \}/);
  });

  test("hold back who would send or receive too early", () => {
    const made = parseSchedule("0: 0F0 0F1 0F2 0B0 0B1 0B2\n1: 1F0 1F1 1F2 1B0 1B1 1B2");
    const slow = { forward: [1, 10], inputGradient: 1, weightGradient: 1 };
    const start = (text: string, buffers?: number) =>
      simulateSchedule(made, buffers === undefined ? slow : { ...slow, buffers }).spans.find(
        ({ action }) => show(action) === text,
      )!.start;
    // 1F0 takes from 1 to 11; the message behind it is taken when it ends, by the next buffer at once.
    expect(["1RECV_F1", "0SEND_F2"].map((text) => start(text, 1))).toEqual([11, 11]);
    expect(["1RECV_F1", "0SEND_F2"].map((text) => start(text, 2))).toEqual([2, 3]);
  });
});

describe("what is not whole", () => {
  const text = printSchedule(schedule("1f1b", { ranks: 2, microBatches: 2 }));
  test.each([
    ["missing", [" 1B1", ""], "rank 1 compute: 1B1 is missing"],
    ["missing, as half of it is there", [" 1B1", " 1I1"], "rank 1 compute: 1W1 is missing"],
    ["there twice", [" 1B1", " 1B1 1B1"], "rank 1 compute: 1B1 is there twice, first on rank 1 compute"],
    ["whole and in parts", [" 1B1", " 1B1 1I1"], "rank 1 compute: 1I1 is a part of 1B1 on rank 1 compute"],
    ["on another rank", [" 0B1", " 0B1 1F0"], "rank 0 compute: 1F0 belongs on rank 1, where stage 1 is"],
    [
      "computed on the other stream",
      ["comm: 0SEND_F0", "comm: 0F0 0SEND_F0"],
      "rank 0 comm: 0F0 belongs on the stream compute",
    ],
    ["of no stage", [" 1B1", " 1B1 2F0"], "rank 1 compute: 2F0 has no stage: stages are 0 to 1"],
    ["of no micro-batch", [" 1B1", " 1B1 1F2"], "rank 1 compute: 1F2 has no micro-batch: they are 0 to 1"],
    [
      "sent to nobody",
      [" 1SEND_B1", " 1SEND_B1 1SEND_F1"],
      "rank 1 comm: 1SEND_F1 has nobody at its other end: stage 1 is the last",
    ],
    ["not received", [" 1RECV_F1", ""], "rank 1 compute or comm: 1RECV_F1 is missing"],
  ] as const)("%s", (_, [from, to], message) => {
    expect(text).toContain(from);
    expect(verdict(parseSchedule(text.replace(from, to)))?.message).toContain(`it is not whole: ${message}`);
  });

  test("a lane twice, and what data alone can hold", () => {
    const good = schedule("gpipe", { ranks: 1, microBatches: 1 });
    const [lane] = good.lanes;
    const faults = (made: Partial<Schedule>) => verdict({ ...good, ...made })?.what;
    expect(faults({ lanes: [lane!, { ...lane!, actions: [] }] })).toBe(
      "it is not whole: rank 0 compute is there twice",
    );
    expect(faults({ microBatches: 1.5 })).toBe("it is not whole: 1.5 is no number of micro-batches");
    expect(faults({ stages: [] })).toBe("it is not whole: there are no stages");
    expect(faults({ stages: [-1] })).toBe("it is not whole: stage 0 is on rank -1, which is none");
    const odd = { stage: 0, kind: "G" as "F", microBatch: 0 };
    expect(faults({ lanes: [{ ...lane!, actions: [...lane!.actions, odd] }] })).toMatch(
      /0G0 is no action: kinds are F B/,
    );
  });

  test("more than a few faults are counted", () => {
    const made = parseSchedule("schedule: short\nmicro-batches: 9\n0: 0F0 0B0");
    expect(verdict(made)?.message).toContain("and 11 more of the kind");
  });

  test("transfers between stages of one rank are not needed", () => {
    const made = parseSchedule("stages: 0 0\n0: 0F0 0SEND_F0 1RECV_F0 1F0 1B0 0B0");
    expect(verdict(made)?.what).toBe(
      "it is not whole: rank 0 compute: 0SEND_F0 is not needed: stages 0 and 1 are both on rank 0",
    );
  });
});

test("transfers may stand among the computing, on its stream", () => {
  const made = parseSchedule("0: 0F0 0SEND_F0 0RECV_B0 0B0\n1: 1RECV_F0 1F0 1B0 1SEND_B0");
  verifySchedule(made);
  const { ranks, makespan } = simulateSchedule(made, times);
  expect(makespan).toBe(2 + 0.5 + 2 + 4 + 0.5 + 4);
  expect(ranks).toEqual([
    { rank: 0, busy: 6, idle: 7, activations: 1 },
    { rank: 1, busy: 6, idle: 0, activations: 1 },
  ]);
});
