/**
 * @file Takes a plan from outside: text or parsed JSON. Version first, then structure, then the hash, then the same proof
 * that a fresh plan passes. Whatever is wrong is a PlanError before anything runs.
 */
import * as v from "valibot";
import { dtypes } from "../ir/dtype.ts";
import { PlanError } from "../ir/errors.ts";
import { kernels } from "../ir/kernel-table.ts";
import { type PlanData, planFormat, planVersion } from "../ir/plan.ts";
import { kinds } from "./pipeline/action.ts";
import { hashOf } from "./seal.ts";
import { verify } from "./verify.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const counts = v.array(count);
const dtype = v.picklist(dtypes);
const sbp = v.variant("kind", [
  v.strictObject({ kind: v.literal("S"), dim: count, part: v.optional(v.any()) }),
  v.strictObject({ kind: v.literal("B") }),
  v.strictObject({ kind: v.literal("P"), monoid: v.string() }),
]);
const layout = v.array(v.tuple([v.string(), sbp]));
const peer = v.union([v.strictObject({ axis: v.string(), index: count }), v.strictObject({ rank: count })]);
const operand = v.union([
  v.number(),
  v.null(),
  v.picklist(["Infinity", "-Infinity"]),
  v.strictObject({ buffer: count, peer: v.optional(peer), offset: v.optional(count) }),
  v.strictObject({ traffic: count }),
  v.strictObject({ text: v.string() }),
  v.strictObject({ kernel: v.picklist(Object.keys(kernels)) }),
]);
const classes = v.array(
  v.strictObject({
    ranks: counts,
    program: v.array(v.strictObject({ kernel: v.string(), args: v.array(operand) })),
  }),
);
const placement = v.strictObject({
  device: v.string(),
  axes: v.array(v.strictObject({ name: v.string(), size: v.pipe(count, v.minValue(1)) })),
  ranks: v.pipe(counts, v.minLength(1)),
});
const named = { name: v.string(), shape: counts, dtype, placement: count, layout, buffer: count };
const action = v.strictObject({ stage: count, kind: v.picklist(kinds), microBatch: count });
const pipeline = v.strictObject({
  schedule: v.strictObject({
    name: v.string(),
    microBatches: count,
    stages: counts,
    lanes: v.array(v.strictObject({ rank: count, stream: v.picklist(["compute", "comm"]), actions: v.array(action) })),
  }),
  placements: counts,
});
const parts = v.strictObject({ dim: count, each: v.array(v.strictObject({ size: count, buffer: count })) });
const port = v.strictObject({ ...named, parts: v.optional(parts) });
const schema = v.strictObject({
  format: v.literal(planFormat),
  version: v.literal(planVersion),
  hash: v.string(),
  name: v.string(),
  seed: count,
  graph: v.looseObject({ name: v.string(), ops: v.array(v.looseObject({})), values: v.array(v.looseObject({})) }),
  layouts: v.array(layout),
  choices: v.array(v.looseObject({ op: v.string() })),
  placements: v.array(placement),
  inputs: v.array(port),
  outputs: v.array(port),
  states: v.array(
    v.strictObject({
      ...named,
      kind: v.picklist(["param", "moment", "stat", "codec", "rng", "loader"]),
      init: v.looseObject({ kind: v.string() }),
      checkpoint: v.boolean(),
      classes,
    }),
  ),
  buffers: v.array(
    v.strictObject({
      id: count,
      name: v.string(),
      placement: count,
      dtype,
      shape: v.array(v.union([count, v.strictObject({ symbol: v.string(), max: count })])),
      bytes: v.pipe(count, v.multipleOf(64)),
      slots: v.pipe(count, v.minValue(1)),
      offset: v.pipe(count, v.multipleOf(64)),
      role: v.picklist(["state", "activation", "input", "output", "workspace"]),
    }),
  ),
  registers: v.array(v.strictObject({ id: count, owner: count, slots: v.pipe(count, v.minValue(1)), buffers: counts })),
  edges: v.array(
    v.strictObject({
      register: count,
      from: count,
      to: count,
      span: v.union([
        v.picklist(["same", "all"]),
        v.strictObject({ axes: v.array(v.string()) }),
        v.strictObject({ pairs: v.array(v.tuple([count, count])) }),
      ]),
      produce: count,
      consume: count,
      delay: count,
    }),
  ),
  tasks: v.array(
    v.strictObject({
      id: count,
      name: v.string(),
      kind: v.picklist(["compute", "boxing", "source", "sink"]),
      placement: count,
      stream: v.picklist(["compute", "comm", "host"]),
      ops: v.array(v.string()),
      joined: v.optional(v.array(v.strictObject({ ops: v.array(v.string()), saved: count }))),
      reads: v.array(v.string()),
      writes: v.array(v.string()),
      collective: v.optional(count),
      action: v.optional(action),
      classes,
    }),
  ),
  schedule: v.array(
    v.strictObject({ ranks: v.pipe(counts, v.minLength(1)), stream: v.picklist(["compute", "comm"]), tasks: counts }),
  ),
  collectives: v.array(
    v.looseObject({
      id: count,
      name: v.string(),
      kind: v.string(),
      task: count,
      communicator: count,
      sequence: count,
      bytes: count,
    }),
  ),
  pipeline: v.optional(pipeline),
  memory: v.array(v.strictObject({ rank: count, bytes: count, byRole: v.record(v.string(), count) })),
  limit: v.strictObject({ bytes: count, given: v.boolean() }),
});

