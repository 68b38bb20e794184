/**
 * @file Finds element-wise ops that follow one another on tensors of one local shape. From an op on, those after it that take
 * what the run has made belong to it, until one that does not fit takes it too: nobody outside may use a value of a run
 * before the run's place, which is that of its last op. What comes in may be repeated along dims. What reduces the last
 * dims belongs to it too (lines.ts), and nobody in it takes that.
 */
import { opDef } from "../../graph/registry.ts";
import { isHalf } from "../../ir/dtype.ts";
import type { Op } from "../../ir/graph.ts";
import { keyOf } from "../../sbp/canonical.ts";
import { type Draft, shapeOf } from "../draft.ts";
import type { Joined } from "./joined.ts";
import { evenLines, lineDims } from "./lines.ts";
import type { JoinSite } from "./site.ts";

/** Operands that the kernel `chain` takes, those that are never stored included. */
export const mostOperands = 32;
/** How many other ops may stand between two of a run: what it takes is kept until its place. */
const mostBetween = 16;

export function findChains(site: JoinSite): Joined[] {
  const taken = new Set(site.taken);
  return site.ops.flatMap((op, at): Joined[] => {
    if (taken.has(op.id) || !fits(op)) return [];
    const run = [op, ...chainAfter({ ...site, taken }, at, [...op.inputs, ...op.outputs], { lines: true })];
    if (run.length < 2) return [];
    const ops = run.map(({ id }) => id);
    for (const id of ops) taken.add(id);
    return [{ ops, head: 0, inner: innerOf(site, run) }];
  });
}

/** What a run gives nobody but itself, and is not its result. */
export function innerOf({ users, shown }: JoinSite, run: readonly Op[]): number[] {
  const alone = (value: number) => !shown.has(value) && users[value]!.every((user) => run.includes(user));
  return run.slice(0, -1).flatMap(({ outputs }) => outputs.filter(alone));
}

interface ChainOptions {
  /** Whether the chain may take a value from outside. */
  readonly allows?: (value: number) => boolean;
  /** Whether what reduces lines may belong to it. */
  readonly lines?: boolean;
}

/** Ops that go on with what the op at a place has made. `takes` are the operands of the chain so far. */
export function chainAfter(
  site: JoinSite,
  at: number,
  takes: readonly number[],
  { allows = () => true, lines = false }: ChainOptions = {},
): Op[] {
  const { draft, ops, taken } = site;
  const run: Op[] = [];
  const like = typeOf(draft, ops[at]!);
  const operands = new Set(takes);
  const made = new Set(ops[at]!.outputs);
  /** What is made of lines. */
  const reduced = new Set<number>();
  let between = 0;
  for (const op of ops.slice(at + 1)) {
    if (writes(op)) break;
    if (!op.inputs.some((id) => made.has(id))) {
      if (++between > mostBetween) break;
      continue;
    }
    if (isForProduct(site, op)) break;
    const reduces = lines && lineDims(draft, op) > 0;
    if (taken.has(op.id) || op.inputs.some((id) => reduced.has(id))) break;
    if (!reduces && (!fits(op) || typeOf(draft, op) !== like)) break;
    const may = (cast: Op) => !made.has(cast.outputs[0]!) && !taken.has(cast.id) && typeOf(draft, cast) === like;
    const all = [...op.inputs.flatMap((id) => castFor(site, id).filter(may)), op];
    const cast = all.slice(0, -1).flatMap(({ outputs }) => outputs);
    if (!all.every(({ inputs }) => inputs.every((id) => made.has(id) || cast.includes(id) || allows(id)))) break;
    for (const id of all.flatMap(({ inputs, outputs }) => [...inputs, ...outputs])) operands.add(id);
    if (operands.size > mostOperands) break;
    if (reduces || reduced.size) {
      const whole = [ops[at]!, ...run, ...all];
      if (!evenLines(draft, whole, innerOf(site, whole))) break;
    }
    for (const id of all.flatMap(({ outputs }) => outputs)) made.add(id);
    if (reduces) reduced.add(op.outputs[0]!);
    run.push(...all);
    between = 0;
  }
  return run;
}

/** The cast that widens 16 bits to this value, for one user alone: it may as well be made where it is used. */
export function castFor({ draft, makers, users, shown }: JoinSite, value: number): Op[] {
  const cast = makers.get(value);
  const alone = users[value]!.length === 1 && !shown.has(value);
  if (cast?.kind !== "cast" || !alone) return [];
  return isHalf(draft.graph.values[cast.inputs[0]!]!.dtype) ? [cast] : [];
}

/** Whether the op widens for a product alone, which does so itself as it reads: not stored, nor read as 32 bits. */
const isForProduct = (site: JoinSite, { outputs: [y] }: Op): boolean =>
  castFor(site, y!).length > 0 && site.users[y!]![0]!.kind === "matmul";

const writes = (op: Op) => op.writes?.some((state) => state !== null) ?? false;
export const fits = (op: Op) => !writes(op) && op.kind !== "boxing" && opDef(op.kind).elementwise !== undefined;

/** Ops whose text is one have results of one shape on every rank. */
export const typeOf = ({ graph, layouts }: Draft, { outputs: [y] }: Op) =>
  `${shapeOf(graph.values[y!]!)} ${keyOf(layouts[y!]!)}`;
