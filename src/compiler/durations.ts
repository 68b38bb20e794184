/**
 * @file How long the tasks of a plan take on each rank by the models that the compiler chose by: an op by the roofline of
 * its rank's device on its local extents, a boxing step by the α-β model, as long on all ranks as on the busiest.
 */
import { itemSize } from "../ir/dtype.ts";
import type { Op } from "../ir/graph.ts";
import type { Layout } from "../ir/layout.ts";
import type { PlanData, TaskTemplate } from "../ir/plan.ts";
import { localShape } from "../sbp/boxes.ts";
import { Cache } from "../sbp/cache.ts";
import { keyOf } from "../sbp/canonical.ts";
import { commonTable } from "../sbp/cuts.ts";
import { edgesOf, type Problem } from "../sbp/edges.ts";
import { inTicks, type Model } from "../sbp/link.ts";
import { placesOf } from "../sbp/placed.ts";
import type { LocalType } from "../sbp/rule.ts";
import { alphabetOf } from "../sbp/search.ts";
import { type BoxingKind, receives } from "../sbp/steps.ts";
import type { Speed } from "./machine.ts";
import { computeTime, picoseconds } from "./work.ts";

/** What the tasks run on. */
export interface Cluster {
  speed(rank: number): Speed;
  readonly model: Model;
}

/** Picoseconds, by rank in the order of the task's placement. */
export type Durations = readonly number[];

/** By task; those on the host take none. */
export function durationsOf(plan: PlanData, cluster: Cluster): readonly Durations[] {
  const ops = new Map(plan.graph.ops.map((op) => [op.name, op]));
  const compute = computing(plan, cluster);
  const box = boxing(plan, cluster.model);
  return plan.tasks.map((task) => {
    if (task.stream === "host") return [];
    const sum = plan.placements[task.placement]!.ranks.map(() => 0);
    for (const op of task.ops.map((name) => ops.get(name)!)) {
      const own = op.kind === "boxing" ? box(op) : undefined;
      const by = own === undefined ? compute(op, task) : undefined;
      for (const member of sum.keys()) sum[member]! += own ?? by![member]!;
    }
    return sum;
  });
}

/** Picoseconds that the boxing of each task takes, by task. */
export function boxingTimes(plan: PlanData, model: Model): readonly number[] {
  const ops = new Map(plan.graph.ops.map((op) => [op.name, op]));
  const box = boxing(plan, model);
  return plan.tasks.map((task) =>
    task.stream === "comm" ? task.ops.reduce((sum, name) => sum + box(ops.get(name)!), 0) : 0,
  );
}

/** Ops alike, on operands that lie alike, take as long. */
function computing({ graph, layouts, placements }: PlanData, { speed }: Cluster) {
  const shapes = new Cache<readonly LocalType[]>();
  const typeText = (id: number): string => {
    const { shape, dtype, placement } = graph.values[id]!;
    return `${placement} ${dtype}[${shape.join()}] ${keyOf(layouts[id]!)}`;
  };
  const local = (id: number): readonly LocalType[] =>
    shapes.get(typeText(id), () => {
      const { shape, dtype, placement } = graph.values[id]!;
      const place = placements[placement]!;
      return place.ranks.map((_, member) => ({
        shape: localShape(layouts[id]!, shape as readonly number[], place, member),
        dtype,
      }));
    });
  const speeds = new Cache<{ readonly text: string; readonly of: Speed }, number>();
  const speedOf = (rank: number) =>
    speeds.get(rank, () => {
      const of = speed(rank);
      return { text: `${of.flops} ${of.bandwidth}`, of };
    });
  const known = new Cache<Durations>();
  return (op: Op, { placement }: TaskTemplate): Durations => {
    const operands = (ids: readonly number[]) => ids.map(typeText).join("|");
    const key = `${placement} ${op.kind} ${JSON.stringify(op.attrs)} ${operands(op.inputs)}>${operands(op.outputs)}`;
    return known.get(key, () => {
      const [from, to] = [op.inputs.map(local), op.outputs.map(local)];
      const alike = new Cache<number>();
      return placements[placement]!.ranks.map((rank, member) => {
        const [ins, outs] = [from.map((types) => types[member]!), to.map((types) => types[member]!)];
        const { text, of } = speedOf(rank);
        const extents = [...ins, ...outs].map(({ shape }) => shape.join()).join("|");
        return alike.get(`${text} ${extents}`, () => picoseconds(computeTime(op, ins, outs, of)));
      });
    });
  };
}

/** Steps alike, of tensors that lie alike, take as long. Femtoseconds in the model, picoseconds here. */
function boxing({ graph, layouts, placements }: PlanData, model: Model) {
  const known = new Cache<number>();
  return (op: Op): number => {
    const [a, b] = [op.inputs[0]!, op.outputs[0]!];
    const { shape, dtype, placement } = graph.values[a]!;
    const there = graph.values[b]!.placement;
    const { step, axis } = op.attrs as { readonly step: BoxingKind; readonly axis: string | null };
    const key = `${placement}>${there} ${dtype}[${shape.join()}] ${step} ${axis} ${keyOf(layouts[a]!)}>${keyOf(layouts[b]!)}`;
    return known.get(key, () => {
      const problem = {
        shape: shape as readonly number[],
        dtype,
        from: placements[placement]!,
        to: placements[there]!,
      };
      const ends = [layouts[a]!, layouts[b]!] as const;
      return Math.round(
        (axis === null ? transferTicks(problem, ends, model) : stepTicks(problem, ends, step, axis, model)) / 1e3,
      );
    });
  };
}

type Moved = Pick<Problem, "shape" | "dtype" | "from" | "to">;
type Ends = readonly [from: Layout, to: Layout];

function transferTicks(moved: Moved, [from, to]: Ends, model: Model): number {
  const edges = edgesOf({ ...moved, model, alphabet: alphabetOf(moved.shape, [from, to]) });
  return edges.transfer(edges.source.place(from)!, edges.target.place(to)!).ticks;
}

/** As the planner counts a collective, without the tables that a search of many takes. */
function stepTicks(
  { shape, dtype, to: placement }: Moved,
  [before, after]: Ends,
  kind: BoxingKind,
  axis: string,
  model: Model,
): number {
  if (kind === "relabel") return 0;
  let ids = 0;
  const places = placesOf(placement, shape, [], () => ids++);
  const [from, to] = [places.place(before)!, places.place(after)!];
  const own = commonTable(placement.ranks.map((_, member) => [member]));
  const most = receives({ kind, axis, from, to }, own).reduce((a, b) => Math.max(a, b), 0) * itemSize[dtype];
  const [memory, link] = [inTicks(model.memory), inTicks(model.axis(placement, axis))];
  const write = memory.alpha + memory.beta * to.largest * itemSize[dtype];
  return write + (most > 0 ? link.alpha + link.beta * most : 0);
}