/** Throws PlanError SL3030–SL3033 when it is no plan, of another version, malformed or changed, and what `verify` throws. */
export function loadPlan(source: unknown): PlanData {
  const again = "compile the graph again and write plan.toJSON() to the file";
  const data = typeof source === "string" ? parse(source, again) : source;
  const head = data as { format?: unknown; version?: unknown } | null;
  if (typeof head !== "object" || head === null || head.format !== planFormat)
    throw new PlanError("SL3030", `this is not a plan: format is ${JSON.stringify(head?.format)}`, {
      choices: [`"${planFormat}"`],
      hint: again,
    });
  if (head.version !== planVersion)
    throw new PlanError(
      "SL3031",
      `the plan has version ${JSON.stringify(head.version)}, this is Sluice's version ${planVersion}`,
      {
        choices: [String(planVersion)],
        hint: again,
      },
    );
  const { success, issues } = v.safeParse(schema, data);
  if (!success) {
    const [issue] = issues;
    const path = issue.path?.map((p) => String(p.key)).join(".") ?? "the top";
    throw new PlanError("SL3032", `the plan is malformed at ${path}: ${issue.message}`, { hint: again });
  }
  const plan = data as PlanData;
  const hash = hashOf(plan);
  if (hash !== plan.hash)
    throw new PlanError(
      "SL3033",
      `the plan was changed: its content has hash ${hash.slice(0, 12)}…, it says ${plan.hash.slice(0, 12)}…`,
      {
        subject: `plan "${plan.name}"`,
        hint: again,
      },
    );
  checkIds(plan);
  verify(plan);
  return plan;
}

function parse(text: string, hint: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlanError("SL3030", `this is not a plan: ${(cause as Error).message}`, { hint, cause });
  }
}

