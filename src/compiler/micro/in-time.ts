/**
 * @file Micro-batches are a mesh axis in time: the parts of a batch come one after the other instead of lying side by side.
 * So the rules that ops have for a mesh axis say what becomes of each:
 * - what has the batch in a dim runs once a micro-batch, on its rows (S);
 * - a sum over the batch is added up over the micro-batches (P): gradients of parameters, losses, means;
 * - everything else runs once a step (B).
 * A mean knows the size of the whole batch, so losses and gradients are those of the whole batch, however it is cut.
 *
 * Only what is asked of each micro-batch by itself, as the statistics of batch norm are, is its own: neither rows of one
 * tensor nor a part of one sum. The gradient of such a value is each one's own, too; that of a parameter which meets it
 * is added up; and the step takes the mean of them, by their rows.
 */
import { opDef } from "../../graph/registry.ts";
import { InternalError, LayoutError } from "../../ir/errors.ts";
import type { Op } from "../../ir/graph.ts";
import type { Sbp } from "../../ir/layout.ts";
import { Cache } from "../../sbp/cache.ts";
import { divisions, type LocalRule } from "../../sbp/division.ts";
import { siteOf } from "../choose/strategies.ts";
import { type Draft, producers, shapeOf } from "../draft.ts";

/** What an output is over the micro-batches: rows of one dim each, what all of them add up to, or each one's own. */
export type Given =
  | { readonly kind: "rows"; readonly dim: number }
  | { readonly kind: "total"; readonly monoid: string }
  | { readonly kind: "own" };

/** What a micro-batch takes of an input: its rows of this dim, its own value, or what all have in common. */
export type Taken = number | "own" | undefined;

/** An op that runs once a micro-batch. */
export interface Each {
  readonly takes: readonly Taken[];
  readonly gives: readonly Given[];
}

/** By op id; undefined for what runs once a step. */
export type InTime = readonly (Each | undefined)[];

/** How the batch is cut: its rows, borders between micro-batches, and by input the dim that they lie in. */
export interface Rows {
  readonly count: number;
  /** 0, …, count: one more than there are micro-batches. */
  readonly borders: readonly number[];
  readonly dims: Readonly<Record<string, number>>;
}

/** Throws LayoutError SL5022 for an op that cannot work on a part of the batch. */
export function inTime(draft: Draft, rows: Rows): InTime {
  const each = forwards(draft, rows);
  sink(draft, rows, each);
  return each;
}

/** What hangs on the batch runs once a micro-batch. */
function forwards(draft: Draft, rows: Rows): (Each | undefined)[] {
  const { graph } = draft;
  const rulesOf = asker(draft, rows);
  const gradients = gradientsIn(draft);
  /** By value what a micro-batch takes of it. */
  const lies: Taken[] = [];
  return graph.ops.map((op) => {
    const made = run(op);
    for (const [j, id] of op.outputs.entries()) lies[id] = takenOf(made?.gives[j]);
    return made;
  });

  function run(op: Op): Each | undefined {
    if (op.kind === "input") return source(op, rows);
    const has = op.inputs.map((id) => lies[id]);
    const writes = op.writes?.some((state) => state !== null);
    if (has.every((taken) => typeof taken !== "number")) {
      if (!has.includes("own") || writes) return undefined;
      const [of] = op.outputs.map((id) => gradients.of(id));
      const dim = of === undefined ? undefined : lies[of];
      const spreads =
        typeof dim === "number" &&
        rulesOf(op).find(({ sbps }) => has.every((_, i) => sbps[i]!.kind === "B") && isRows(sbps[has.length]!, dim));
      if (spreads) return { takes: has, gives: eachBy(op, spreads).gives };
      return { takes: has, gives: op.outputs.map((id) => settled(op, id, { kind: "own" })) };
    }
    if (writes) throw whole(draft, op, has, "it writes a state");
    const fits = rulesOf(op).filter(({ sbps }) => has.every((taken, i) => suits(sbps[i]!, taken)));
    /** Bytes that are cut out of what does not hang on the batch. */
    const cuts = ({ sbps }: LocalRule) =>
      has.reduce<number>(
        (sum, taken, i) => sum + (taken === undefined && sbps[i]!.kind === "S" ? elements(draft, op.inputs[i]!) : 0),
        0,
      );
    const best = fits.reduce<LocalRule | undefined>((a, b) => (a && cuts(a) <= cuts(b) ? a : b), undefined);
    if (!best) throw whole(draft, op, has, "it has no rule by which it does");
    const { takes, gives } = eachBy(op, best);
    return {
      takes: takes.map((taken, i) => (has[i] === "own" ? "own" : taken)),
      gives: gives.map((given, j) => settled(op, op.outputs[j]!, given)),
    };
  }

  /** Sums of a micro-batch that are its own, and own gradients of what all have in common. */
  function settled(op: Op, value: number, given: Given): Given {
    const of = gradients.of(value);
    if (given.kind === "total" && (op.attrs.perMicroBatch || (of !== undefined && lies[of] === "own")))
      return { kind: "own" };
    if (given.kind === "own" && of !== undefined && lies[of] === undefined && gradients.isLast(value))
      return { kind: "total", monoid: "sum" };
    return given;
  }
}

const takenOf = (given: Given | undefined): Taken =>
  given?.kind === "rows" ? given.dim : given?.kind === "own" ? "own" : undefined;

