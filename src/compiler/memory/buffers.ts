/**
 * @file Gives every value memory: several slots where tasks work ahead of each other, one where they do not. The compute
 * tasks of a placement do not: a rank works them one after the other, and step after step.
 * A state has one buffer, shared by the value that a step reads and the one that it becomes. The largest shard decides the
 * size on every rank.
 */
import { itemSize } from "../../ir/dtype.ts";
import type { Value } from "../../ir/graph.ts";
import { groupBy } from "../../ir/group.ts";
import type { Buffer, Port, State } from "../../ir/plan.ts";
import { localShape } from "../../sbp/boxes.ts";
import { Cache } from "../../sbp/cache.ts";
import { keyOf } from "../../sbp/canonical.ts";
import { type Draft, shapeOf, type TaskDraft, writers } from "../draft.ts";
import { unstored } from "../join/join.ts";
import { wholeOf } from "../micro/names.ts";
import { findUses } from "../uses.ts";
import { findInPlace } from "./in-place.ts";

/** How many steps the host may lag behind with what it reads. */
export const outputSlots = 4;

const line = 64;
export const wholeLines = (bytes: number) => Math.ceil(bytes / line) * line;

export function buffers(draft: Draft): Draft {
  const { graph } = draft;
  const slots = draft.options.slots ?? 2;
  // What a micro-batch leaves is free until the next step: it takes no second slot to work ahead.
  const ahead = draft.options.slots ?? (draft.rows ? 1 : 2);
  const uses = findUses(draft);
  const inPlace = findInPlace(draft, uses);
  const inner = unstored(draft);
  const wrote = writers(graph);
  const outputs = new Set(Object.values(graph.outputs).map(uses.origin));
  const made: Buffer[] = [];
  const bufferOf: number[] = [];

  const largest = new Cache<Pick<Buffer, "shape" | "bytes">>();
  const make = (value: number, name: string, count: number, role: Buffer["role"]): number => {
    const { dtype, placement } = graph.values[value]!;
    const whole = shapeOf(graph.values[value]!);
    const layout = draft.layouts[value]!;
    const { shape, bytes } = largest.get(`${placement} ${dtype}[${whole.join()}] ${keyOf(layout)}`, () => {
      const place = graph.placements[placement]!;
      const local = place.ranks.map((_, member) => localShape(layout, whole, place, member));
      const elements = Math.max(1, ...local.map((s) => s.reduce((a, b) => a * b, 1)));
      return {
        shape: whole.map((_, d) => Math.max(...local.map((s) => s[d]!))),
        bytes: wholeLines(elements * itemSize[dtype]),
      };
    });
    made.push({ id: made.length, name, placement, dtype, shape, bytes, slots: count, offset: 0, role });
    return made.length - 1;
  };

  const readAs = new Map<string, number[]>(graph.states.map(({ name }) => [name, []]));
  for (const op of graph.ops) if (op.kind === "state") readAs.get(op.attrs.state as string)!.push(op.outputs[0]!);
  const states = graph.states.map((decl): State => {
    const reads = readAs.get(decl.name)!;
    const written = wrote.get(decl.name)?.value;
    const values = written === undefined ? reads : [...reads, written];
    const buffer = make(values[0]!, decl.name, 1, "state");
    for (const value of values) bufferOf[value] = buffer;
    const { follows: _, ...rest } = decl;
    return { ...rest, layout: draft.layouts[values[0]!]!, buffer, classes: [] };
  });
  for (const op of graph.ops)
    for (const value of op.outputs) {
      if (bufferOf[value] !== undefined || inner.has(value)) continue;
      const source = inPlace.get(value) ?? uses.origin(value);
      if (source !== value) bufferOf[value] = bufferOf[source]!;
      else {
        const maker = uses.taskOf.get(op.id)!;
        const inTurn = (task: TaskDraft) =>
          task.stream === "compute" && maker.stream === "compute" && task.placement === maker.placement;
        const elsewhere = [...uses.of(value).keys()].some((task) => task !== maker && !inTurn(task));
        const role = outputs.has(value) ? "output" : op.kind === "input" ? "input" : "activation";
        const most = role === "input" ? slots : ahead;
        const count = role === "output" ? Math.max(slots, outputSlots) : elsewhere ? most : 1;
        bufferOf[value] = make(value, graph.values[value]!.name, count, role);
      }
    }

  const ports = (ids: Readonly<Record<string, number>>) => {
    const found = groupBy(Object.entries(ids), ([name, id]) => (graph.values[id]!.part ? wholeOf(name) : name));
    return [...found].map(([name, of]): Port => {
      const [first, ...rest] = of.map(([, id]) => graph.values[id]!) as [Value, ...Value[]];
      const { id, dtype, placement, part } = first;
      const port = { name, dtype, placement, layout: draft.layouts[id]!, buffer: bufferOf[id]! };
      if (!part) return { ...port, shape: shapeOf(first) };
      const { dim } = part;
      const each = [first, ...rest].map((value) => ({ size: shapeOf(value)[dim]!, buffer: bufferOf[value.id]! }));
      return { ...port, shape: shapeOf(first).with(dim, part.of), parts: { dim, each } };
    });
  };
  return { ...draft, buffers: made, bufferOf, states, inputs: ports(graph.inputs), outputs: ports(graph.outputs) };
}
