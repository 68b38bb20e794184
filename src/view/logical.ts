/**
 * @file The logical graph as a picture: ops are boxes, tensors edges with type and layout, boxing steps are hexagons
 * that say what they move. Optimizer moments are left out as nodes, the update that keeps them names them. Of equal blocks
 * one is drawn; what is not alike in all of them says in how many it is.
 */
import type { Op } from "../ir/graph.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { PlanData } from "../ir/plan.ts";
import { spotsOf, startOf } from "./blocks.ts";
import { checkExpand, type Expand, expandedBy } from "./expand.ts";
import { logicalEdges } from "./logical-edges.ts";
import { type Drawn, framesOf, nodesOf } from "./logical-nodes.ts";
import { joinModules } from "./modules.ts";
import { phasesOf } from "./phase.ts";
import type { Picture, PictureNode } from "./picture.ts";
import { tonerOf } from "./tone.ts";

/** With more ops than these, equal blocks are drawn once and large frames by module. */
const manyOps = 150;

/** The plan's laid-out graph. Throws SluiceError SL7001 for a name in `expand` that no module has. */
export const logicalPicture = (plan: PlanData, expand?: Expand): Picture => logicalPictures(plan, expand).picture;

/** The picture, and the same with a node for each op where it has modules. */
export function logicalPictures(
  plan: PlanData,
  expand?: Expand,
): { readonly picture: Picture; readonly byOp: () => Picture } {
  const { graph } = plan;
  const phase = phasesOf(graph);
  // Not parameters: only updates read and write them. The step counter, which no update owns, stays.
  const moments = new Set(graph.states.flatMap(({ name, follows }) => (follows === undefined ? [] : [name])));
  const shown = graph.ops.filter(({ kind, attrs }) => !(kind === "state" && moments.has(String(attrs.state))));
  const whole = expand === "all" || (expand === undefined && shown.length <= manyOps);
  if (Array.isArray(expand)) checkExpand(shown, expand);
  const expanded = expandedBy(Array.isArray(expand) ? expand : []);
  const isForward = (op: Op) => phase[op.id] === "forward";
  const spots = whole ? shown.map(startOf) : spotsOf(graph, shown, isForward, expanded);

  const { clusters, frameOf } = framesOf(graph, spots, phase);
  const toner = tonerOf(plan);
  const single = nodesOf(plan, spots, frameOf, toner);
  const outputs = Object.entries(graph.outputs).map(([name, value], i): PictureNode => {
    const tone = toner.values([value]);
    return { id: `out${i}`, kind: "output", tone, text: [[name, "output"]], inside: null, ops: [] };
  });
  const legend = [
    "a fill is the layout of what an op gives",
    "an edge is a tensor, with the bytes of it that a rank holds; an axis that is not named holds all of it (B)",
  ];
  if (!whole)
    legend.push("of equal blocks one is drawn, in a large picture a module is one box: { expand } draws them whole");
  const pictureOf = (drawn: readonly Drawn[]): Picture => {
    const nodes = [...drawn.map(({ spots: _, times: __, ...node }) => node), ...outputs];
    const edges = logicalEdges(plan, drawn, phase, !whole, toner);
    return {
      graph: "logical",
      text: [`${plan.name} · logical graph on ${graph.placements.map(meshText).join(", ")}`, legend.join(" · ")],
      legend: toner.legend(new Set([...nodes, ...edges].map(({ tone }) => tone))),
      clusters,
      nodes,
      edges,
      rows: [],
      columns: [],
    };
  };
  const joined = () => joinModules(plan, single, expanded, toner);
  return { picture: pictureOf(whole ? single : joined()), byOp: () => pictureOf(single) };
}

const meshText = ({ device, axes }: PlacementData): string =>
  `${device} {${axes.map((a) => `${a.name}: ${a.size}`).join(", ")}}`;