const suits = (sbp: Sbp, taken: Taken): boolean =>
  taken === undefined ? sbp.kind !== "P" : taken === "own" ? sbp.kind === "B" : isRows(sbp, taken);

/** Which value's gradient a value is, and whether it is it, not only on the way. */
function gradientsIn({ graph }: Draft) {
  const named = new Map(graph.values.map(({ id, name }) => [name, id]));
  const passes = new Set<number>();
  for (const op of graph.ops)
    for (const id of op.inputs) {
      const { gradientOf } = graph.values[id]!;
      if (gradientOf !== undefined && op.outputs.some((out) => graph.values[out]!.gradientOf === gradientOf))
        passes.add(id);
    }
  return {
    of(value: number): number | undefined {
      const { gradientOf } = graph.values[value]!;
      return gradientOf === undefined ? undefined : named.get(gradientOf);
    },
    isLast: (value: number) => !passes.has(value),
  };
}

/**
 * What hangs on no input, but is taken row by row alone, is made row by row too: masks of dropout, a gradient that is
 * the same for all rows.
 */
function sink(draft: Draft, rows: Rows, each: (Each | undefined)[]): void {
  const { graph } = draft;
  const rulesOf = asker(draft, rows);
  const makers = producers(graph);
  const shown = new Set(Object.values(graph.outputs));
  const users = graph.values.map((): { readonly op: Op; readonly input: number }[] => []);
  for (const op of graph.ops) for (const [input, id] of op.inputs.entries()) users[id]!.push({ op, input });
  const fixed = ({ kind, writes }: Op) => ["input", "state"].includes(kind) || writes?.some((state) => state !== null);
  for (const op of graph.ops.toReversed()) {
    if (each[op.id] || fixed(op) || op.outputs.some((id) => shown.has(id))) continue;
    const wanted = op.outputs.map((id) => [...new Set(users[id]!.map((use) => each[use.op.id]?.takes[use.input]))]);
    if (
      wanted.every((dims) => dims.length === 0) ||
      wanted.some((dims) => dims.length > 1 || (dims.length === 1 && typeof dims[0] !== "number"))
    )
      continue;
    const rule = rulesOf(op).find(
      ({ sbps }) =>
        wanted.every(([dim], j) => typeof dim !== "number" || isRows(sbps[op.inputs.length + j]!, dim)) &&
        op.inputs.every((id, i) => sbps[i]!.kind === "B" || (sbps[i]!.kind === "S" && !fixed(makers[id]!))),
    );
    if (rule) each[op.id] = eachBy(op, rule);
  }
}

const isRows = (sbp: Sbp, dim: number): boolean => sbp.kind === "S" && sbp.dim === dim && !sbp.part;

function eachBy(op: Op, { sbps }: LocalRule): Each {
  const takes = op.inputs.map((_, i) => {
    const sbp = sbps[i]!;
    return sbp.kind === "S" ? sbp.dim : undefined;
  });
  const gives = op.outputs.map((_, j): Given => {
    const sbp = sbps[op.inputs.length + j]!;
    if (sbp.kind === "S") return { kind: "rows", dim: sbp.dim };
    // What is the same for every micro-batch is the largest of them.
    return { kind: "total", monoid: sbp.kind === "P" ? sbp.monoid : "max" };
  });
  return { takes, gives };
}

function source(op: Op, { dims }: Rows): Each | undefined {
  const dim = dims[op.attrs.name as string];
  return dim === undefined ? undefined : { takes: [], gives: [{ kind: "rows", dim }] };
}

/**
 * The rules by which an op can be cut into single rows, and so into any runs of them. A dim may have several elements a row,
 * as when rows and their elements were made one dim.
 */
function asker(draft: Draft, { count }: Rows): (op: Op) => readonly LocalRule[] {
  const known = new Cache<readonly LocalRule[]>();
  return (op) => {
    const { ins, outs } = siteOf(draft, op);
    const types = [...ins, ...outs];
    const key = [op.kind, JSON.stringify(op.attrs), ...types.map(({ shape, dtype }) => `${dtype}[${shape}]`)].join(" ");
    return known.get(key, () => {
      const rules =
        op.kind === "boxing"
          ? types[0]!.shape.map((_, dim): LocalRule => ({ sbps: [rowsOf(dim), rowsOf(dim)], text: String(dim) }))
          : divisions({ name: op.name, ins, outs, attrs: op.attrs, rules: opDef(op.kind).rules }).rules(count);
      return rules.filter(({ sbps }) =>
        sbps.every((sbp, i) => sbp.kind !== "S" || (!sbp.part && types[i]!.shape[sbp.dim]! % count === 0)),
      );
    });
  };
}

const rowsOf = (dim: number): Sbp => ({ kind: "S", dim });

const elements = ({ graph }: Draft, id: number): number => shapeOf(graph.values[id]!).reduce((a, b) => a * b, 1);

function whole({ graph }: Draft, op: Op, has: readonly Taken[], why: string): LayoutError {
  const at = has.findIndex((taken) => typeof taken === "number");
  const input = graph.values[op.inputs[at]!];
  if (!input) throw new InternalError("an op without a batch", { subject: op.name });
  return new LayoutError(
    "SL5022",
    `${op.kind} cannot work on the rows of a micro-batch, which lie in dim ${has[at]} of "${input.name}" [${shapeOf(input).join(",")}]: ${why}`,
    {
      subject: op.name,
      at: op.at,
      choices: [
        "compile without microBatches",
        "reduce the batch before it: a mean or a sum is added up over micro-batches",
      ],
    },
  );
}
