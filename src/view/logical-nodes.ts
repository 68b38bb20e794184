/** @file The nodes of a logical graph's picture, and the frames in which they stand. */
import type { LogicalGraph } from "../ir/graph.ts";
import { groupBy } from "../ir/group.ts";
import { showPlacement } from "../ir/placement.ts";
import type { PlanData } from "../ir/plan.ts";
import { localParts, type Spot, titleOf } from "./blocks.ts";
import { describe } from "./logical-text.ts";
import { type Phase, phases } from "./phase.ts";
import type { PictureCluster, PictureNode } from "./picture.ts";
import type { Toner } from "./tone.ts";

/** A node, with all that it stands for. */
export interface Drawn extends PictureNode {
  readonly inside: string;
  readonly spots: readonly Spot[];
  /** The blocks that its frame stands for. */
  readonly times: number;
}

/** Placements, where there are several, the phases on each, in these the blocks; and the innermost frame of a spot. */
export function framesOf(graph: LogicalGraph, spots: readonly Spot[], phase: readonly Phase[]) {
  const clusters: PictureCluster[] = [];
  const innermost = new Map<Spot, string>();
  const several = graph.placements.length > 1;
  for (const [i, placement] of graph.placements.entries()) {
    const here = spots.filter(({ op }) => graph.values[op.outputs[0]!]!.placement === i);
    const outer = several ? `placement${i}` : null;
    if (outer) clusters.push({ id: outer, kind: "placement", text: [showPlacement(placement)], inside: null });
    for (const p of phases) {
      const inPhase = here.filter(({ op }) => phase[op.id] === p);
      const id = `${p}${i}`;
      if (inPhase.length) clusters.push({ id, kind: "phase", text: [p], inside: outer });
      const within = (group: readonly Spot[], level: number, around: string) => {
        for (const spot of group) innermost.set(spot, around);
        const framed = group.filter(({ frames }) => frames.length > level);
        for (const [nth, same] of [...groupBy(framed, ({ frames }) => frames[level]!.name).values()].entries()) {
          const copies = [...new Set(same.map((spot) => spot.copies[level]!))];
          const inner = `${around}_${nth}`;
          const kind = copies.length > 1 ? "blocks" : "block";
          clusters.push({ id: inner, kind, text: [titleOf(copies)], inside: around });
          within(same, level + 1, inner);
        }
      };
      within(inPhase, 0, id);
    }
  }
  return { clusters, frameOf: (spot: Spot) => innermost.get(spot)! };
}

/** One node for all ops that are called the same in a frame, and say the same. */
export function nodesOf(
  plan: PlanData,
  spots: readonly Spot[],
  frameOf: (spot: Spot) => string,
  toner: Toner,
): Drawn[] {
  const said = spots.map((spot) => {
    const local = localParts(spot).join(".");
    return { spot, local, inside: frameOf(spot), ...describe(plan, spot.op, local) };
  });
  const blocks = groupBy(said, ({ inside }) => inside);
  const times = (of: readonly { readonly spot: Spot }[]) => new Set(of.map(({ spot }) => spot.copies.join())).size;
  const all = new Map([...blocks].map(([inside, of]) => [inside, times(of)]));
  const same = groupBy(said, ({ local, inside, text }) => JSON.stringify([inside, local, text]));
  return [...same.values()].map((group): Drawn => {
    const { inside, kind, text, spot } = group[0]!;
    const [n, of] = [times(group), all.get(inside)!];
    const micros = new Set(group.map((each) => each.spot.micro)).size;
    const lines = [
      ...text,
      ...(n < of ? [`in ${n} of ${of}`] : []),
      ...(micros > 1 ? [`${micros} micro-batches`] : []),
    ];
    const ops = group.map((each) => each.spot.op.name);
    return {
      id: `op${spot.op.id}`,
      kind,
      tone: toner.ops(ops.slice(0, 1)),
      text: [lines],
      inside,
      ops,
      spots: group.map((each) => each.spot),
      times: of,
    };
  });
}
