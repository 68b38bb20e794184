/** @file Schedules as text: what is printed is read back, what people write is read, and mistakes are named by line. */
import {
  parseSchedule,
  printSchedule,
  renderSchedule,
  type Schedule,
  schedule,
  simulateSchedule,
  verifySchedule,
} from "sluice";
import { describe, expect, test } from "vitest";

test("is a head and a line for each rank and stream", () => {
  expect(printSchedule(schedule("1f1b", { ranks: 2, microBatches: 2 }))).toBe(`schedule: 1f1b
micro-batches: 2
stages: 0 1
0 compute: 0F0 0F1 0B0 0B1
0 comm: 0SEND_F0 0SEND_F1 0RECV_B0 0RECV_B1
1 compute: 1F0 1B0 1F1 1B1
1 comm: 1RECV_F0 1RECV_F1 1SEND_B0 1SEND_B1
`);
});

test("is read back as it was", () => {
  for (const ranks of [1, 2, 3, 4])
    for (const name of ["gpipe", "1f1b", "interleaved", "zb-h1", "zb-h2", "zbv"] as const) {
      const made = schedule(name, { ranks, microBatches: 2 * ranks });
      expect(parseSchedule(printSchedule(made))).toEqual(made);
    }
  const odd: Schedule = {
    name: "by hand, edited",
    microBatches: 3,
    stages: [2, 0, 2],
    lanes: [
      { rank: 2, stream: "comm", actions: [] },
      { rank: 2, stream: "compute", actions: [{ stage: 12, kind: "SEND_B", microBatch: 40 }] },
    ],
  };
  expect(parseSchedule(printSchedule(odd))).toEqual(odd);
});

describe("written by hand", () => {
  test("may have comments, blank lines, commas, and no head", () => {
    const made = parseSchedule(`
      # GPipe on two ranks

      0: 0F0, 0F1,0SEND_F0 0SEND_F1  0RECV_B0 0RECV_B1 0B0 0B1   # stage 0
      1 compute : 1RECV_F0,1RECV_F1,1F0,1F1,1B0,1B1
      1 comm: 1SEND_B0 1SEND_B1
    `);
    expect(made).toMatchObject({ name: "custom", microBatches: 2, stages: [0, 1] });
    expect(made.lanes.map(({ rank, stream, actions }) => [rank, stream, actions.length])).toEqual([
      [0, "compute", 8],
      [1, "compute", 6],
      [1, "comm", 2],
    ]);
    verifySchedule(made);
  });

  test("needs no transfers: without any, all are made as the generators make them", () => {
    for (const name of ["gpipe", "interleaved", "zbv"] as const) {
      const made = schedule(name, { ranks: 4, microBatches: 8 });
      const computing = { ...made, lanes: made.lanes.filter(({ stream }) => stream === "compute") };
      expect(parseSchedule(printSchedule(computing))).toEqual(made);
    }
  });

  test("may put stages anywhere", () => {
    const made = parseSchedule("1: 0F0 2F0 2B0 0B0\n0: 1F0 1I0 1W0");
    expect(made.stages).toEqual([1, 0, 1]);
    verifySchedule(made);
  });
});

describe("names line and word of", () => {
  test.each([
    ["a kind that is none", "0: 0F0\n\n1: 1F0 1G0", 3, '"1G0" is no action', /such as 0F0, with F B I W SEND_F/],
    ["a word out of order", "0: F00", 1, '"F00" is no action', /./],
    ["a line that is none", "# x\nhello 0F0", 2, '"hello" begins no line of a schedule', /0 compute: 0F0/],
    ["an unknown head", "stage: 0\n0: 0F0 0B0", 1, '"stage" is nothing that a schedule says', /stages/],
    ["a head said twice", "stages: 0\nstages: 0\n0: 0F0 0B0", 2, '"stages" is said twice', /take it out/],
    ["no name", "schedule:\n0: 0F0 0B0", 1, '"schedule" has no name', /take it out/],
    ["a count that is none", "micro-batches: 0\n0: 0F0 0B0", 1, '"0" is no number of micro-batches', /whole number/],
    ["a place that is none", "stages: 0 -1\n0: 0F0 0B0", 1, '"-1" is no rank', /one number for each stage/],
    ["no places", "stages:\n0: 0F0 0B0", 1, '"stages" is no rank', /one number for each stage/],
    ["an unknown stream", "0 host: 0F0", 1, '"host" is no stream', /compute, comm/],
    ["a second line for a stream", "0: 0F0\n0 compute: 0B0", 2, '"0 compute" has a line already', /take it out/],
    ["nothing at all", "\n# nothing\n", 1, "there is no line of actions", /0 compute: 0F0/],
  ] as const)("%s", (_, text, line, what, next) => {
    let error: unknown;
    try {
      parseSchedule(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      name: "ScheduleError",
      code: "SL5010",
      subject: `parseSchedule, line ${line}`,
      what,
    });
    expect((error as Error).message.split("\n")[1]).toMatch(next);
  });

  test.each(["", " a", "a # b", "a\nb"])("a name that could not be read back: %j", (name) => {
    const made = { ...schedule("gpipe", { ranks: 1, microBatches: 1 }), name };
    expect(() => printSchedule(made)).toThrow(/cannot be read back.*text\.test/);
  });
});

test("what is no text, or no schedule, is refused by what takes it", () => {
  for (const wrong of [null, undefined, 5, {}, new Uint8Array(3)] as never[]) {
    expect(() => parseSchedule(wrong)).toThrow(/SL1075/);
    for (const take of [printSchedule, verifySchedule, renderSchedule]) expect(() => take(wrong)).toThrow(/SL1075/);
    expect(() => simulateSchedule(wrong, { forward: 1, inputGradient: 1, weightGradient: 1 })).toThrow(/SL1075/);
  }
});

test("numbers beyond all schedules are refused as text, and what is missing of many is found at once", () => {
  expect(() => parseSchedule("0: 0F99999999999 0B99999999999")).toThrow(/from 0 to 65535/);
  expect(() => verifySchedule(parseSchedule("0: 0F60000 0B60000"))).toThrow(/and many more of the kind/);
});
