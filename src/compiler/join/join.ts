/**
 * @file Joins ops of a task that one kernel call can do in one pass, so that what passes between them is never stored. A run
 * has a head, or none, and a chain. The head is a product of matrices with what is added to it (products.ts), or an op
 * whose kernel can be followed; the chain is element-wise ops that follow it, or one another (chains.ts), and what reduces
 * lines of these (lines.ts). What costs a chain nothing is made again rather than stored (again.ts).
 *
 * Layouts are settled by now, and what ranks compute alone stays what it is, so joining needs no rules. A run takes the
 * place of its last op. It has the bits of its ops one by one, but for the gradient of a weight under a batch, which is
 * summed in another order.
 */
import { count } from "../../graph/dims.ts";
import { itemSize } from "../../ir/dtype.ts";
import type { Op } from "../../ir/graph.ts";
import { localShape } from "../../sbp/boxes.ts";
import { Cache } from "../../sbp/cache.ts";
import { keyOf } from "../../sbp/canonical.ts";
import { type Draft, shapeOf, type TaskDraft } from "../draft.ts";
import { makeAgain } from "./again.ts";
import { findChains } from "./chains.ts";
import { findHeads } from "./heads.ts";
import type { Joined } from "./joined.ts";
import type { JoinSite } from "./site.ts";

export function join(draft: Draft): Draft {
  if (draft.options.joins === false) return draft;
  const { graph } = draft;
  const users: Op[][] = graph.values.map(() => []);
  for (const op of graph.ops) for (const id of op.inputs) users[id]!.push(op);
  const shown = new Set(Object.values(graph.outputs));
  const compute = draft.tasks.filter(({ kind }) => kind === "compute");
  const joined = compute.flatMap((task) => runsOf(draft, task, users, shown));
  return { ...draft, joined: new Map(joined.map((one) => [one.ops.at(-1)!, one])) };
}

function runsOf(draft: Draft, task: TaskDraft, users: JoinSite["users"], shown: JoinSite["shown"]): Joined[] {
  const ops = task.ops.map((id) => draft.graph.ops[id]!);
  const makers = new Map(ops.flatMap((op) => op.outputs.map((id) => [id, op] as const)));
  const site = { draft, ops, makers, users, shown };
  const headed = findHeads({ ...site, taken: new Set() });
  const rest = { ...site, taken: new Set(headed.flatMap(({ ops }) => ops)) };
  return [...headed, ...makeAgain(rest, findChains(rest))];
}

/** Values that are never stored. */
export const unstored = ({ joined }: Pick<Draft, "joined">): ReadonlySet<number> =>
  new Set([...joined.values()].flatMap(({ inner }) => inner));

/** By value the bytes of its largest shard. Values that lie alike are looked at once, as there may be many ranks. */
export function largestShards({ graph, layouts }: Draft): (id: number) => number {
  const known = new Cache<number>();
  return (id) => {
    const value = graph.values[id]!;
    return known.get(`${value.placement} ${value.dtype}[${value.shape.join()}] ${keyOf(layouts[id]!)}`, () => {
      const placement = graph.placements[value.placement]!;
      const shards = placement.ranks.map((_, member) => localShape(layouts[id]!, shapeOf(value), placement, member));
      return itemSize[value.dtype] * Math.max(...shards.map(count));
    });
  };
}

/** Bytes that the ops one by one would read and write, less what joined they do, on the rank with the largest shards. */
export function savedBytes(
  { graph }: Draft,
  { ops, inner, again = [] }: Joined,
  bytes: (id: number) => number,
): number {
  const all = (ids: readonly number[]) => ids.reduce((sum, id) => sum + bytes(id), 0);
  const members = ops.map((id) => graph.ops[id]!);
  const made = (some: readonly Op[]) => some.flatMap(({ outputs }) => outputs);
  const read = (some: readonly Op[]) => some.flatMap(({ inputs }) => [...new Set(inputs)]);
  const once = members.filter(({ id }) => !again.includes(id));
  const moved = new Set([...made(members), ...read(members)].filter((id) => !inner.includes(id)));
  return all(read(once)) + all(made(once)) - all([...moved]);
}
