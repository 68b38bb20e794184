import { expect, test } from "vitest";
import { expand } from "../../src/actors/expand.ts";
import { rehearse } from "../../src/actors/rehearse.ts";
import { startSession } from "../../src/actors/session.ts";
import type { PlanData } from "../../src/ir/plan.ts";
import { batch, batches, expected, tinyPlan, width } from "./fixture.ts";

const base = { actor: 0, edge: 0, register: 0 };

/** Reads the state that the tiny plan trains and gives it out: an evaluation. */
function reader(ranks = 2): PlanData {
  const tiny = tinyPlan(ranks);
  const [x, w, y] = tiny.buffers;
  const [source, front, , , sink] = tiny.tasks;
  return {
    ...tiny,
    hash: "reader",
    name: "reader",
    buffers: [x!, w!, { ...y!, role: "output" }],
    outputs: [{ ...tiny.outputs[0]!, name: "y", buffer: 2 }],
    registers: tiny.registers.slice(0, 2),
    edges: [tiny.edges[0]!, { ...tiny.edges[4]!, register: 1, from: 1, to: 2 }],
    tasks: [
      source!,
      { ...front!, classes: front!.classes.map((c) => ({ ...c, program: c.program.slice(0, 1) })) },
      { ...sink!, id: 2 },
    ],
    collectives: [],
  };
}

test("a further plan runs on the states that the first one trains", async () => {
  await using session = await startSession(tinyPlan(2));
  const evaluation = await session.load(reader());
  for (const steps of [0, 3, 3]) {
    for await (const _ of session.run(batches(2, steps)));
    const w = Array.from(session.read("w").data, Number);
    for await (const { outputs } of evaluation.run([batch(2, 5)]))
      expect([...outputs.y!.data]).toEqual(w.map((value, i) => batch(2, 5).x.data[i]! + value));
  }
  expect(session.traffic("reader")).toEqual([]);
  expect(session.traffic()).toHaveLength(1);
});

test("the second plan's bytes are counted by rank too, wherever its buffers lie", async () => {
  await using session = await startSession(reader());
  const training = await session.load(tinyPlan(2));
  for await (const _ of training.run(batches(2, 4)));
  const { hash, collectives } = tinyPlan(2);
  expect(session.traffic(hash)[0]!.bytes).toBe(4 * collectives[0]!.bytes);
  expect([...session.read("w").data]).toEqual(expected(2, 4).w);
});

test.each([
  ["shape", { shape: [2, 2] }, /f32\[4\].*and f32\[2,2\]/],
  ["dtype", { dtype: "int32" }, /f32\[4\].*and i32\[4\]/],
  ["layout", { layout: [["d", { kind: "S", dim: 0 }]] }, /\{d: S\(0\)\}/],
] as const)("a state of another %s is no namesake", async (_, change, message) => {
  await using session = await startSession(tinyPlan(2));
  const other = reader();
  const states = [{ ...other.states[0]!, ...change }];
  const loading = session.load({ ...other, states } as PlanData);
  await expect(loading).rejects.toThrow(/state "w".*SL4020/s);
  await expect(session.load({ ...other, states } as PlanData)).rejects.toThrow(message);
  for await (const _step of session.run(batches(2, 2)));
  expect([...session.read("w").data]).toEqual(expected(2, 2).w);
});

test("a plan for ranks that the session lacks is refused", async () => {
  await using session = await startSession(tinyPlan(2));
  await expect(session.load(tinyPlan(4))).rejects.toThrow(/ranks 2,3.*next: .*SL4022/s);
});

test("more memory than 32 bits reach is refused with the rank and the numbers", async () => {
  const plan = tinyPlan(4);
  const buffers = plan.buffers.map((b, i) => (i === 6 ? { ...b, bytes: 2 ** 29, slots: 3 } : b));
  await expect(startSession({ ...plan, buffers })).rejects.toThrow(
    /the region of rank 2: it takes 1536\.0 MiB, 307\d\.\d MiB are taken, and a process has 4096\.0 MiB.*SL4021/s,
  );
});

