/**
 * @file A graph that is written on one mesh, cut into stages along one axis of it: ops in their order, so that every stage
 * takes about as long by the roofline and little passes from one to the next. Parameters go where they are first used.
 */
import { type OrderedLayout, ordered, type UserLayout } from "../../graph/layout.ts";
import { userLine } from "../../graph/source.ts";
import { itemSize } from "../../ir/dtype.ts";
import { nearest, OptionError, showGiven } from "../../ir/errors.ts";
import type { LogicalGraph, Op, Value } from "../../ir/graph.ts";
import { axesWithout, type PlacementData } from "../../ir/placement.ts";
import { coordinate } from "../../sbp/mesh.ts";
import { siteOf } from "../choose/strategies.ts";
import { type CompileOptions, type Draft, producers } from "../draft.ts";
import { machineOf } from "../machine.ts";
import { schedule } from "../pipeline/schedule.ts";
import { computeTime } from "../work.ts";
import { partition } from "./partition.ts";

/** Throws OptionError SL5027 for a mesh that has no such axis, a graph on several, or a layout along the axis. */
export function cutStages(draft: Draft): Draft {
  const { graph, options } = draft;
  if (options.stages === undefined) return draft;
  const mesh = meshOf(graph, options.stages);
  const count = mesh.axes.find(({ name }) => name === options.stages)!.size;
  if (count === 1) return draft;
  checkLayouts(draft, mesh, options.stages);
  const ranks = ranksOf(options, count);
  const places = Array.from({ length: count }, (_, index) => sliceOf(mesh, options.stages!, index));
  const stageOf = assigned(draft, ranks.length);
  return {
    ...draft,
    graph: placed(
      graph,
      places,
      stageOf.map((stage) => ranks[stage]!),
    ),
  };
}

function meshOf({ placements }: LogicalGraph, axis: string): PlacementData {
  const [mesh, ...more] = placements;
  const refuse = (what: string, choices: readonly string[], hint?: string) =>
    new OptionError("SL5027", what, {
      subject: "compile, option stages",
      at: userLine(),
      choices,
      ...(hint !== undefined && { hint }),
    });
  if (more.length > 0)
    throw refuse(`the graph is on ${placements.length} placements, which are its stages already`, [
      "leave the option out",
    ]);
  const names = mesh!.axes.map(({ name }) => name);
  if (names.includes(axis)) return mesh!;
  const [meant] = typeof axis === "string" ? nearest(axis, names) : [];
  throw refuse(
    `the mesh has no axis ${showGiven(axis)}`,
    names,
    meant === undefined ? undefined : `did you mean "${meant}"?`,
  );
}

/** A tensor is on one stage, and so neither split nor partial along the axis of them. */
function checkLayouts({ graph, options }: Draft, mesh: PlacementData, axis: string): void {
  const refuse = (what: string, layout: UserLayout | OrderedLayout, at: string | undefined) => {
    const along = ordered(mesh, layout, what).find(([name, sbp]) => name === axis && sbp !== "B");
    if (!along) return;
    throw new OptionError("SL5027", `${what} lies ${along[1]} along "${axis}", and stages are to be cut along it`, {
      subject: "compile, option stages",
      at,
      choices: mesh.axes.flatMap(({ name }) => (name === axis ? [] : [`a layout along "${name}"`])),
      hint: `leave ${axis} out of the layout: a tensor is on one stage`,
    });
  };
  for (const { attrs, kind, name, at } of graph.ops)
    if (attrs.layout && (kind === "input" || kind === "to"))
      refuse(kind === "input" ? `input "${attrs.name}"` : `"${name}"`, attrs.layout as OrderedLayout, at);
  for (const [pattern, layout] of options.sharding ?? []) refuse(`sharding of ${pattern}`, layout, userLine());
}

/** By stage the index along the axis: one each, or as the schedule has its chunks. */
function ranksOf({ schedule: wanted, microBatches }: CompileOptions, count: number): readonly number[] {
  if (wanted === undefined) return Array.from({ length: count }, (_, i) => i);
  if (typeof wanted !== "string") return wanted.stages;
  const [parts = 1] = Object.values(microBatches ?? {});
  return schedule(wanted, { ranks: count, microBatches: parts }).stages;
}

