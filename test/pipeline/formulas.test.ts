/** @file Idle time, makespan and live activations on the virtual clock are those of the formulas, without exception. */
import { type ScheduleName, type ScheduleOptions, schedule, simulateSchedule } from "sluice";
import { describe, expect, test } from "vitest";

type Times = readonly [F: number, I: number, W: number];

/** One schedule's formulas. */
interface Formula {
  readonly name: ScheduleName;
  readonly chunks?: number;
  readonly fits: (p: number, m: number) => boolean;
  /** The largest idle time of a rank; undefined where no formula holds for such times. */
  readonly idle: (p: number, times: Times) => number | undefined;
  /** Time in which not all ranks have begun or some have ended, where it is not the idle time. */
  readonly ends?: (p: number, times: Times) => number | undefined;
  readonly live: (p: number, m: number, r: number) => number;
}

const whole = (p: number, [F, I, W]: Times) => (p - 1) * (F + I + W);
const always = () => true;

const formulas: readonly Formula[] = [
  { name: "gpipe", fits: always, idle: whole, live: (_, m) => m },
  { name: "1f1b", fits: always, idle: whole, live: (p, _, r) => p - r },
  ...[2, 4].map(
    (v): Formula => ({
      name: "interleaved",
      chunks: v,
      fits: (p, m) => m % p === 0,
      idle: whole,
      live: (p, m, r) => Math.min(2 * (p - r - 1) + (v - 1) * p + 1, m * v),
    }),
  ),
  { name: "interleaved", chunks: 1, fits: always, idle: whole, live: (p, _, r) => p - r },
  {
    name: "zb-h1",
    fits: always,
    idle: (p, [F, I, W]) => (W <= F ? (p - 1) * (F + I - W) : undefined),
    ends: (p, [F, I, W]) => (W <= F && F === 1 ? (p - 1) * (F + I - W) : undefined),
    live: (p) => p,
  },
  {
    name: "zb-h2",
    fits: (p, m) => m >= 2 * p - 1,
    idle: (_, [F, I, W]) => (I <= F && 2 * W >= F + I ? 0 : undefined),
    ends: (p, [F, I, W]) => (F === I && I === W ? (p - 1) * F : undefined),
    live: (p) => 2 * p - 1,
  },
  {
    name: "zbv",
    fits: (p, m) => m >= 2 * p - 1,
    idle: (_, [F, I, W]) => (F === I && I === W ? 0 : undefined),
    ends: (p, [F, I, W]) => (F === I && I === W ? (p - 1) * F : undefined),
    live: (p) => 2 * p,
  },
];

const chunksOf = ({ name, chunks = 1 }: Formula) => (name === "zbv" ? 2 : chunks);
const make = ({ name, chunks }: Formula, p: number, m: number) => {
  const options: ScheduleOptions = { ranks: p, microBatches: m };
  return schedule(name, chunks === undefined ? options : { ...options, chunks });
};
const costs = ([forward, inputGradient, weightGradient]: Times) => ({ forward, inputGradient, weightGradient });
const equal: Times = [1, 1, 1];

const cases = formulas.flatMap((formula) =>
  [2, 4, 8].map((p) => ({ formula, name: formula.name, v: chunksOf(formula), p })),
);

describe.each(cases)("$name, v = $v, p = $p", ({ formula, p, v }) => {
  const batches = Array.from({ length: 7 * p + 1 }, (_, i) => p + i).filter((m) => formula.fits(p, m));

  test("idle time, bubble, makespan and live activations, m = p … 8p", () => {
    expect(batches.length).toBeGreaterThan(6);
    for (const m of batches) {
      const made = make(formula, p, m);
      for (const times of [equal, [1, 2, 1], [2, 1, 2], [3, 3, 2], [3, 2, 3]] as const) {
        const idle = formula.idle(p, times);
        if (idle === undefined) continue;
        const found = simulateSchedule(made, costs(times));
        const ideal = m * v * (times[0] + times[1] + times[2]);
        const at = `m = ${m}, times ${times}`;
        expect(Math.max(...found.ranks.map((rank) => rank.idle)), at).toBe(idle);
        expect(found.bubble, at).toBe(idle / ideal);
        expect(new Set(found.ranks.map(({ busy }) => busy)), at).toEqual(new Set([ideal]));
        const live = Array.from({ length: p }, (_, r) => formula.live(p, m, r));
        expect(
          found.ranks.map(({ activations }) => activations),
          at,
        ).toEqual(live);
        const ends = formula.ends ? formula.ends(p, times) : idle;
        if (ends !== undefined) expect(found.makespan, at).toBe(ideal + ends);
      }
    }
  });

  test("one buffer a link changes none of it", () => {
    for (const m of batches.filter((_, i) => i % 7 === 0)) {
      const made = make(formula, p, m);
      const free = simulateSchedule(made, costs(equal));
      const tight = simulateSchedule(made, { ...costs(equal), buffers: 1 });
      expect([tight.makespan, tight.ranks]).toEqual([free.makespan, free.ranks]);
    }
  });
});

describe("GPipe", () => {
  const made = schedule("gpipe", { ranks: 4, microBatches: 8 });

  test("hides messages that are shorter than the work, with two buffers a link", () => {
    const times = { forward: 1, inputGradient: 1, weightGradient: 1, communication: 0.25 };
    expect(simulateSchedule(made, times).makespan).toBe((8 + 3) * 3 + 2 * 3 * 0.25);
    expect(simulateSchedule(made, { ...times, buffers: 2 }).makespan).toBe(34.5);
    expect(simulateSchedule(made, { ...times, buffers: 1 }).makespan).toBeGreaterThan(34.5);
  });

  test("may be of hundreds of thousands of actions", () => {
    const long = schedule("gpipe", { ranks: 8, microBatches: 4000 });
    expect(simulateSchedule(long, costs(equal)).makespan).toBe((4000 + 7) * 3);
  });

  test("goes at the pace of its slowest stage", () => {
    const [forward, gradient] = [
      [1, 2, 3, 4],
      [7, 3, 2, 1],
    ];
    const found = simulateSchedule(made, { forward, inputGradient: gradient, weightGradient: 0 });
    expect(found.makespan).toBe(1 + 2 + 3 + 4 * 8 + (1 + 2 + 3 + 7 * 8));
  });
});
