/**
 * @file The stages of a pipeline, read off the graph: what lies between two transfers from one placement to another. A
 * value that goes on to the next placement begins the next stage there; one that comes back to a placement begins
 * another chunk of it. Backward passes go the same way back.
 */
import type { Op } from "../../ir/graph.ts";
import { type Draft, producers } from "../draft.ts";
import type { InTime } from "./in-time.ts";

export interface Stage {
  /** Index into the graph's placements. */
  readonly placement: number;
  /** Transfers that lie before it. */
  readonly depth: number;
}

/** What an op that runs once a micro-batch belongs to. */
export interface Place {
  readonly stage: number;
  /** `W`: what gives but the gradients of parameters; `T`: a transfer, which goes out of the stage. */
  readonly kind: "F" | "I" | "W" | "T";
  readonly backward: boolean;
}

export interface Stages {
  /** In the order of forward. */
  readonly stages: readonly Stage[];
  /** By op id; undefined for what runs once a step. */
  readonly places: readonly (Place | undefined)[];
}

/** Autodiff names what it adds `<op>.grad…`. */
const isGradient = ({ name }: Op): boolean => /\.grad(?=[._]|$)/.test(name);

export function findStages(draft: Draft, each: InTime): Stages {
  const { graph } = draft;
  const makers = producers(graph);
  const home = ({ outputs }: Op) => graph.values[outputs[0]!]!.placement;
  const source = ({ inputs }: Op) => graph.values[inputs[0]!]!.placement;
  const crosses = (op: Op) => op.kind === "boxing" && home(op) !== source(op);
  const before = (op: Op) => op.inputs.map((id) => makers[id]!).filter(({ id }) => each[id] !== undefined);
  const backward: boolean[] = [];
  for (const op of graph.ops)
    backward[op.id] = each[op.id] !== undefined && (isGradient(op) || before(op).some(({ id }) => backward[id]));

  const depth: number[] = [];
  const forward = graph.ops.filter(({ id }) => each[id] !== undefined && !backward[id]);
  for (const op of forward)
    depth[op.id] = Math.max(0, ...before(op).map((by) => depth[by.id]! + (crosses(by) ? 1 : 0)));
  // What only a later chunk takes is a part of that.
  const users = usersOf(
    graph.ops.filter(({ id }) => each[id] !== undefined),
    makers,
  );
  for (const op of forward.toReversed()) {
    const by = (users.get(op.id) ?? []).filter(({ id }) => !backward[id]);
    if (by.length > 0 && !crosses(op) && !by.some(crosses))
      depth[op.id] = Math.max(depth[op.id]!, Math.min(...by.map(({ id }) => depth[id]!)));
  }
  const stages = list(
    forward.filter((op) => !crosses(op)).map((op) => ({ placement: home(op), depth: depth[op.id]! })),
  );
  const stageOf = (placement: number, at: number) => {
    const own = stages.flatMap((stage, i) => (stage.placement === placement ? [i] : []));
    return own.findLast((i) => stages[i]!.depth <= at) ?? own[0] ?? 0;
  };

  const places: (Place | undefined)[] = [];
  for (const op of forward) {
    const stage = stageOf(crosses(op) ? source(op) : home(op), depth[op.id]!);
    places[op.id] = { stage, kind: crosses(op) ? "T" : "F", backward: false };
  }
  /** The stage that a gradient comes to: that of what made it, or the one before it on this placement. */
  const reached = (by: Op, here: number): number => {
    const { stage } = places[by.id]!;
    return crosses(by) ? stageOf(here, stages[stage]!.depth - 1) : stage;
  };
  for (const op of graph.ops.filter(({ id }) => backward[id])) {
    const here = crosses(op) ? source(op) : home(op);
    const from = before(op).filter(({ id }) => backward[id] && places[id]);
    const saved = before(op).filter((by) => !backward[by.id] && !crosses(by) && home(by) === here);
    const stage = from.length
      ? Math.min(...from.map((by) => reached(by, here)))
      : Math.max(stageOf(here, 0), ...saved.map(({ id }) => places[id]!.stage));
    const only = each[op.id]!.gives.every(({ kind }) => kind === "total");
    places[op.id] = { stage, kind: crosses(op) ? "T" : only ? "W" : "I", backward: true };
  }
  // What begins a backward pass hangs on nothing before it: it goes with the first who takes it.
  for (const op of graph.ops.toReversed()) {
    if (!backward[op.id] || before(op).length > 0) continue;
    const by = (users.get(op.id) ?? []).flatMap(({ id }) => places[id]?.stage ?? []);
    if (by.length) places[op.id] = { ...places[op.id]!, stage: Math.max(...by) };
  }
  return { stages, places };
}

function usersOf(ops: readonly Op[], makers: readonly Op[]): ReadonlyMap<number, readonly Op[]> {
  const users = new Map<number, Op[]>();
  for (const op of ops)
    for (const id of new Set(op.inputs.map((input) => makers[input]!.id)))
      users.set(id, [...(users.get(id) ?? []), op]);
  return users;
}

/** Each once, by depth, then placement. */
function list(all: readonly Stage[]): readonly Stage[] {
  const known = new Map(all.map((stage) => [`${stage.depth} ${stage.placement}`, stage]));
  return [...known.values()].sort((a, b) => a.depth - b.depth || a.placement - b.placement);
}
