/** @file What `schedule`, `simulateSchedule` and `renderSchedule` refuse, with the numbers and what would do instead. */
import {
  renderSchedule,
  type ScheduleCosts,
  type ScheduleName,
  type ScheduleOptions,
  type SluiceError,
  schedule,
  simulateSchedule,
  verifySchedule,
} from "sluice";
import { describe, expect, test } from "vitest";

const thrown = (run: () => unknown): SluiceError => {
  try {
    run();
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error("nothing was thrown");
};

describe("schedule", () => {
  test.each([
    ["1b1f", { ranks: 2, microBatches: 4 }, "SL5001", 'there is no schedule "1b1f"', "1f1b"],
    [7, { ranks: 2, microBatches: 4 }, "SL5001", "there is no schedule 7", "zbv"],
    ["interleaved", { ranks: 4, microBatches: 6 }, "SL5002", /6 micro-batches are no multiple of 4/, "microBatches: 8"],
    ["interleaved", { ranks: 4, microBatches: 3 }, "SL5002", /3 micro-batches/, 'schedule("1f1b")'],
    ["zb-h1", { ranks: 4, microBatches: 3 }, "SL5003", /3 micro-batches .* takes p = 4/, 'schedule("1f1b")'],
    ["zb-h2", { ranks: 4, microBatches: 6 }, "SL5003", /takes 2p − 1 = 7/, "microBatches: 7 or more"],
    ["zbv", { ranks: 4, microBatches: 6 }, "SL5003", /takes 2p − 1 = 7/, 'schedule("zb-h1")'],
    ["gpipe", { ranks: 2, microBatches: 4, chunks: 2 }, "SL5004", "it has 1 chunk a rank, not 2", "chunks: 1"],
    ["zbv", { ranks: 2, microBatches: 4, chunks: 1 }, "SL5004", "it has 2 chunks a rank, not 1", "chunks: 2"],
    ["gpipe", { ranks: 0, microBatches: 4 }, "SL1075", "it is 0", "a whole number ≥ 1"],
    ["gpipe", { ranks: 2 }, "SL1075", "it is undefined", "a whole number ≥ 1"],
    ["gpipe", { ranks: 2, microBatches: "4" }, "SL1075", 'it is "4"', "a whole number ≥ 1"],
    ["interleaved", { ranks: 2, microBatches: 4, chunks: 1.5 }, "SL1075", "it is 1.5", "a whole number ≥ 1"],
    ["gpipe", { ranks: 2, microbatches: 4 }, "SL1074", 'there is no option "microbatches"', "microBatches"],
  ] as const)("%s, %j", (name, options, code, what, choice) => {
    const error = thrown(() => schedule(name as ScheduleName, options as unknown as ScheduleOptions));
    expect(error).toMatchObject({ name: "OptionError", code, what: expect.stringMatching(what) });
    expect(error.choices).toContain(choice);
    expect(error.at).toMatch(/schedule\.test\.ts:\d+$/);
  });

  test("takes the chunks that it has anyway", () => {
    const options = { ranks: 2, microBatches: 4 };
    expect(schedule("zbv", { ...options, chunks: 2 })).toEqual(schedule("zbv", options));
    expect(schedule("interleaved", { ...options, chunks: 2 })).toEqual(schedule("interleaved", options));
    const single = schedule("interleaved", { ...options, chunks: 1 });
    expect({ ...single, name: "1f1b" }).toEqual(schedule("1f1b", options));
  });

  test("lays stages round the ranks, or in a V", () => {
    expect(schedule("interleaved", { ranks: 3, microBatches: 3 }).stages).toEqual([0, 1, 2, 0, 1, 2]);
    expect(schedule("zbv", { ranks: 3, microBatches: 5 }).stages).toEqual([0, 1, 2, 2, 1, 0]);
  });
});

describe("costs", () => {
  const made = schedule("gpipe", { ranks: 2, microBatches: 2 });
  const fine = { forward: 1, inputGradient: 1, weightGradient: 1 };
  test.each([
    [{ ...fine, forward: -1 }, "forward", "it is -1"],
    [{ ...fine, forward: [1, Number.NaN] }, "forward", "it is NaN"],
    [{ forward: 1, inputGradient: 1 }, "weightGradient", "it is undefined"],
    [{ ...fine, inputGradient: [1] }, "inputGradient", "it is a list of 1"],
    [{ ...fine, communication: [1, 1] }, "communication", "it is a list of 2"],
    [{ ...fine, buffers: 0 }, "buffers", "it is 0"],
  ] as const)("%j", (costs, option, what) => {
    const error = thrown(() => simulateSchedule(made, costs as unknown as ScheduleCosts));
    expect(error).toMatchObject({ code: "SL1075", subject: `simulateSchedule, option ${option}`, what });
  });

  test("unknown options", () => {
    expect(thrown(() => simulateSchedule(made, { ...fine, comunication: 1 } as ScheduleCosts)).hint).toBe(
      'did you mean "communication"?',
    );
    expect(thrown(() => verifySchedule(made, { buffer: 1 } as object)).code).toBe("SL1074");
    expect(thrown(() => verifySchedule(made, { buffers: 1.5 })).code).toBe("SL1075");
    expect(thrown(() => renderSchedule(made, { cost: fine } as object)).code).toBe("SL1074");
    expect(thrown(() => renderSchedule(made, { until: 3 }))).toMatchObject({
      code: "SL1075",
      choices: ["a number ≥ 9"],
    });
  });
});
