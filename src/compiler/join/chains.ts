/**
 * @file Finds element-wise ops that follow one another on tensors of one local shape. From an op on, those after it that take
 * what the run has made belong to it, until one that does not fit takes it too: nobody outside may use a value of a run
 * before the run's place, which is that of its last op. What comes in may be repeated along dims.
 */
import { opDef } from "../../graph/registry.ts";
import type { Op } from "../../ir/graph.ts";
import { keyOf } from "../../sbp/canonical.ts";
import { type Draft, shapeOf } from "../draft.ts";
import type { Chain, JoinSite } from "./join.ts";

/** Operands that the kernel `chain` takes, those that are never stored included. */
const mostOperands = 32;
/** How many other ops may stand between two of a run: what it takes is kept until its place. */
const mostBetween = 16;

export function findChains(site: JoinSite): Chain[] {
  const taken = new Set(site.taken);
  return site.ops.flatMap((op, at): Chain[] => {
    if (taken.has(op.id) || !fits(op)) return [];
    const ops = chainFrom(site, at, taken);
    if (ops.length < 2) return [];
    for (const { id } of ops) taken.add(id);
    const members = new Set(ops.map(({ id }) => id));
    const alone = (value: number) => !site.shown.has(value) && site.users[value]!.every(({ id }) => members.has(id));
    const inner = ops.slice(0, -1).flatMap(({ outputs }) => outputs.filter(alone));
    return [{ kind: "chain", ops: ops.map(({ id }) => id), inner }];
  });
}

function chainFrom({ draft, ops }: JoinSite, at: number, taken: ReadonlySet<number>): Op[] {
  const run = [ops[at]!];
  const like = typeOf(draft, run[0]!);
  const operands = new Set([...run[0]!.inputs, ...run[0]!.outputs]);
  const made = new Set(run[0]!.outputs);
  let between = 0;
  for (const op of ops.slice(at + 1)) {
    if (writes(op)) break;
    if (!op.inputs.some((id) => made.has(id))) {
      if (++between > mostBetween) break;
      continue;
    }
    if (taken.has(op.id) || !fits(op) || typeOf(draft, op) !== like) break;
    for (const id of [...op.inputs, ...op.outputs]) operands.add(id);
    if (operands.size > mostOperands) break;
    for (const id of op.outputs) made.add(id);
    run.push(op);
    between = 0;
  }
  return run;
}

const writes = (op: Op) => op.writes?.some((state) => state !== null) ?? false;
const fits = (op: Op) => !writes(op) && op.kind !== "boxing" && opDef(op.kind).elementwise !== undefined;

/** Ops whose text is one have results of one shape on every rank. */
const typeOf = ({ graph, layouts }: Draft, { outputs: [y] }: Op) =>
  `${shapeOf(graph.values[y!]!)} ${keyOf(layouts[y!]!)}`;
