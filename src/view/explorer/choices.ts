/**
 * @file Which ops of the laid-out graph a choice is about. Layouts are chosen before micro-batches are written out: then
 * `fc1.matmul` is `fc1.matmul[0]`, `fc1.matmul[1]` and so on. What these add up to keeps the bare name, and rows that are
 * cut out of what runs once a step have a number too; but no such op was chosen for, and each stands behind what it takes.
 */
import type { LogicalGraph } from "../../ir/graph.ts";
import { groupBy } from "../../ir/group.ts";
import type { Choice } from "../../ir/plan.ts";

/** By op what was chosen for it, and of how many micro-batches that speaks; 0: it runs once a step. */
export function choicesOf(
  { ops }: LogicalGraph,
  choices: readonly Choice[],
): ReadonlyMap<string, readonly [choice: Choice, parts: number]> {
  // Of two choices under one name nothing says which an op is of.
  const alone = [...groupBy(choices, ({ op }) => op)].filter(([, { length }]) => length === 1);
  const of = new Map(alone.map(([op, [choice]]) => [op, choice!]));
  const found = new Map<string, { readonly once: boolean; readonly ops: string[] }>();
  for (const { name } of ops) {
    const once = of.has(name);
    const chosen = once ? name : name.replace(/\[\d+\]$/, "");
    if (!of.has(chosen)) continue;
    const own = found.get(chosen);
    if (!own) found.set(chosen, { once, ops: [name] });
    else if (!own.once && !once) own.ops.push(name);
  }
  return new Map(
    [...found].flatMap(([chosen, { once, ops }]) =>
      ops.map((name) => [name, [of.get(chosen)!, once ? 0 : ops.length]] as const),
    ),
  );
}
