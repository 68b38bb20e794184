/**
 * @file Ops that are made again in every chain that takes their result, so that it is never stored: those that cost a chain
 * next to nothing and take one whole tensor, which is read instead. So x less its mean is no tensor of its own, wherever it
 * is used, and no memory is kept for it until the backward pass. What such an op takes may be made again too.
 *
 * Values of states are left alone: they may have changed where a chain stands.
 */
import { sameShape } from "../../graph/dims.ts";
import type { Op } from "../../ir/graph.ts";
import { producers, shapeOf } from "../draft.ts";
import { fits, mostOperands, typeOf } from "./chains.ts";
import type { Joined } from "./joined.ts";
import { evenLines, lineDims } from "./lines.ts";
import type { JoinSite } from "./site.ts";

const cheap: ReadonlySet<string> = new Set(["add", "sub", "mul", "affine", "neg"]);
/** How many ops may be made again for one result. */
const mostAgain = 4;

/** The chains with what each makes again. Ops that are taken belong to runs with a head. */
export function makeAgain(site: JoinSite, chains: readonly Joined[]): Joined[] {
  const { draft, ops, taken, users, shown, makers } = site;
  const made = producers(draft.graph);
  const place = new Map(ops.map(({ id }, at) => [id, at]));
  const whole = (value: number) => shapeOf(draft.graph.values[value]!);
  const isState = (value: number): boolean => {
    const { kind, inputs } = made[value]!;
    return kind === "state" || (kind === "boxing" && isState(inputs[0]!));
  };
  let runs = chains.map(({ ops }) => ops.map((id) => draft.graph.ops[id]!));
  /** By a value that is made again the ops that make it. */
  const recipes = new Map<number, readonly Op[]>();

  /** Whether a value need not be stored: wherever it is taken it is made too. */
  const hidden = (value: number, among: readonly (readonly Op[])[]): boolean => {
    const maker = makers.get(value);
    const where = (user: Op) => among.filter((run) => run.includes(user));
    return (
      maker !== undefined &&
      !shown.has(value) &&
      users[value]!.every((user) => where(user).length > 0 && where(user).every((run) => run.includes(maker)))
    );
  };
  const innerOf = (run: readonly Op[], among: readonly (readonly Op[])[]) =>
    run.slice(0, -1).flatMap(({ outputs }) => outputs.filter((id) => hidden(id, among)));
  /** In order, without what is made again for nobody. */
  const tidy = (members: Iterable<Op>): Op[] => {
    const run = [...new Set(members)].sort((a, b) => place.get(a.id)! - place.get(b.id)!);
    const idle = run.find(({ outputs: [y] }) => recipes.has(y!) && !run.some(({ inputs }) => inputs.includes(y!)));
    return idle ? tidy(run.filter((op) => op !== idle)) : run;
  };
  /** Whether the op may stand in a chain of tensors of this type. */
  const joins = (op: Op, type: string) =>
    !taken.has(op.id) && place.has(op.id) && (lineDims(draft, op) > 0 || (fits(op) && typeOf(draft, op) === type));
  const possible = (run: readonly Op[], among: readonly (readonly Op[])[]): boolean => {
    const operands = new Set(run.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
    const reduces = run.some((op) => lineDims(draft, op) > 0);
    return operands.size <= mostOperands && (!reduces || evenLines(draft, run, innerOf(run, among)));
  };

  for (const op of ops) {
    const y = op.outputs[0]!;
    const type = typeOf(draft, op);
    if (!cheap.has(op.kind) || !joins(op, type) || shown.has(y) || hidden(y, runs)) continue;
    const [from, ...more] = new Set(op.inputs.filter((id) => sameShape(whole(id), whole(y))));
    if (from === undefined || more.length || op.inputs.some(isState)) continue;
    const before = recipes.get(from) ?? [];
    if (before.length === mostAgain || (before.length === 0 && hidden(from, runs))) continue;
    if (!users[y]!.every((user) => joins(user, type))) continue;
    const recipe = [...before, op];
    const takes = (run: readonly Op[]) => run.some(({ inputs }) => inputs.includes(y));
    const alone = users[y]!.filter((user) => !runs.some((run) => run.includes(user))).map((user) => [user]);
    recipes.set(y, recipe);
    const next = [...runs, ...alone].map((run) => (takes(run) ? tidy([...recipe, ...run]) : tidy(run)));
    if (next.every((run) => !takes(run) || possible(run, next))) runs = next.filter((run) => run.length > 1);
    else recipes.delete(y);
  }
  const counted = new Set<number>();
  return runs
    .sort((a, b) => place.get(a.at(-1)!.id)! - place.get(b.at(-1)!.id)!)
    .map((run) => {
      const ids = run.map(({ id }) => id);
      const again = ids.filter((id) => counted.has(id));
      for (const id of ids) counted.add(id);
      return { ops: ids, head: 0, inner: innerOf(run, runs), ...(again.length && { again }) };
    });
}
