/**
 * @file A graph that is written on one mesh, cut into stages along one axis of it: every op on the placement of its stage,
 * and what comes from another moved there. Parameters go where they are first used.
 */
import { type OrderedLayout, ordered, type UserLayout } from "../../graph/layout.ts";
import { userLine } from "../../graph/source.ts";
import { nearest, OptionError, ScheduleError, showGiven } from "../../ir/errors.ts";
import type { Attr, LogicalGraph, Op, Value } from "../../ir/graph.ts";
import type { Schedule } from "../../ir/pipeline.ts";
import { axesWithout, type PlacementData, showRanks } from "../../ir/placement.ts";
import type { PlanData } from "../../ir/plan.ts";
import { coordinate } from "../../sbp/mesh.ts";
import { type CompileOptions, type Draft, producers } from "../draft.ts";
import { schedule } from "../pipeline/schedule.ts";
import { assigned, likewise } from "./assign.ts";

/** Along which axis, and where the parameters of this plan are, so that they stay there. */
export interface StagesAs {
  readonly axis: string;
  readonly as: Pick<PlanData, "states" | "placements" | "name">;
}

/** Throws OptionError SL5027 for a mesh that has no such axis, a graph on several, or a layout along the axis. */
export function cutStages(draft: Draft): Draft {
  const { graph, options } = draft;
  if (options.stages === undefined) return draft;
  const { axis, as } = typeof options.stages === "string" ? { axis: options.stages } : options.stages;
  const mesh = meshOf(graph, axis);
  const count = mesh.axes.find(({ name }) => name === axis)!.size;
  if (count === 1) return draft;
  checkLayouts(draft, mesh, axis);
  const places = Array.from({ length: count }, (_, index) => sliceOf(mesh, axis, index));
  const placeOf = as ? likewise(graph, homesIn(as, places, axis)) : inStages(draft, axis, count);
  return withoutAxis({ ...draft, graph: placed(graph, places, placeOf) }, axis);
}

/** By op id its place on the axis. */
function inStages(draft: Draft, axis: string, count: number): readonly number[] {
  const { options } = draft;
  const ranks = ranksOf(options, count);
  if (ranks.some((rank) => rank >= count))
    throw new ScheduleError("SL5025", `it has stages on ranks ${ranks.join(" ")}, and axis "${axis}" has ${count}`, {
      subject: `schedule "${(options.schedule as Schedule).name}"`,
      at: userLine(),
      hint: `make it for ${count} ranks`,
    });
  return assigned(draft, ranks.length).map((stage) => ranks[stage]!);
}

/** By state its place on the axis in another plan. */
function homesIn(
  { states, placements, name: plan }: StagesAs["as"],
  places: readonly PlacementData[],
  axis: string,
): ReadonlyMap<string, number> {
  return new Map(
    states.map(({ name, placement }) => {
      const { ranks } = placements[placement]!;
      const at = places.findIndex((place) => String(place.ranks) === String(ranks));
      if (at >= 0) return [name, at];
      throw new OptionError("SL5027", `in plan "${plan}" state "${name}" is on ranks ${showRanks(ranks)}`, {
        subject: "compile, option stages",
        at: userLine(),
        choices: places.map((place) => `ranks ${showRanks(place.ranks)}`),
        hint: `give a plan whose stages were cut along "${axis}" of the same mesh`,
      });
    }),
  );
}

/** Layouts name the axis only to say that nothing lies along it, and it is gone. */
function withoutAxis(draft: Draft, axis: string): Draft {
  const { graph, options } = draft;
  const ops = graph.ops.map((op): Op => {
    if (!Array.isArray(op.attrs.layout)) return op;
    const left = (op.attrs.layout as unknown as OrderedLayout).filter(([name]) => name !== axis);
    return { ...op, attrs: { ...op.attrs, layout: left as unknown as Attr } };
  });
  const sharding = options.sharding?.map(
    ([pattern, { [axis]: _, ...layout }]) => [pattern, layout] as readonly [string | RegExp, UserLayout],
  );
  return { ...draft, graph: { ...graph, ops }, options: { ...options, ...(sharding && { sharding }) } };
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
