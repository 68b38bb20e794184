/**
 * @file Writes the micro-batches out: an op that runs once a micro-batch becomes as many ops, each on its rows; what they
 * add up to is added up behind each; the rest stays. What follows, from tasks to memory, sees ops like any others, so
 * that all that is proven and planned of them holds.
 */
import { opDef } from "../../graph/registry.ts";
import { InternalError, LayoutError } from "../../ir/errors.ts";
import type { Op, Value } from "../../ir/graph.ts";
import { type Layout, showLayout } from "../../ir/layout.ts";
import { planBoxing } from "../../sbp/boxing.ts";
import { type Draft, shapeOf } from "../draft.ts";
import { createWriter, type NewValue } from "../writer.ts";
import type { Given, InTime, Rows, Taken } from "./in-time.ts";
import { partOf } from "./names.ts";
import type { Turn } from "./order.ts";

/** What adds up to a value that is partial by a monoid. */
const adding: Readonly<Record<string, string>> = { sum: "add", max: "maximum", min: "minimum" };

export function unroll(draft: Draft, each: InTime, rows: Rows, turns: readonly Turn[]): Draft {
  const { graph } = draft;
  const writer = createWriter(draft);
  const count = rows.borders.length - 1;
  const shareOf = (microBatch: number) => (rows.borders[microBatch + 1]! - rows.borders[microBatch]!) / rows.count;
  /** By value of the graph: its new one, or what its micro-batches have added up to so far. */
  const whole: number[] = [];
  /** By value of the graph those of its micro-batches. */
  const parts: number[][] = graph.values.map(() => []);
  /** How many micro-batches a value has got something of. */
  const summed: number[] = [];

  /** A micro-batch's rows of a value. */
  function rowsOf(of: Value, dim: number, microBatch: number): NewValue {
    const extent = shapeOf(of)[dim]!;
    const from = (rows.borders[microBatch]! * extent) / rows.count;
    const shape = shapeOf(of).with(dim, Math.round(shareOf(microBatch) * extent));
    return { ...named(of, partOf(of.name, microBatch)), shape, part: { dim, from, of: extent } };
  }
  const named = (of: Value, name: string): NewValue => ({ ...of, name: writer.unique(name) });

  /** What a micro-batch takes of a value. */
  function take(id: number, taken: Taken, microBatch: number, op: Op): number {
    if (taken === undefined) return there(whole[id], op);
    return parts[id]![microBatch] ?? (taken === "own" ? there(undefined, op) : cutOut(id, taken, microBatch, op));
  }
  /** The rows of a value that hangs on no input, cut out of it. */
  function cutOut(id: number, dim: number, microBatch: number, { at }: Op): number {
    const layout = draft.layouts[id]!;
    const of = graph.values[id]!;
    if (layout.some(([, sbp]) => sbp.kind === "S" && sbp.dim === dim)) throw crossed(of, layout, dim, at);
    const made = rowsOf(of, dim, microBatch);
    const attrs = { dims: [dim], starts: [made.part!.from], sizes: [(made.shape as readonly number[])[dim]!] };
    const op = { kind: "slice", inputs: [there(whole[id], of)], attrs };
    const out = writer.alike(at === undefined ? op : { ...op, at }, made, layout);
    parts[id]![microBatch] = out;
    return out;
  }
  /** What a boxing does, done to a value of another shape: that may be cheapest on another way. */
  function boxed(op: Op, made: NewValue, input: number): number {
    const step = draft.boxing.get(op.id)!;
    const transfers = step.axis === undefined;
    const { steps } = planBoxing(
      {
        shape: made.shape as readonly number[],
        dtype: made.dtype,
        from: { placement: transfers ? step.source : step.placement, layout: step.from },
        to: { placement: step.placement, layout: step.to },
        transfers,
      },
      draft.options.model,
    );
    return writer.box(steps, made, input, op.at, ({ kind }, isLast) =>
      isLast ? made.name : writer.unique(`${made.name}.${kind}`),
    );
  }
  /** Adds what a micro-batch gives to what those before it gave; the last sum has the value's name. */
  function addUp(id: number, given: number, monoid: string): void {
    const n = (summed[id] ?? 0) + 1;
    summed[id] = n;
    const before = whole[id];
    const of = graph.values[id]!;
    const made = n === count ? of : named(of, `${of.name}.total`);
    whole[id] =
      before === undefined
        ? given
        : writer.alike({ kind: adding[monoid]!, inputs: [before, given], attrs: {} }, made, draft.layouts[id]!);
  }
  /** What the step takes of values that micro-batches have as their own: their mean, by rows. */
  function mean(id: number): number {
    const of = graph.values[id]!;
    for (const [microBatch, part] of parts[id]!.entries()) {
      const attrs = { mul: shareOf(microBatch), add: 0 };
      const made = named(of, `${partOf(of.name, microBatch)}.share`);
      addUp(id, writer.alike({ kind: "affine", inputs: [part], attrs }, made, draft.layouts[id]!), "sum");
    }
    return whole[id]!;
  }
  const sorts: (Given["kind"] | undefined)[] = [];
  for (const op of graph.ops) for (const [j, id] of op.outputs.entries()) sorts[id] = each[op.id]?.gives[j]?.kind;
  const isOwn = (id: number) => sorts[id] === "own" && whole[id] === undefined;

  function once(op: Op): void {
    const inputs = op.inputs.map((id) => (isOwn(id) ? mean(id) : there(whole[id], op)));
    const outputs = op.outputs.map((id) => {
      const made = writer.value(graph.values[id]!, draft.layouts[id]!);
      whole[id] = made;
      return made;
    });
    writer.put({ ...op, inputs, outputs }, draft.signatures[op.id]!, draft.boxing.get(op.id));
  }

  function oneOf(op: Op, microBatch: number): void {
    const { takes, gives } = each[op.id]!;
    const inputs = op.inputs.map((id, i) => take(id, takes[i], microBatch, op));
    const made = op.outputs.map((id, j): NewValue => {
      const of = graph.values[id]!;
      const sort = gives[j]!;
      return sort.kind === "rows" ? rowsOf(of, sort.dim, microBatch) : named(of, partOf(of.name, microBatch));
    });
    const outputs = draft.boxing.has(op.id)
      ? [boxed(op, made[0]!, inputs[0]!)]
      : made.map((value, j) => writer.value(value, draft.layouts[op.outputs[j]!]!));
    if (!draft.boxing.has(op.id)) {
      const name = made.length === 1 ? made[0]!.name : partOf(op.name, microBatch);
      const attrs = (op.kind !== "input" && opDef(op.kind).onRows?.(op.attrs, shareOf(microBatch))) || op.attrs;
      writer.put({ ...op, name, inputs, outputs, attrs }, draft.signatures[op.id]!);
    }
    for (const [j, id] of op.outputs.entries()) {
      const sort = gives[j]!;
      if (sort.kind === "total") addUp(id, outputs[j]!, sort.monoid);
      else parts[id]![microBatch] = outputs[j]!;
    }
  }

  for (const { op, microBatch, turn } of turns) {
    writer.turn = turn;
    if (microBatch === undefined) once(graph.ops[op]!);
    else oneOf(graph.ops[op]!, microBatch);
  }
  const follow = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(ids).flatMap(([name, id]): (readonly [string, number])[] =>
        sorts[id] === "rows"
          ? parts[id]!.map((part, i) => [partOf(name, i), part])
          : [[name, isOwn(id) ? mean(id) : whole[id]!]],
      ),
    );
  return writer.finish(follow(graph.inputs), follow(graph.outputs));
}

function there(id: number | undefined, { name }: Op | Value): number {
  if (id === undefined) throw new InternalError("a value is taken before it is made", { subject: name });
  return id;
}

const crossed = ({ name, shape }: Value, layout: Layout, dim: number, at: string | undefined): LayoutError =>
  new LayoutError(
    "SL5023",
    `micro-batches take rows of its dim ${dim}, along which ${showLayout(layout)} splits it between ranks`,
    {
      subject: `"${name}" [${shape.join(",")}]`,
      at,
      choices: ["compile without microBatches", `a layout that does not split dim ${dim} of it`],
    },
  );
