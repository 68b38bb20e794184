/**
 * @file Joins ops of a task that one kernel call can do in one pass, so that what passes between them is never stored: a
 * product of matrices with the bias and the residual that are added to it, and the sum over a batch of products, which is
 * one product with a longer inner dim (the gradient of a weight). Layouts are settled by now, and what ranks compute
 * alone stays what it is, so joining needs no rules. A joined run takes the place of its last op.
 */
import { count } from "../graph/dims.ts";
import { itemSize } from "../ir/dtype.ts";
import type { Op } from "../ir/graph.ts";
import { localShape } from "../sbp/boxes.ts";
import { type Draft, shapeOf, type TaskDraft } from "./draft.ts";

/** Ops that one call does. */
export interface Joined {
  /** A matmul, then perhaps a sum over its leading dims, then what adds a bias or a residual; ids in order. */
  readonly ops: readonly number[];
  /** By op what it adds: the operand that is not the product. Absent for the matmul and the sum. */
  readonly bias?: number;
  readonly residual?: number;
}

export function join(draft: Draft): Draft {
  const users = usersOf(draft);
  const joined = draft.tasks.filter(({ kind }) => kind === "compute").flatMap((task) => joinsOf(draft, task, users));
  return { ...draft, joined: new Map(joined.map((one) => [one.ops.at(-1)!, one])) };
}

/** Values that are never stored: what joined ops give each other. */
export const unstored = ({ graph, joined }: Pick<Draft, "graph" | "joined">): ReadonlySet<number> =>
  new Set([...joined.values()].flatMap(({ ops }) => ops.slice(0, -1).flatMap((op) => graph.ops[op]!.outputs)));

/** Bytes that joining spares the rank with the largest shards: each value that is not stored, written once and read once. */
export function savedBytes({ graph, layouts }: Draft, { ops }: Joined): number {
  const sizes = ops.slice(0, -1).flatMap((op) =>
    graph.ops[op]!.outputs.map((id) => {
      const value = graph.values[id]!;
      const placement = graph.placements[value.placement]!;
      const shards = placement.ranks.map((_, member) => localShape(layouts[id]!, shapeOf(value), placement, member));
      return itemSize[value.dtype] * Math.max(...shards.map(count));
    }),
  );
  return 2 * sizes.reduce((a, b) => a + b, 0);
}

/** The op that uses each value, where there is one alone and the host does not read it. */
function usersOf({ graph }: Draft): readonly (Op | null)[] {
  const users: (Op | null)[] = [];
  for (const op of graph.ops) for (const id of op.inputs) users[id] = users[id] === undefined ? op : null;
  for (const id of Object.values(graph.outputs)) users[id] = null;
  return users;
}

function joinsOf(draft: Draft, { ops }: TaskDraft, users: readonly (Op | null)[]): Joined[] {
  const { graph } = draft;
  const place = new Map(ops.map((op, at) => [op, at]));
  /** How many ops before each place write states: a run must not read a state after such a one has changed it. */
  const writes = [0];
  for (const op of ops) writes.push(writes.at(-1)! + (graph.ops[op]!.writes?.length ? 1 : 0));
  const taken = new Set<number>();
  return ops.flatMap((id): Joined[] => {
    const op = graph.ops[id]!;
    if (taken.has(id) || op.kind !== "matmul" || graph.values[op.outputs[0]!]!.dtype !== "float32") return [];
    const next = (value: number): Op | undefined => {
      const user = users[value];
      const at = user ? place.get(user.id) : undefined;
      return at !== undefined && !taken.has(user!.id) && writes[at] === writes[place.get(id)!] ? user! : undefined;
    };
    const run = runFrom(draft, op, next);
    for (const each of run?.ops ?? []) taken.add(each);
    return run ? [run] : [];
  });
}

/** The run that begins with a matmul, unless that stays alone. */
function runFrom(draft: Draft, matmul: Op, next: (value: number) => Op | undefined): Joined | undefined {
  const shape = (value: number) => shapeOf(draft.graph.values[value]!);
  const ops = [matmul.id];
  let value = matmul.outputs[0]!;
  let user = next(value);
  if (user?.kind === "sum" && sumsProducts(matmul, user, shape)) {
    ops.push(user.id);
    value = user.outputs[0]!;
    user = next(value);
  } else if (!isOneProduct(matmul, shape)) return undefined;
  let bias: number | undefined;
  let residual: number | undefined;
  for (; user?.kind === "add" && String(shape(user.outputs[0]!)) === String(shape(value)); user = next(value)) {
    const other = user.inputs[0] === value ? user.inputs[1]! : user.inputs[0]!;
    if (residual === undefined && String(shape(other)) === String(shape(value))) residual = other;
    else if (bias === undefined && isRow(shape(other), shape(value))) bias = other;
    else break;
    ops.push(user.id);
    value = user.outputs[0]!;
  }
  return ops.length > 1
    ? { ops, ...(bias !== undefined && { bias }), ...(residual !== undefined && { residual }) }
    : undefined;
}

type ShapeOf = (value: number) => readonly number[];

/** Whether it is one product on every rank, the rows of a batch side by side. */
function isOneProduct({ inputs: [a, b], attrs }: Op, shape: ShapeOf): boolean {
  return shape(b!).length === 2 && (shape(a!).length === 2 || !attrs.transposeA);
}

/** Whether the sum is over all products of a batch whose inner dims lie one behind the other in memory. */
function sumsProducts({ inputs: [a, b], outputs: [y], attrs }: Op, sum: Op, shape: ShapeOf): boolean {
  const lead = [a!, b!, y!].map((value) => String(shape(value).slice(0, -2)));
  const dims = sum.attrs.dims as readonly number[];
  const all = shape(y!).slice(0, -2);
  const whole = dims.length === all.length && dims.every((dim, i) => dim === i);
  return attrs.transposeA === true && !attrs.transposeB && lead[0] === lead[1] && whole && !sum.attrs.keep;
}

/** One row that is added to each. */
const isRow = (shape: readonly number[], to: readonly number[]): boolean =>
  shape.length > 0 && shape.at(-1) === to.at(-1) && shape.slice(0, -1).every((n) => n === 1);