/** Every reference by id must lead somewhere, every rank have its program and its memory, slots agree. */
function checkIds(plan: PlanData): void {
  const malformed = (what: string) => {
    throw new PlanError("SL3032", `the plan is malformed: ${what}`, { hint: "compile the graph again" });
  };
  const check = (what: string, id: number, all: readonly unknown[]) => {
    if (id >= all.length) malformed(`${what} ${id} of ${all.length} does not exist`);
  };
  for (const [what, list] of Object.entries({ buffer: plan.buffers, register: plan.registers, task: plan.tasks }))
    list.forEach(({ id }, at) => {
      if (id !== at) malformed(`${what} ${at} has id ${id}`);
    });
  for (const e of plan.edges) {
    check("register", e.register, plan.registers);
    check("task", e.from, plan.tasks);
    check("task", e.to, plan.tasks);
    if (plan.registers[e.register]!.owner !== e.from) malformed(`register ${e.register} is not task ${e.from}'s`);
  }
  for (const { id, owner, slots, buffers } of plan.registers) {
    check("task", owner, plan.tasks);
    for (const b of buffers) {
      check("buffer", b, plan.buffers);
      const { name, slots: copies } = plan.buffers[b]!;
      if (copies !== slots) malformed(`register ${id} has ${slots} slots, its buffer ${name} has ${copies}`);
    }
  }
  for (const port of [...plan.inputs, ...plan.outputs, ...plan.states]) check("buffer", port.buffer, plan.buffers);
  for (const { name, shape, parts } of [...plan.inputs, ...plan.outputs]) {
    for (const { buffer } of parts?.each ?? []) check("buffer", buffer, plan.buffers);
    const size = parts?.each.reduce((sum, part) => sum + part.size, 0);
    if (parts && size !== shape[parts.dim]) malformed(`the parts of "${name}" are ${size} of ${shape[parts.dim]}`);
  }
  for (const b of [...plan.buffers, ...plan.tasks, ...plan.collectives, ...plan.states])
    check("placement", b.placement, plan.placements);
  for (const c of plan.collectives) check("task", c.task, plan.tasks);
  for (const { name, placement, classes } of [...plan.tasks.filter((t) => t.stream !== "host"), ...plan.states]) {
    const ranks = classes.flatMap((c) => c.ranks).sort((a, b) => a - b);
    const wanted = [...plan.placements[placement]!.ranks].sort((a, b) => a - b);
    if (String(ranks) !== String(wanted)) malformed(`"${name}" has programs for ranks ${ranks}, it runs on ${wanted}`);
    for (const { kernel, args } of classes.flatMap((c) => c.program)) {
      if (!(kernel in kernels)) malformed(`"${name}" calls ${kernel}, which is no kernel`);
      for (const arg of args) {
        if (typeof arg !== "object" || arg === null) continue;
        if ("traffic" in arg) check("collective", arg.traffic, plan.collectives);
        else if ("buffer" in arg) check("buffer", arg.buffer, plan.buffers);
      }
    }
  }
  checkLanes(plan, malformed);
  const hosted = new Set(plan.placements.flatMap((p) => p.ranks));
  const remembered = new Set(plan.memory.map((m) => m.rank));
  for (const rank of hosted) if (!remembered.has(rank)) malformed(`rank ${rank} has no memory`);
}

/** Every rank starts each of its tasks once, on the task's stream. */
function checkLanes({ schedule, tasks, placements }: PlanData, malformed: (what: string) => void): void {
  const started = new Set<string>();
  for (const lane of schedule)
    for (const id of lane.tasks) {
      if (id >= tasks.length) malformed(`task ${id} of ${tasks.length} does not exist`);
      const task = tasks[id]!;
      if (task.stream !== lane.stream)
        malformed(`"${task.name}" is of stream ${task.stream}, a lane is of ${lane.stream}`);
      for (const rank of lane.ranks) {
        if (started.has(`${id} ${rank}`)) malformed(`rank ${rank} starts "${task.name}" twice`);
        started.add(`${id} ${rank}`);
      }
    }
  for (const { id, name, stream, placement } of tasks)
    for (const rank of stream === "host" ? [] : placements[placement]!.ranks)
      if (!started.delete(`${id} ${rank}`)) malformed(`no lane of rank ${rank} starts "${name}"`);
  for (const key of started) {
    const [id, rank] = key.split(" ");
    malformed(`rank ${rank} starts "${tasks[Number(id)]!.name}", which does not run there`);
  }
}
