/** @file What the tasks and the ranks of a physical plan say in pictures. */
import type { Collective, PlanData, TaskTemplate } from "../ir/plan.ts";
import { coordinates, group } from "../sbp/mesh.ts";
import { changeOf } from "./boxing-text.ts";
import { bytes, fill, ranges, shorten, tally } from "./format.ts";
import type { NodeKind } from "./picture.ts";

const opLimit = 8;
/** Characters in a line of a task. */
const width = 34;

/** What a task is and says, in fields. `order` is its place in the launch order, as text. */
export function taskText(
  plan: PlanData,
  task: TaskTemplate,
  rank: number,
  order: string,
): { readonly kind: NodeKind; readonly text: string[][] } {
  if (task.kind === "source" || task.kind === "sink") return { kind: task.kind, text: [hostText(plan, task)] };
  if (task.kind === "boxing") return { kind: "collective", text: [boxingText(plan, task, rank, order)] };
  return { kind: task.stream === "comm" ? "transfer" : "task", text: computeText(task, rank, order) };
}

const collectiveOf = (plan: PlanData, task: TaskTemplate): Collective | undefined =>
  plan.collectives.find((c) => c.task === task.id);

function hostText(plan: PlanData, { kind }: TaskTemplate): string[] {
  const held = (kind === "source" ? plan.inputs : plan.outputs).map(({ name, buffer }) => {
    const { bytes: size, slots } = plan.buffers[buffer]!;
    return `${name} ${bytes(size)} × ${slots}`;
  });
  return [`host · ${kind}`, [...held, "on each rank"].join(", ")];
}

function computeText(task: TaskTemplate, rank: number, order: string): string[][] {
  const kept = task.ops.length > opLimit + 1 ? opLimit : task.ops.length;
  const ops = task.ops.slice(0, kept).map((op) => shorten(op, width));
  const more = task.ops.length > kept ? [`… ${task.ops.length - kept} more`] : [];
  return [[`${order} · ${task.stream}`], [...ops, ...more], fill(kernelsOf(task, rank), width)];
}

/** `gemm ×2`: the kernels that a task calls on a rank. */
export function kernelsOf(task: TaskTemplate, rank: number): string[] {
  const calls = task.classes.find(({ ranks }) => ranks.includes(rank))?.program ?? [];
  return tally(calls.map((call) => call.kernel)).map(([name, n]) => (n > 1 ? `${name} ×${n}` : name));
}

function boxingText(plan: PlanData, task: TaskTemplate, rank: number, order: string): string[] {
  const collective = collectiveOf(plan, task);
  const { ranks } = plan.placements[task.placement]!;
  const member = ranks.indexOf(rank);
  const peers = groupsOf(plan, task).find((members) => members.includes(member)) ?? [];
  return [
    [order, collective?.kind ?? "boxing", ...(collective?.axis === undefined ? [] : [collective.axis])].join(" · "),
    changeOf(plan, task),
    `${peers.length ? `ranks ${ranges(peers.map((m) => ranks[m]!))}: ` : ""}${bytes(collective?.received[member] ?? 0)} in`,
  ];
}

/** The members of each group that a boxing task runs in; a transfer's edges say themselves who takes from whom. */
export function groupsOf(plan: PlanData, task: TaskTemplate): readonly (readonly number[])[] {
  const placement = plan.placements[task.placement]!;
  const axis = collectiveOf(plan, task)?.axis;
  if (axis === undefined) return [];
  return placement.ranks.map((_, member) => group(placement, member, axis)).filter((members, m) => members[0] === m);
}

/** `data 0, model 1`: where a rank stands in each mesh that it is in. */
export function placeOf(plan: PlanData, rank: number): string[] {
  const meshes = plan.placements.filter(({ ranks }) => ranks.includes(rank));
  const at = meshes.map((mesh) => {
    const places = coordinates(mesh, mesh.ranks.indexOf(rank));
    return places.map((index, i) => `${mesh.axes[i]!.name} ${index}`).join(", ");
  });
  return [...new Set(at)];
}
