/**
 * @file The stages of a pipeline, read off the graph: what lies between two transfers from one placement to another. A
 * value that goes on to the next placement begins the next stage there; one that comes back to a placement begins
 * another chunk of it. The gradient of an op belongs to the op's stage.
 */
import type { Op } from "../../ir/graph.ts";
import { type Draft, producers } from "../draft.ts";
import type { InTime } from "../micro/in-time.ts";

/** What an op that runs once a micro-batch belongs to. */
export interface Place {
  readonly stage: number;
  /** `W`: gives nothing but what is added up, as gradients of parameters are; `T`: a transfer out of the stage. */
  readonly kind: "F" | "I" | "W" | "T";
  readonly backward: boolean;
}

export interface Stages {
  /** In the order of forward, the placement of each, as an index into the graph's. */
  readonly placements: readonly number[];
  /** By op id; undefined for what runs once a step. */
  readonly places: readonly (Place | undefined)[];
}

/** What all functions here ask of the graph. */
interface Site {
  /** Ops that run once a micro-batch, in order. */
  readonly ops: readonly Op[];
  readonly before: (op: Op) => readonly Op[];
  readonly after: (op: Op) => readonly Op[];
  /** Placement on which it starts: that of what it takes, for a transfer. */
  readonly home: (op: Op) => number;
  readonly crosses: (op: Op) => boolean;
  /** The op whose gradient it is a part of. */
  readonly forwardOf: (op: Op) => Op | undefined;
}

export function findStages(
  draft: Draft,
  each: InTime,
  wanted?: (placements: readonly number[]) => readonly number[],
): Stages {
  const site = siteOf(draft, each);
  const backward = new Set<Op>();
  for (const op of site.ops) if (site.forwardOf(op) || site.before(op).some((by) => backward.has(by))) backward.add(op);
  for (const op of site.ops.toReversed()) {
    const users = site.after(op);
    if (users.length > 0 && users.every((user) => backward.has(user))) backward.add(op); // nobody needs it before
  }
  const forward = site.ops.filter((op) => !backward.has(op));
  const natural = forwardStages(site, forward, backward);
  const { placements, stageOf } = divided(
    draft,
    natural,
    wanted?.(natural.placements) ?? natural.placements.map(() => 1),
  );
  const places: (Place | undefined)[] = [];
  for (const op of forward)
    places[op.id] = { stage: stageOf.get(op)!, kind: site.crosses(op) ? "T" : "F", backward: false };
  const put = (op: Op, stage: number) => {
    const sums = each[op.id]!.gives.every(({ kind }) => kind === "total");
    places[op.id] = { stage, kind: site.crosses(op) ? "T" : sums ? "W" : "I", backward: true };
  };
  /** The last stage on a placement that is not behind another. */
  const until = (placement: number, stage: number) =>
    Math.max(
      0,
      placements.findLastIndex((here, i) => here === placement && i <= stage),
    );
  for (const op of site.ops) {
    if (!backward.has(op)) continue;
    const of = site.forwardOf(op);
    const known = of && places[of.id];
    const from = site.before(op).flatMap((by) => {
      const place = backward.has(by) ? places[by.id] : undefined;
      return place ? [place.stage - (place.kind === "T" ? 1 : 0)] : [];
    });
    const latest = Math.min(...from); // what has been sent on is of a stage before
    if (known && placements[known.stage] === site.home(op) && known.stage <= latest) put(op, known.stage);
    else if (from.length > 0) put(op, until(site.home(op), latest));
  }
  for (const op of site.ops.toReversed()) {
    if (places[op.id]) continue;
    const by = site.after(op).flatMap(({ id }) => places[id]?.stage ?? []);
    put(op, until(site.home(op), Math.max(0, ...by)));
  }
  return { placements, places };
}

