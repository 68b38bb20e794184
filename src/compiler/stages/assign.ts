/**
 * @file Where on the axis of stages each op of a graph is: balanced, so that every stage takes about as long by the roofline
 * and little passes from one to the next; or as another plan has the parameters.
 */
import { itemSize } from "../../ir/dtype.ts";
import type { LogicalGraph, Op } from "../../ir/graph.ts";
import { siteOf } from "../choose/strategies.ts";
import { type Draft, producers } from "../draft.ts";
import { machineOf } from "../machine.ts";
import { computeTime } from "../work.ts";
import { partition } from "./partition.ts";

/** By op id its stage. */
export function assigned(draft: Draft, stages: number): readonly number[] {
  const { graph } = draft;
  const makers = producers(graph);
  const hangs: boolean[] = [];
  for (const op of graph.ops)
    hangs[op.id] = op.kind !== "input" && op.inputs.some((id) => hangs[makers[id]!.id] || makers[id]!.kind === "input");
  const row = graph.ops.filter(({ id }) => hangs[id]);
  const { speed = machineOf(graph.placements[0]!.device) } = draft.options;
  const time = (op: Op) => {
    const { ins, outs } = siteOf(draft, op);
    return op.kind === "minimize" ? 0 : computeTime(op, ins, outs, speed);
  };
  const runs = indivisible(row);
  const before = passing(graph, row);
  const cuts = partition(
    {
      costs: runs.map((ops) => ops.reduce((sum, op) => sum + time(op), 0)),
      passing: runs.map(([first]) => before[row.indexOf(first!)]!),
    },
    stages,
  );
  const found: number[] = [];
  for (const [at, ops] of runs.entries()) for (const { id } of ops) found[id] = cuts.filter((cut) => cut <= at).length;
  const stageOf = [...whereUsed(graph, found, stages - 1)];
  // A state changes where it is.
  const homes = new Map(
    graph.ops.flatMap((op) => (op.kind === "state" ? [[op.attrs.state, stageOf[op.id]!] as const] : [])),
  );
  for (const op of graph.ops)
    for (const state of op.writes ?? []) if (state !== null) stageOf[op.id] = homes.get(state) ?? stageOf[op.id]!;
  return stageOf;
}

/**
 * What a norm takes of a micro-batch stays with what it does with that: all of its ops are one run. An optimizer computes
 * nothing in a micro-batch, and is no stage.
 */
function indivisible(row: readonly Op[]): readonly (readonly Op[])[] {
  const scopes = row.flatMap(({ attrs, name }) =>
    attrs.perMicroBatch ? [name.slice(0, name.lastIndexOf(".") + 1)] : [],
  );
  const normOf = ({ name }: Op) => scopes.find((scope) => scope !== "" && name.startsWith(scope));
  const runs: Op[][] = [];
  for (const op of row) {
    const last = runs.at(-1);
    const norm = normOf(op);
    if (last && (op.kind === "minimize" || (norm !== undefined && normOf(last[0]!) === norm))) last.push(op);
    else runs.push([op]);
  }
  return runs;
}

/** Bytes that are made before each op of the row, and taken by it or behind it. */
function passing({ values, ops }: LogicalGraph, row: readonly Op[]): readonly number[] {
  const places = new Map(row.map(({ id }, at) => [id, at]));
  const change = new Float64Array(row.length + 2);
  const last = new Map<number, number>();
  for (const op of ops) for (const id of op.inputs) last.set(id, Math.max(last.get(id) ?? -1, places.get(op.id) ?? -1));
  for (const op of row)
    for (const id of op.outputs) {
      const { dtype, shape } = values[id]!;
      const bytes = itemSize[dtype] * (shape as readonly number[]).reduce((a, b) => a * b, 1);
      const [made, taken] = [places.get(op.id)!, last.get(id) ?? -1];
      if (taken <= made) continue;
      change[made + 1]! += bytes;
      change[taken + 1]! -= bytes;
    }
  let sum = 0;
  return row.map((_, at) => {
    sum += change[at]!;
    return sum;
  });
}

/** Ops are where their parameters are, others where what they take was made last. */
export function likewise(graph: LogicalGraph, homes: ReadonlyMap<string, number>): readonly number[] {
  const makers = producers(graph);
  const homeOf = ({ kind, attrs }: Op) => (kind === "state" ? homes.get(attrs.state as string) : undefined);
  const placeOf: number[] = [];
  for (const op of graph.ops) {
    const by = op.inputs.map((id) => makers[id]!);
    const written = (op.writes ?? []).flatMap((state) => (state === null ? [] : (homes.get(state) ?? [])));
    const made = by.filter(({ id }) => placeOf[id] !== undefined).toSorted((a, b) => b.id - a.id);
    const place =
      homeOf(op) ?? written[0] ?? by.map(homeOf).find((at) => at !== undefined) ?? placeOf[made[0]?.id ?? -1];
    if (place !== undefined) placeOf[op.id] = place;
  }
  return whereUsed(graph, placeOf, 0);
}

/** The rest, as inputs and what hangs on none, is where it is first used. */
function whereUsed(graph: LogicalGraph, places: readonly (number | undefined)[], last: number): readonly number[] {
  const placeOf = [...places];
  const users = graph.values.map((): number[] => []);
  for (const op of graph.ops) for (const id of op.inputs) users[id]!.push(op.id);
  for (const op of graph.ops.toReversed()) {
    const by = op.outputs.flatMap((id) => users[id]!).toSorted((a, b) => a - b);
    placeOf[op.id] ??= placeOf[by[0] ?? -1] ?? last;
  }
  return placeOf as readonly number[];
}
