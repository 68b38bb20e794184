/**
 * @file Lowers every task to programs: on each rank the kernel calls of its ops on local extents. Ranks whose programs
 * come out the same, peers being named relative to the rank, form one class.
 */
import type { LocalTensor } from "../../graph/op.ts";
import { opDef } from "../../graph/registry.ts";
import { InternalError } from "../../ir/errors.ts";
import type { Op, Value } from "../../ir/graph.ts";
import { kernels } from "../../ir/kernel-table.ts";
import type { Buffer, Collective, RankClass, Stream } from "../../ir/plan.ts";
import type { Call } from "../../ir/program.ts";
import { extents, type Region, region } from "../../sbp/boxes.ts";
import { type Draft, shapeOf } from "../draft.ts";
import { wholeLines } from "../memory/buffers.ts";
import { findReadings } from "../uses.ts";
import { lowerBoxing } from "./boxing.ts";
import { initialise } from "./init.ts";
import { lowerJoined } from "./joined.ts";
import { lowerTransfer } from "./transfer.ts";

export function lower(draft: Draft): Draft {
  const collectives = listCollectives(draft);
  const collectiveOf = new Map(collectives.map((c) => [c.task, c.id]));
  const inRuns = [...draft.joined.values()].flatMap(({ ops }) => ops.slice(0, -1));
  const silent = new Set([...inRuns, ...findReadings(draft)]);
  const programs = draft.tasks.map((task) =>
    task.stream === "host"
      ? []
      : classes(draft, task.placement, (member) =>
          task.ops.flatMap((op) =>
            silent.has(op) ? [] : lowerOp(draft, draft.graph.ops[op]!, member, collectiveOf.get(task.id) ?? null),
          ),
        ),
  );
  const states = draft.states.map((state) => ({
    ...state,
    classes: classes(draft, state.placement, (member) => initialise(draft, state, member)),
  }));
  return { ...draft, programs, states, collectives, buffers: [...draft.buffers, ...workspaces(draft, programs)] };
}

/** One program a class of ranks. */
function classes(draft: Draft, placement: number, program: (member: number) => readonly Call[]): RankClass[] {
  if (draft.options.dry) return [{ ranks: draft.graph.placements[placement]!.ranks, program: program(0) }];
  const by = new Map<string, { ranks: number[]; program: readonly Call[] }>();
  draft.graph.placements[placement]!.ranks.forEach((rank, member) => {
    const calls = program(member);
    const key = JSON.stringify(calls);
    const known = by.get(key);
    if (known) known.ranks.push(rank);
    else by.set(key, { ranks: [rank], program: calls });
  });
  return [...by.values()];
}

function lowerOp(draft: Draft, op: Op, member: number, collective: number | null): readonly Call[] {
  const { graph, bufferOf, layouts } = draft;
  const placement = graph.placements[graph.values[op.outputs[0]!]!.placement]!;
  const step = draft.boxing.get(op.id);
  if (step) {
    const { dtype } = graph.values[op.outputs[0]!]!;
    const shape = shapeOf(graph.values[op.outputs[0]!]!);
    const [from, to] = [bufferOf[op.inputs[0]!]!, bufferOf[op.outputs[0]!]!];
    const site = { shape, dtype, placement, member, from, to, collective };
    return step.axis === undefined ? lowerTransfer({ step, ...site }) : lowerBoxing({ step, ...site });
  }
  const local = (id: number): LocalTensor => {
    const value = graph.values[id]!;
    const held = region(layouts[id]!, shapeOf(value), placement, member);
    const buffer = bufferOf[id];
    const arg = buffer === undefined ? null : { buffer };
    return {
      shape: extents(held),
      dtype: value.dtype,
      arg,
      ...(op.attrs.perMicroBatch ? { global: shapeOf(value), region: held } : inWhole(value, held)),
    };
  };
  const run = draft.joined.get(op.id);
  const seed = draft.options.seed ?? 0;
  if (run) return lowerJoined(run, graph, seed, local);
  const def = opDef(op.kind);
  for (const [out, input] of def.inPlace ?? [])
    if (op.writes?.[out] && bufferOf[op.outputs[out]!] !== bufferOf[op.inputs[input]!])
      throw new InternalError(`${op.name} works in place, but its state does not lie where it is read`);
  return def.lower({
    ins: op.inputs.map(local),
    outs: op.outputs.map(local),
    attrs: op.attrs,
    seed,
  });
}

/** Where a region lies in the tensor that the value is rows of. */
function inWhole(value: Value, held: Region): Pick<LocalTensor, "global" | "region"> {
  const { part } = value;
  if (!part) return { global: shapeOf(value), region: held };
  const moved = held[part.dim]!.map(([lo, hi]) => [lo + part.from, hi + part.from] as const);
  return { global: shapeOf(value).with(part.dim, part.of), region: held.with(part.dim, moved) };
}

/** Boxing tasks that move bytes between ranks, with what they will move. */
function listCollectives({ graph, tasks, boxing }: Draft): Collective[] {
  const sequences = new Map<string, number>();
  const communicators: string[] = [];
  return tasks
    .filter((task) => task.kind === "boxing")
    .map((task, id): Collective => {
      const steps = task.ops.map((op) => boxing.get(op)!);
      const { kind, axis } = steps[0]!;
      const { inputs, outputs } = graph.ops[task.ops[0]!]!;
      const source = graph.values[inputs[0]!]!.placement;
      const { dtype } = graph.values[outputs[0]!]!;
      const received = graph.placements[task.placement]!.ranks.map((_, member) =>
        steps.reduce((sum, step) => sum + step.received[member]!, 0),
      );
      const bytes = received.reduce((a, b) => a + b, 0);
      const where = axis === undefined ? { placement: task.placement, source } : { placement: task.placement, axis };
      const group = JSON.stringify(where);
      const sequence = sequences.get(group) ?? 0;
      sequences.set(group, sequence + 1);
      if (sequence === 0) communicators.push(group);
      const communicator = communicators.indexOf(group);
      const named = { id, name: task.name, kind, ...where, task: task.id, communicator, sequence };
      return { ...named, dtype, wire: dtype, bytes, received };
    });
}

/** Scratch for the kernels of each stream, as large as its most demanding call. */
function workspaces(draft: Draft, programs: readonly (readonly RankClass[])[]): Buffer[] {
  const most = new Map<string, { placement: number; stream: Stream; bytes: number }>();
  for (const task of draft.tasks)
    for (const { program } of programs[task.id]!)
      for (const { kernel } of program) {
        const bytes = kernels[kernel as keyof typeof kernels].workspace;
        const key = `${task.placement} ${task.stream}`;
        if (bytes > (most.get(key)?.bytes ?? 0))
          most.set(key, { placement: task.placement, stream: task.stream, bytes });
      }
  return [...most.values()].map(({ placement, stream, bytes }, i) => ({
    id: draft.buffers.length + i,
    name: `workspace.${stream}`,
    placement,
    dtype: "float32",
    shape: [bytes / 4],
    bytes: wholeLines(bytes),
    slots: 1,
    offset: 0,
    role: "workspace",
  }));
}
