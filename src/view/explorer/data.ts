/**
 * @file The plan explorer's document: a plan, its pictures laid out, and a run of it, as one piece of JSON. The same plan
 * and options give the same document.
 */
import type { PlanData } from "../../ir/plan.ts";
import { launchOrder } from "../../ir/schedule.ts";
import { type SimulateOptions, virtualRun } from "../../simulate.ts";
import type { Expand } from "../expand.ts";
import { bytes, count, seconds } from "../format.ts";
import { logicalPictures } from "../logical.ts";
import { foldedPicture } from "../physical-folded.ts";
import type { Picture } from "../picture.ts";
import { tonerOf } from "../tone.ts";
import { drawingOf } from "./drawing.ts";
import { measuredRun, type Traced } from "./measured.ts";
import { opsOf } from "./ops.ts";
import { partsOf } from "./parts.ts";
import { memoryOf, registersOf, tasksOf } from "./tasks.ts";
import { tensorsOf } from "./tensors.ts";
import { timelineInfo } from "./timeline.ts";
import type { Drawing, Explorer, TimelineInfo } from "./types.ts";

export interface ExplorerOptions {
  readonly graph?: "logical" | "physical";
  readonly expand?: Expand;
  readonly trace?: Traced;
  readonly simulate?: SimulateOptions;
}

/** Tasks that a picture may have before those of equal blocks are drawn once. */
const manyTasks = 40;
/** Steps that are simulated unless told otherwise: one that begins, one within, one that ends. */
const defaultSteps = 3;

export async function explorerData(plan: PlanData, options: ExplorerOptions = {}): Promise<Explorer> {
  const order = launchOrder(plan);
  const place = new Map(order.map(({ id }, i) => [id, i]));
  const opOf = new Map(plan.graph.ops.map(({ name }, i) => [name, i]));
  const taskOf = new Map(order.flatMap(({ ops }, i) => ops.map((op) => [op, i] as const)));
  const timeline = timelineOf(plan, options, place);
  const { tensors, shards } = tensorsOf(plan);

  const toner = tonerOf(plan);
  const tasks = tasksOf(plan, order, opOf, toner);

  const opsIn = ({ ops }: { readonly ops: readonly string[] }) => ops.flatMap((op) => opOf.get(op) ?? []);
  const none = () => [];
  const { picture, byOp } = logicalPictures(plan, options.expand);
  const { parts, opens } = partsOf(picture, byOp());
  const draw = (of: Picture, outside?: ReadonlySet<string>) =>
    drawingOf(of, { ops: opsIn, tasks: none, opens: new Map(), ...(outside && { outside }) });
  const drawn: [string, Drawing][] = [];
  for (const [name, part] of parts) drawn.push([name, await draw(part.picture, part.outside)]);
  const physical = foldedPicture(plan, plan.tasks.length > manyTasks);
  const tasksIn = (node: { readonly id: string; readonly ops: readonly string[] }) => {
    const first = place.get(Number(/\d+/.exec(node.id)![0]))!;
    return [...new Set([first, ...node.ops.map((op) => taskOf.get(op)!)])].sort((a, b) => a - b);
  };
  return {
    format: "sluice-explorer",
    version: 1,
    name: plan.name,
    hash: plan.hash,
    view: options.graph ?? "logical",
    facts: factsOf(plan, timeline),
    traffic: trafficOf(plan),
    placements: plan.placements,
    memory: memoryOf(plan),
    limit: plan.limit.bytes,
    ops: opsOf(plan, taskOf),
    tensors,
    shards,
    tasks,
    legend: toner.legend(new Set(tasks.map(({ tone }) => tone))),
    registers: registersOf(plan, place),
    logical: await drawingOf(picture, { ops: opsIn, tasks: none, opens }),
    physical: await drawingOf(physical, { ops: opsIn, tasks: tasksIn, opens: new Map() }),
    parts: Object.fromEntries(drawn),
    timeline,
  };
}

function timelineOf(
  plan: PlanData,
  { trace, simulate }: ExplorerOptions,
  place: ReadonlyMap<number, number>,
): TimelineInfo {
  if (trace !== undefined) {
    const { timeline, run } = measuredRun(plan, trace);
    return timelineInfo(plan, timeline, run, place);
  }
  const { timeline, steps } = virtualRun(plan, { steps: defaultSteps, ...simulate });
  const text = `simulated: ${steps} step${steps > 1 ? "s" : ""} on modelled devices and links`;
  return timelineInfo(plan, timeline, { measured: false, text, first: 0 }, place);
}

function trafficOf({ collectives }: PlanData): [string, number][] {
  const by = new Map<string, number>();
  for (const { axis = "transfers", bytes } of collectives) by.set(axis, (by.get(axis) ?? 0) + bytes);
  return [...by];
}

function factsOf(plan: PlanData, timeline: TimelineInfo): [string, string][] {
  const parameters = plan.states.filter(({ kind }) => kind === "param");
  const elements = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const moved = plan.collectives.reduce((sum, collective) => sum + collective.bytes, 0);
  const most = Math.max(...plan.memory.map((rank) => rank.bytes));
  const { rows, steps, end } = timeline;
  const perStep = steps.length > 1 ? (steps.at(-1)! - steps[0]!) / (steps.length - 1) : end;
  const ranks = rows.reduce((sum, row) => sum + row.ranks.length, 0);
  const share = (of: (row: TimelineInfo["rows"][number]) => number) => {
    const sum = rows.reduce((total, row) => total + row.ranks.length * of(row), 0);
    return `${((100 * sum) / (ranks * end || 1)).toFixed(1)} %`;
  };
  return [
    ["ranks", count(plan.memory.length)],
    ["ops", count(plan.graph.ops.length)],
    ["tasks on a rank", count(plan.tasks.filter(({ stream }) => stream !== "host").length)],
    ["parameters", count(elements)],
    ["memory of a rank", `${bytes(most)} of ${bytes(plan.limit.bytes)}`],
    ["between ranks, a step", bytes(moved)],
    ["a step takes", seconds(perStep)],
    ["computing", share((row) => row.compute)],
    ["exposed communication", share((row) => row.exposed)],
    ["bubble", share((row) => Math.max(0, end - row.compute - row.exposed))],
  ];
}
