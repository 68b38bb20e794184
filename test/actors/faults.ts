/** @file A kernel that goes wrong in every way that a thread can, when its input says so: executor threads load it. */
import { createRequire } from "node:module";
import type { PlanData, TaskTemplate } from "../../src/ir/plan.ts";
import type { Call, HostCall } from "../../src/ir/program.ts";
import { registerHost } from "../../src/kernels/host.ts";
import { tinyPlan, width } from "./fixture.ts";

/** What the first element of x on a rank asks for. */
export const faults = { none: 0, throws: 1001, exits: 1002, spins: 1003, sleeps: 1004, stuck: 1005, slow: 1006 };

/** A native call, which nothing can interrupt, that comes back after so many seconds. */
function sleep(seconds: number): void {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  koffi.load(null).func("sleep", "uint", ["uint"])(seconds);
}

function act(fault: number): void {
  if (fault === faults.throws) throw new Error("the kernel has had enough");
  if (fault === faults.exits) process.exit(3);
  if (fault === faults.spins) for (;;);
  if (fault === faults.sleeps) sleep(3);
  if (fault === faults.stuck) sleep(60);
  const end = performance.now() + 1700;
  if (fault === faults.slow) while (performance.now() < end);
}

registerHost({
  kind: "faulty",
  module: import.meta.url,
  run: ({ ins: [x] }) => act(Number(x!.data[0])),
});

/** The plan of the fixture, whose task `front` looks at x before it begins. */
export function faultyPlan(ranks: number): PlanData {
  const plan = tinyPlan(ranks);
  const type = { shape: [width], dtype: "float32", global: [width * ranks], region: [[[0, width]]] } as const;
  const said: HostCall = { kind: "faulty", attrs: {}, seed: 0, ins: [type], outs: [] };
  const look: Call = { kernel: "host", args: [{ text: JSON.stringify(said) }, { buffer: 0 }] };
  const tasks = plan.tasks.map((task): TaskTemplate => {
    if (task.name !== "front") return task;
    return { ...task, classes: task.classes.map(({ ranks, program }) => ({ ranks, program: [look, ...program] })) };
  });
  return { ...plan, hash: "faulty", tasks };
}
