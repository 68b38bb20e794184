/**
 * @file How long the tasks of a plan take on each rank by the models that the compiler chose by: an op by the roofline of
 * its rank's device on its local extents, a boxing step by the α-β model, as long on all ranks as on the busiest.
 */
import { InternalError } from "../ir/errors.ts";
import type { Op } from "../ir/graph.ts";
import type { PlanData, TaskTemplate } from "../ir/plan.ts";
import { localShape } from "../sbp/boxes.ts";
import { Cache } from "../sbp/cache.ts";
import { keyOf } from "../sbp/canonical.ts";
import { edgesOf } from "../sbp/edges.ts";
import type { Model } from "../sbp/link.ts";
import type { LocalType } from "../sbp/rule.ts";
import { alphabetOf } from "../sbp/search.ts";
import type { Machine } from "./machine.ts";
import { computeTime, picoseconds } from "./work.ts";

export type Speed = Pick<Machine, "flops" | "bandwidth">;

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

/** The step that the op is, looked up among those out of its layout; femtoseconds there, picoseconds here. */
function boxing({ graph, layouts, placements }: PlanData, model: Model) {
  const known = new Cache<number>();
  return (op: Op): number => {
    const [a, b] = [op.inputs[0]!, op.outputs[0]!];
    const { shape, dtype, placement } = graph.values[a]!;
    const there = graph.values[b]!.placement;
    const { step, axis } = op.attrs;
    const key = `${placement}>${there} ${dtype}[${shape.join()}] ${step} ${axis} ${keyOf(layouts[a]!)}>${keyOf(layouts[b]!)}`;
    return known.get(key, () => {
      const whole = shape as readonly number[];
      const [from, to] = [placements[placement]!, placements[there]!];
      const alphabet = alphabetOf(whole, [layouts[a]!, layouts[b]!]);
      const edges = edgesOf({ shape: whole, dtype, from, to, model, alphabet });
      const [source, target] = [edges.source.place(layouts[a]!)!, edges.target.place(layouts[b]!)!];
      const found =
        axis === null
          ? edges.transfer(source, target)
          : edges.collectives(source).find((edge) => edge.kind === step && edge.axis === axis && edge.to === target);
      if (!found) throw new InternalError(`"${op.name}" is no step from ${source.key} to ${target.key}`);
      return Math.round(found.ticks / 1e3);
    });
  };
}
