/** @file The document, and what is looked up in it: who uses what, which node stands for an op, what may be selected. */
import { byId } from "./dom.js";

/**
 * @typedef {import("../types.ts").Explorer} Explorer
 * @typedef {import("../types.ts").Drawing} Drawing
 * @typedef {import("../types.ts").DrawnNode} DrawnNode
 * @typedef {import("../types.ts").OpInfo} OpInfo
 * @typedef {import("../types.ts").TaskInfo} TaskInfo
 *
 * What is selected: an op, a tensor or a task by its place; several of a node, of which one is shown; a firing of a task.
 * @typedef {{ type: "op" | "tensor" | "task", id: number, among?: readonly number[], title?: string,
 *   rank?: number, firing?: { row: number, lane: number, span: number } }} Selection
 */

/** @type {Explorer} */
export const plan = JSON.parse(byId("plan").textContent ?? "");

/** @type {number[][]} */
const ins = plan.tasks.map(() => []);
/** @type {number[][]} */
const outs = plan.tasks.map(() => []);
for (const [i, { from, to }] of plan.registers.entries()) {
  outs[from]?.push(i);
  ins[to]?.push(i);
}
/** Registers that a task reads, and those that it fills. @param {number} task */
export const registersIn = (task) => ins[task] ?? [];
/** @param {number} task */
export const registersOut = (task) => outs[task] ?? [];

/**
 * Ranks of a task; none where it is the host's.
 * @param {TaskInfo} task
 * @returns {readonly number[]}
 */
export const ranksOf = ({ stream, placement }) => (stream === "host" ? [] : (plan.placements[placement]?.ranks ?? []));

/** All ranks. */
export const allRanks = [...new Set(plan.placements.flatMap(({ ranks }) => ranks))].sort((a, b) => a - b);

/**
 * Ranks that exchange data in a boxing task, group by group.
 * @param {TaskInfo} task
 * @returns {number[][]}
 */
export function groupsOf({ placement, collective }) {
  const mesh = plan.placements[placement];
  const at = mesh ? mesh.axes.findIndex(({ name }) => name === collective?.axis) : -1;
  if (!mesh || at < 0) return [];
  const step = mesh.axes.slice(at + 1).reduce((n, { size }) => n * size, 1);
  const size = mesh.axes[at]?.size ?? 1;
  /** @type {Map<number, number[]>} */
  const groups = new Map();
  for (const [member, rank] of mesh.ranks.entries()) {
    const first = member - (Math.floor(member / step) % size) * step;
    groups.set(first, [...(groups.get(first) ?? []), rank]);
  }
  return [...groups.values()];
}

/**
 * What is to be called by name.
 * @param {Selection} selection
 */
export const nameOf = ({ type, id }) =>
  (type === "op" ? plan.ops[id] : type === "task" ? plan.tasks[id] : plan.tensors[id])?.name ?? "";

/**
 * The op that a selection is about: of a tensor the one that makes it, of a task its first.
 * @param {Selection} selection
 */
export const opOf = ({ type, id }) =>
  type === "op" ? id : type === "tensor" ? (plan.tensors[id]?.from ?? -1) : (plan.tasks[id]?.ops[0] ?? -1);

/**
 * The task that it is about.
 * @param {Selection} selection
 */
export const taskOf = (selection) =>
  selection.type === "task" ? selection.id : (plan.ops[opOf(selection)]?.task ?? -1);
