/** @file Which values pass from one task of a plan to another, and what is said of them where a picture draws the way. */
import { showType } from "../ir/dtype.ts";
import type { Edge, PlanData, TaskTemplate } from "../ir/plan.ts";
import { Cache } from "../sbp/cache.ts";
import { layoutText } from "../sbp/canonical.ts";
import { bytes } from "./format.ts";
import { heldBytes } from "./held.ts";

/** What is looked at of an edge, whether of the plan or of its net of actors. */
export type Ends = Pick<Edge, "from" | "to" | "delay" | "register">;
/** Values of the graph that an edge of the plan carries; none where it only says that something is over. */
export type Passing = (edge: Ends) => readonly number[];

export function passingOf({ graph, tasks, buffers, registers }: PlanData): Passing {
  const opOf = new Map(graph.ops.map((op) => [op.name, op]));
  const opsOf = ({ ops }: TaskTemplate) => ops.map((name) => opOf.get(name)!);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const bufferOf = new Map(buffers.map(({ name, id }) => [name, id]));
  const results = new Set(Object.values(graph.outputs));
  const states = new Map(
    graph.ops.flatMap(({ kind, attrs, outputs }) =>
      kind === "state" ? [[String(attrs.state), outputs[0]!] as const] : [],
    ),
  );
  const valuesOf = (names: readonly string[]) => new Set(names.flatMap((name) => states.get(name) ?? []));
  /** Each is asked for by many edges. */
  const taken = new Cache<ReadonlySet<number>, number>();
  const lying = new Cache<ReadonlySet<number>, number>();
  const read = new Cache<ReadonlySet<number>, number>();
  const written = new Cache<ReadonlySet<number>, number>();
  return ({ from, to, delay, register }) => {
    const [giver, taker] = [byId.get(from)!, byId.get(to)!];
    if (delay > 0)
      return common(
        written.get(from, () => valuesOf(giver.writes)),
        read.get(to, () => valuesOf([...taker.reads, ...taker.writes])),
      );
    const given = lying.get(register, () => {
      // The net has registers of its own, for the order of tasks: they hold nothing.
      const listed = registers[register];
      if (!listed) return new Set();
      const own = new Set(listed.buffers);
      const made = opsOf(giver).flatMap(({ outputs }) => outputs);
      // A result that lies where an operand lay has no buffer of its own.
      const lies = (buffer: number | undefined) => buffer === undefined || own.has(buffer);
      return new Set(made.filter((id) => lies(bufferOf.get(graph.values[id]!.name))));
    });
    const used = () => (taker.kind === "sink" ? results : new Set(opsOf(taker).flatMap(({ inputs }) => inputs)));
    return common(given, taken.get(to, used));
  };
}

function common(a: ReadonlySet<number>, b: ReadonlySet<number>): number[] {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  return [...few].filter((id) => many.has(id)).sort((x, y) => x - y);
}

/** `65.5 KB × 2`, `f32[128,512] S(0),S(1)`; of several values how many, and their layout where they have one. */
export function passingTexts(plan: PlanData): (edge: Ends, values: readonly number[]) => string[] {
  const { graph, layouts, registers, buffers, tasks } = plan;
  const held = heldBytes(plan);
  const onHost = new Set(tasks.flatMap(({ id, stream }) => (stream === "host" ? [id] : [])));
  const outputs = new Map(Object.entries(graph.outputs).map(([name, id]) => [id, name]));
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
    // The host knows inputs and outputs by the names that the user gave them.
    const name = onHost.has(to) ? outputs.get(first) : onHost.has(from) ? graph.values[first]!.name : undefined;
    if (more.length === 0) return [amount, [...(name === undefined ? [] : [name]), typeText(first)].join(" ")];
    const found = new Set(values.map(layoutOf));
    return [amount, `${values.length} tensors${found.size === 1 ? ` ${[...found]}` : ""}`];
  };
}