function siteOf({ graph }: Draft, each: InTime): Site {
  const makers = producers(graph);
  const ops = graph.ops.filter(({ id }) => each[id] !== undefined);
  const before = (op: Op) =>
    [...new Set(op.inputs.map((id) => makers[id]!))].filter(({ id }) => each[id] !== undefined);
  const users = new Map<Op, Op[]>(ops.map((op) => [op, []]));
  for (const op of ops) for (const by of before(op)) users.get(by)!.push(op);
  const made = new Map(graph.values.map(({ id, name }) => [name, makers[id]!]));
  const placement = (value: number) => graph.values[value]!.placement;
  const crosses = (op: Op) => op.kind === "boxing" && placement(op.inputs[0]!) !== placement(op.outputs[0]!);
  return {
    ops,
    before,
    after: (op) => users.get(op)!,
    crosses,
    home: (op) => placement(crosses(op) ? op.inputs[0]! : op.outputs[0]!),
    // Autodiff names what it adds after the op or the tensor that it is the gradient of: `<name>.grad…`.
    forwardOf({ name }) {
      const ends = [...name.matchAll(/\.grad(?=[._]|$)/g)].map(({ index }) => name.slice(0, index));
      return ends.map((end) => made.get(end) ?? made.get(`${end}.0`)).findLast((op) => op !== undefined);
    },
  };
}

interface Forward {
  readonly placements: readonly number[];
  readonly stageOf: ReadonlyMap<Op, number>;
}

/** A stage is a placement and how many transfers lie before it. */
function forwardStages(
  { before, after, home, crosses }: Site,
  forward: readonly Op[],
  backward: ReadonlySet<Op>,
): Forward {
  const depth = new Map<Op, number>();
  for (const op of forward)
    depth.set(op, Math.max(0, ...before(op).map((by) => depth.get(by)! + (crosses(by) ? 1 : 0))));
  // What only a later chunk takes is a part of that; and so is what nothing goes on from, such as a loss aside.
  for (const op of forward.toReversed()) {
    const by = after(op).filter((user) => !backward.has(user));
    if (by.length > 0 && !crosses(op) && !by.some(crosses))
      depth.set(op, Math.max(depth.get(op)!, Math.min(...by.map((user) => depth.get(user)!))));
  }
  const keyOf = (op: Op) => `${depth.get(op)} ${home(op)}`;
  const goesOn = new Set(forward.filter(crosses).map(keyOf));
  const found = new Map(
    forward.map((op) => [keyOf(op), { depth: depth.get(op)!, home: home(op), goesOn: goesOn.has(keyOf(op)) }]),
  );
  const all = [...found.values()].sort((a, b) => a.depth - b.depth || a.home - b.home);
  const isLast = (at: number) => !all.some(({ home }, later) => later > at && home === all[at]!.home);
  const stages = all.filter((stage, at) => stage.goesOn || isLast(at));
  const stageOf = (op: Op) => stages.findIndex((stage) => stage.home === home(op) && stage.depth >= depth.get(op)!);
  return { placements: stages.map((stage) => stage.home), stageOf: new Map(forward.map((op) => [op, stageOf(op)])) };
}

/** Every stage in so many, one behind the other on its placement, that take about as long. */
function divided({ choices }: Draft, { placements, stageOf }: Forward, parts: readonly number[]): Forward {
  const cost = new Map(choices.map(({ op, compute }) => [op, compute]));
  const first = parts.map((_, i) => parts.slice(0, i).reduce((a, b) => a + b, 0));
  const total = placements.map(() => 0);
  for (const [op, stage] of stageOf) total[stage]! += cost.get(op.name) ?? 0;
  const done = placements.map(() => 0);
  const now = [...stageOf].map(([op, stage]): [Op, number] => {
    const own = cost.get(op.name) ?? 0;
    const at = total[stage]! > 0 ? (done[stage]! + own / 2) / total[stage]! : 0;
    done[stage]! += own;
    return [op, first[stage]! + Math.min(parts[stage]! - 1, Math.floor(at * parts[stage]!))];
  });
  return { placements: placements.flatMap((home, i) => Array<number>(parts[i]!).fill(home)), stageOf: new Map(now) };
}