test("a schedule that puts a task before what it reads is refused, with the cycle", () => {
  const wrong = tinyPlan(2, { orders: [0, 3, 2, 1, 4] });
  expect(() => expand(wrong, base)).toThrow(/"reduce" before "update".*before "front".*stream compute.*SL3020/s);
  expect(() => rehearse(expand(tinyPlan(2), base))).not.toThrow();
});

test("an edge with a delay on one side only and no slot to spare stands still", () => {
  const plan = tinyPlan(1);
  const edges = plan.edges.map((e) =>
    e.register === 3 ? { ...e, from: 3, to: 2, span: "same" as const, delay: 1 } : e,
  );
  // `update` overwrites w before `front` reads it: with no edge it may; with `reduce` as the reader all is in order.
  expect(() => rehearse(expand({ ...plan, edges }, base))).not.toThrow();
  const two = edges.map((e) => (e.register === 3 ? { ...e, delay: 2 } : e));
  expect(() => rehearse(expand({ ...plan, edges: two }, base))).toThrow(/stands still.*SL4025/s);
});

test.each([
  [
    "no source",
    (p: PlanData) => ({ ...p, tasks: p.tasks.filter((t) => t.kind !== "source") }),
    /0 tasks of kind "source"/,
  ],
  ["a rate of 2", (p: PlanData) => ({ ...p, edges: p.edges.map((e) => ({ ...e, produce: 2 })) }), /rates 2 and 1/],
])("a plan with %s is refused", async (_, change, message) => {
  const bad = startSession(change(tinyPlan(2)));
  await expect(bad).rejects.toThrow(message);
  await expect(startSession(change(tinyPlan(2)))).rejects.toThrow(/SL4023/);
});

test("a program that needs more workspace than the plan has is a bug of the compiler", async () => {
  const plan = tinyPlan(1);
  const gemm = {
    kernel: "gemm",
    args: [0, 0, 64, 64, 64, { buffer: 1 }, 64, { buffer: 1 }, 64, { buffer: 4 }, 64, null, 64, null],
  };
  const tasks = plan.tasks.map((t) => (t.name === "update" ? { ...t, classes: [{ ranks: [0], program: [gemm] }] } : t));
  await expect(startSession({ ...plan, tasks })).rejects.toThrow(/internal: update @0 needs a workspace of \d+ bytes/);
});

test("a task that reads nothing of its step runs once a step all the same, and a plan without outputs has steps", async () => {
  const plan = tinyPlan(1);
  const [, front] = plan.tasks;
  const lone: PlanData = {
    ...plan,
    inputs: [],
    outputs: [],
    registers: [],
    edges: [],
    collectives: [],
    tasks: [
      plan.tasks[0]!,
      {
        ...front!,
        id: 1,
        classes: [{ ranks: [0], program: [{ kernel: "affine", args: [width, 1, 1, { buffer: 1 }, { buffer: 1 }] }] }],
      },
      { ...plan.tasks[4]!, id: 2 },
    ],
  };
  await using session = await startSession(lone);
  const steps: number[] = [];
  for await (const { step } of session.run(Array.from({ length: 9 }, () => ({})))) steps.push(step);
  expect(steps).toHaveLength(9);
  expect([...session.read("w").data]).toEqual(Array(width).fill(10));
});

test("another seed gives other random states, the same seed the same bits", async () => {
  const args = [0, -1, 1, 5, 0, 77, 1, 1, 1, width, 0, 0, 0, 1, 0, { buffer: 1 }];
  const plan = tinyPlan(2);
  const random = {
    ...plan,
    seed: 5,
    states: [{ ...plan.states[0]!, classes: [{ ranks: [0, 1], program: [{ kernel: "philox", args }] }] }],
  };
  const start = async (seed?: number) => {
    await using session = await startSession(random, seed === undefined ? {} : { seed });
    return [...session.read("w").data];
  };
  const own = await start();
  expect(await start(5)).toEqual(own);
  expect(await start(6)).not.toEqual(own);
  expect(new Set(own).size).toBe(width);
});
