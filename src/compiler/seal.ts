/** @file The plan as plain, versioned data, sealed with a hash over everything in it. */
import { createHash } from "node:crypto";
import { type Choice, type Lane, type PlanData, planFormat, planVersion, type TaskTemplate } from "../ir/plan.ts";
import { keyOf } from "../sbp/canonical.ts";
import { limitOf } from "./budget.ts";
import { type Draft, producers, type TaskDraft, writers } from "./draft.ts";
import { largestShards, savedBytes } from "./join/join.ts";

export const hashOf = (plan: Omit<PlanData, "hash"> & { readonly hash?: string }): string => {
  const { hash: _, ...rest } = plan;
  return digest(JSON.stringify(rest));
};

const digest = (text: string) => createHash("sha256").update(text).digest("hex");

export function seal(draft: Draft): PlanData {
  const { graph, collectives } = draft;
  const wrote = writers(graph);
  const produced = producers(graph);
  const held = largestShards(draft);
  const collectiveOf = new Map(collectives.map(({ task, id }) => [task, id]));
  const tasks = draft.tasks.map((task): TaskTemplate => {
    const ops = task.ops.map((id) => graph.ops[id]!);
    const makers = new Set(ops.flatMap((op) => op.inputs.map((id) => produced[id]!)));
    const reads = [...makers].filter((op) => op.kind === "state").sort((a, b) => a.id - b.id);
    const writes = ops.flatMap((op) => (op.writes ?? []).flatMap((state) => (state === null ? [] : { op, state })));
    const collective = collectiveOf.get(task.id);
    return {
      id: task.id,
      name: task.name,
      kind: task.kind,
      placement: task.placement,
      stream: task.stream,
      ops: ops.map((op) => op.name),
      ...joinedOf(draft, task, held),
      reads: [...new Set(reads.map((op) => op.attrs.state as string))],
      writes: writes.flatMap(({ op, state }) => (wrote.get(state)!.op === op ? [state] : [])),
      ...(collective === undefined ? {} : { collective }),
      ...(task.action && { action: task.action }),
      classes: draft.programs[task.id]!,
    };
  });
  const plan: Omit<PlanData, "hash"> = {
    format: planFormat,
    version: planVersion,
    name: graph.name,
    seed: draft.options.seed ?? 0,
    graph,
    layouts: draft.layouts,
    choices: draft.choices.map((choice) => withUnlimited(draft, choice)),
    placements: graph.placements,
    inputs: draft.inputs,
    outputs: draft.outputs,
    states: draft.states,
    buffers: draft.buffers,
    registers: draft.registers,
    edges: draft.edges,
    tasks,
    schedule: lanesOf(draft),
    collectives,
    ...(draft.pipeline && { pipeline: draft.pipeline }),
    memory: draft.memory,
    limit: { bytes: limitOf(draft), given: draft.options.memory !== undefined },
  };
  const text = JSON.stringify(plan);
  const plain = JSON.parse(text) as typeof plan; // nothing but data, in the form that a file would give back
  return { ...plain, hash: digest(text) };
}

function withUnlimited({ unlimited }: Draft, choice: Choice): Choice {
  const outs = unlimited?.get(choice.op);
  return outs?.some((layout, j) => keyOf(layout) !== keyOf(choice.outs[j]!)) ? { ...choice, unlimited: outs } : choice;
}

function joinedOf(draft: Draft, task: TaskDraft, held: (id: number) => number): Pick<TaskTemplate, "joined"> {
  const runs = task.ops.flatMap((op) => draft.joined.get(op) ?? []);
  if (runs.length === 0) return {};
  const names = (ops: readonly number[]) => ops.map((op) => draft.graph.ops[op]!.name);
  return { joined: runs.map((run) => ({ ops: names(run.ops), saved: savedBytes(draft, run, held) })) };
}

/** Tasks start in the order of their ids; ranks of the same placements have the same lanes. */
function lanesOf({ graph: { placements }, tasks }: Draft): Lane[] {
  const alike = new Map<string, { readonly ranks: number[]; readonly on: ReadonlySet<number> }>();
  for (const rank of [...new Set(placements.flatMap(({ ranks }) => ranks))].sort((a, b) => a - b)) {
    const on = placements.flatMap(({ ranks }, id) => (ranks.includes(rank) ? [id] : []));
    const known = alike.get(on.join());
    if (known) known.ranks.push(rank);
    else alike.set(on.join(), { ranks: [rank], on: new Set(on) });
  }
  const streams = [...new Set(tasks.map(({ stream }) => stream))].filter((stream) => stream !== "host");
  return [...alike.values()].flatMap(({ ranks, on }) =>
    streams.flatMap((stream): Lane[] => {
      const here = tasks.filter((task) => task.stream === stream && on.has(task.placement)).map(({ id }) => id);
      return here.length ? [{ ranks, stream, tasks: here }] : [];
    }),
  );
}
