/** @file Which values pass from one task of a plan to another, and what is said of them where a picture draws the way. */
import { showType } from "../ir/dtype.ts";
import type { Edge, PlanData, TaskTemplate } from "../ir/plan.ts";
import { layoutText } from "../sbp/canonical.ts";
import { bytes } from "./format.ts";
import { heldBytes } from "./held.ts";

/** What is looked at of an edge, whether of the plan or of its net of actors. */
export type Ends = Pick<Edge, "from" | "to" | "delay" | "register">;
/** Values of the graph that an edge of the plan carries; none where it only says that something is over. */
export type Passing = (edge: Ends) => readonly number[];

export function passingOf({ graph, tasks, buffers, registers }: PlanData): Passing {
  const opOf = new Map(graph.ops.map((op) => [op.name, op]));
  const stateValue = new Map(
    graph.ops.flatMap(({ kind, attrs, outputs }) =>
      kind === "state" ? [[String(attrs.state), outputs[0]!] as const] : [],
    ),
  );
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const results = new Set(Object.values(graph.outputs));
  const opsOf = (task: TaskTemplate) => task.ops.map((name) => opOf.get(name)!);
  const made = new Map<number, ReadonlySet<number>>();
  const taken = new Map<number, ReadonlySet<number>>();
  for (const task of tasks) {
    made.set(task.id, new Set(opsOf(task).flatMap(({ outputs }) => outputs)));
    taken.set(task.id, task.kind === "sink" ? results : new Set(opsOf(task).flatMap(({ inputs }) => inputs)));
  }
  // A result that lies where an operand lay has no buffer of its own.
  const bufferOf = new Map(buffers.map(({ name, id }) => [name, id]));
  return ({ from, to, delay, register }) => {
    if (delay === 0) {
      // The net has registers of its own, for the order of tasks: they hold nothing.
      const held = registers[register]?.buffers ?? [];
      const own = new Set(held);
      const lies = (id: number) => own.has(bufferOf.get(graph.values[id]!.name) ?? held[0]!);
      return [...made.get(from)!].filter((id) => taken.get(to)!.has(id) && lies(id));
    }
    const reads = new Set([...byId.get(to)!.reads, ...byId.get(to)!.writes]);
    return byId.get(from)!.writes.flatMap((state) => (reads.has(state) ? (stateValue.get(state) ?? []) : []));
  };
}

/** `65.5 KB × 2`, `f32[128,512] S(0),S(1)`; of several values how many, and their layout where they have one. */
export function passingTexts(plan: PlanData): (edge: Ends, values: readonly number[]) => string[] {
  const { graph, layouts, registers, buffers, tasks } = plan;
  const held = heldBytes(plan);
  const onHost = new Set(tasks.flatMap(({ id, stream }) => (stream === "host" ? [id] : [])));
  const layoutOf = (id: number) => layoutText(layouts[id]!, graph.placements[graph.values[id]!.placement]!);
  const typeText = (id: number) => `${showType(graph.values[id]!)} ${layoutOf(id)}`;
  return ({ from, to, register, delay }, values) => {
    const { buffers: ids, slots } = registers[register] ?? { buffers: [], slots: 0 };
    const own = ids.reduce((sum, id) => sum + buffers[id]!.bytes, 0);
    const host = onHost.has(from) || onHost.has(to);
    // What passes to and from the host, and to the next step, is a part of what its register holds.
    const size = host || delay > 0 ? values.reduce((sum, id) => sum + held(id), 0) : own;
    if (own === 0 || size === 0) return delay > 0 ? [] : ["control"];
    const [first, ...more] = values;
    const amount = `${bytes(size)} × ${slots}`;
    if (first === undefined) return [amount];
    if (more.length === 0) return [amount, `${host ? `${graph.values[first]!.name} ` : ""}${typeText(first)}`];
    const found = new Set(values.map(layoutOf));
    return [amount, `${values.length} tensors${found.size === 1 ? ` ${[...found]}` : ""}`];
  };
}
