/**
 * @file The logical graph as a picture: ops are boxes, tensors edges with type and layout, boxing steps are hexagons
 * that say what they move. Optimizer moments are left out as nodes, the update that keeps them names them.
 */
import { showType } from "../ir/dtype.ts";
import type { LogicalGraph, Op } from "../ir/graph.ts";
import { type Layout, showLayout } from "../ir/layout.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import type { PlanData } from "../ir/plan.ts";
import { opChange, stepOf } from "./boxing-text.ts";
import { cluster, digraph, edge, label, node } from "./dot.ts";
import { bytes } from "./format.ts";
import { type Phase, phases, phasesOf, usersOf } from "./phase.ts";
import { clusterStyle, faint, paint, tints } from "./style.ts";

/** DOT of the plan's laid-out graph. The same plan gives the same bytes. */
export function logicalDot(plan: PlanData): string {
  const { graph } = plan;
  const phase = phasesOf(graph);
  const hidden = new Set(graph.ops.filter((op) => isMoment(graph, op)).map((op) => op.id));
  const shown = graph.ops.filter((op) => !hidden.has(op.id));
  const parts = graph.placements.map((placement, i) => {
    const here = shown.filter((op) => graph.values[op.outputs[0]!]!.placement === i);
    const clusters = phases.flatMap((p) => {
      const nodes = here.filter((op) => phase[op.id] === p).map((op) => opNode(plan, op));
      return nodes.length ? [phaseCluster(p, i, nodes)] : [];
    });
    return graph.placements.length > 1 ? [placementCluster(placement, i, clusters)] : clusters;
  });
  const title = `${plan.name} · logical graph on ${graph.placements.map(meshText).join(", ")}`;
  const legend = "an edge is a tensor; an axis that its layout does not name holds it whole (B)";
  return digraph(label(title, legend), { rankdir: "TB", nodesep: 0.35, ranksep: 0.35 }, [
    ...parts.flat(),
    ...outputNodes(graph),
    ...shown.flatMap((op) => tensorEdges(plan, op, phase)),
    ...shown.flatMap((op) => writeEdges(graph, op)),
  ]);
}

const id = (op: Op): string => `op${op.id}`;
const meshText = ({ device, axes }: PlacementData): string =>
  `${device} {${axes.map((a) => `${a.name}: ${a.size}`).join(", ")}}`;

/** Not a parameter: only updates read and write it. The step counter, which no update owns, stays. */
const isMoment = (graph: LogicalGraph, op: Op): boolean =>
  op.kind === "state" && graph.states.some((s) => s.name === op.attrs.state && s.follows !== undefined);

const phaseCluster = (phase: Phase, placement: number, nodes: readonly string[]) =>
  cluster(`${phase}${placement}`, clusterStyle(phase, 12), nodes);
const placementCluster = (placement: PlacementData, index: number, statements: readonly string[]) =>
  cluster(`placement${index}`, clusterStyle(showPlacement(placement), 13), statements);
function opNode(plan: PlanData, op: Op): string {
  const { graph } = plan;
  const value = graph.values[op.outputs[0]!]!;
  const typed = `${showType(value)} ${layoutText(plan.layouts[value.id]!)}`;
  switch (op.kind) {
    case "input":
      return node(id(op), { label: label(op.name, `input · ${typed}`), shape: "invhouse", ...paint("port") });
    case "state": {
      const kind = graph.states.find((s) => s.name === op.attrs.state)?.kind ?? "state";
      return node(id(op), { label: label(op.name, `${kind} · ${typed}`), shape: "cylinder", ...paint("state") });
    }
    case "boxing": {
      const { step, axis } = stepOf(op);
      const moved = bytesOf(plan, op);
      const text = label(
        [step, ...(axis === null ? [] : [axis])].join(" · "),
        [opChange(plan, op), ...(moved === undefined ? [] : [bytes(moved)])].join(" · "),
      );
      return node(id(op), { label: text, shape: "hexagon", margin: "0.02,0.03", ...paint("boxing") });
    }
    default: {
      const kept = (op.writes ?? []).flatMap((state) => (state === null ? [] : [state.split(".").at(-1)!]));
      const second = kept.length > 1 ? `${op.kind} · keeps ${kept.slice(1).join(", ")}` : op.kind;
      const text = op.name === op.kind ? label(op.name) : label(op.name, second);
      return node(id(op), {
        label: text,
        shape: "box",
        style: "rounded,filled",
        margin: "0.14,0.05",
        ...paint("compute"),
      });
    }
  }
}

/** `{data: S(0)}`; B when every rank holds all of it. */
const layoutText = (layout: Layout): string => (layout.length ? showLayout(layout) : "B");

/** What a boxing op moves between ranks; unknown where its task does several at once and the op does not say. */
function bytesOf({ tasks, collectives }: PlanData, op: Op): number | undefined {
  if (typeof op.attrs.bytes === "number") return op.attrs.bytes;
  const task = tasks.find(({ ops }) => ops.includes(op.name));
  return task?.ops.length === 1 ? collectives.find((c) => c.task === task.id)?.bytes : undefined;
}

const outputNodes = (graph: LogicalGraph): string[] =>
  Object.keys(graph.outputs).map((name) =>
    node(`out ${name}`, { label: label(name, "output"), shape: "house", ...paint("port") }),
  );

/** A tensor is labelled once for each part of the step that uses it; states and inputs say in their node what they are. */
function tensorEdges(plan: PlanData, op: Op, phase: readonly Phase[]): string[] {
  const { graph, layouts } = plan;
  const users = usersOf(graph);
  const named = op.kind === "state" || op.kind === "input";
  return op.outputs.flatMap((value) => {
    const type = graph.values[value]!;
    const text = label(showType(type), layoutText(layouts[value]!));
    const labelled = new Set<Phase>();
    const to = users[value]!.filter((user) => !(op.kind === "state" && user.writes?.includes(String(op.attrs.state))));
    const inside = to.map((user) => {
      const plain = named || (type.shape.length === 0 && phase[user.id] === "optimizer");
      const said = plain || labelled.has(phase[user.id]!) ? undefined : text;
      labelled.add(phase[user.id]!);
      return edge(id(op), id(user), { label: said, color: faint });
    });
    const out = Object.entries(graph.outputs)
      .filter(([, output]) => output === value)
      .map(([name]) => edge(id(op), `out ${name}`, { label: labelled.size ? undefined : text, color: faint }));
    return [...inside, ...out];
  });
}

/** From an update back to the states that it writes in place. */
function writeEdges(graph: LogicalGraph, op: Op): string[] {
  const written = new Set(op.writes?.filter((state) => state !== null));
  return graph.ops
    .filter((source) => source.kind === "state" && written.has(String(source.attrs.state)))
    .filter((source) => !isMoment(graph, source))
    .map((source) => edge(id(op), id(source), { style: "dashed", color: tints.state.line, constraint: "false" }));
}