function sliceOf(mesh: PlacementData, axis: string, index: number): PlacementData {
  const ranks = mesh.ranks.filter((_, member) => coordinate(mesh, member, axis) === index);
  return { device: mesh.device, axes: axesWithout(mesh, [axis]), ranks };
}

/** By op id its stage. */
function assigned(draft: Draft, stages: number): readonly number[] {
  const { graph } = draft;
  const makers = producers(graph);
  const hangs: boolean[] = [];
  for (const op of graph.ops)
    hangs[op.id] = op.kind !== "input" && op.inputs.some((id) => hangs[makers[id]!.id] || makers[id]!.kind === "input");
  const row = graph.ops.filter(({ id }) => hangs[id]);
  const { flops, bandwidth } = machineOf(graph.placements[0]!.device);
  const time = (op: Op) => {
    const { ins, outs } = siteOf(draft, op);
    return op.kind === "minimize" ? 0 : computeTime(op, ins, outs, { flops, bandwidth });
  };
  const cuts = partition({ costs: row.map(time), passing: passing(graph, row) }, stages);
  const stageOf: number[] = [];
  for (const [at, op] of row.entries()) stageOf[op.id] = cuts.filter((cut) => cut <= at).length;
  // What hangs on no input, and inputs themselves, are where they are first used.
  const users = graph.values.map((): number[] => []);
  for (const op of graph.ops) for (const id of op.inputs) users[id]!.push(op.id);
  for (const op of graph.ops.toReversed())
    stageOf[op.id] ??= Math.min(stages - 1, ...op.outputs.flatMap((id) => users[id]!).map((user) => stageOf[user]!));
  // A state changes where it is.
  const homes = new Map(
    graph.ops.flatMap((op) => (op.kind === "state" ? [[op.attrs.state, stageOf[op.id]!] as const] : [])),
  );
  for (const op of graph.ops)
    for (const state of op.writes ?? []) if (state !== null) stageOf[op.id] = homes.get(state) ?? stageOf[op.id]!;
  return stageOf;
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

/** The graph with every op on the placement of its stage; what comes from another is moved there, once. */
function placed(graph: LogicalGraph, placements: readonly PlacementData[], placeOf: readonly number[]): LogicalGraph {
  const makers = producers(graph);
  const values: Value[] = graph.values.map((value) => ({ ...value, placement: placeOf[makers[value.id]!.id]! }));
  const ops: Op[] = [];
  const moved = new Map<string, number>();
  const names = new Set(values.map(({ name }) => name));
  const obtain = (id: number, place: number, { at }: Op): number => {
    const value = values[id]!;
    if (value.placement === place) return id;
    const key = `${id} ${place}`;
    const known = moved.get(key);
    if (known !== undefined) return known;
    let name = `${value.name}.to`;
    for (let n = 2; names.has(name); n++) name = `${value.name}.to.${n}`;
    names.add(name);
    const out = values.length;
    values.push({ ...value, id: out, name, placement: place });
    const { kind, attrs } = makers[id]!;
    const state = kind === "state" ? { state: attrs.state! } : {};
    const op = { id: ops.length, kind: "to", name, inputs: [id], outputs: [out], attrs: { layout: null, ...state } };
    ops.push(at === undefined ? op : { ...op, at });
    moved.set(key, out);
    return out;
  };
  for (const op of graph.ops) {
    const inputs = op.inputs.map((id) => obtain(id, placeOf[op.id]!, op));
    ops.push({ ...op, id: ops.length, inputs });
  }
  const homes = new Map(
    graph.ops.flatMap((op) => (op.kind === "state" ? [[op.attrs.state, placeOf[op.id]!] as const] : [])),
  );
  const states = graph.states.map((state) => ({ ...state, placement: homes.get(state.name) ?? 0 }));
  return { ...graph, placements, values, ops, states };
}
