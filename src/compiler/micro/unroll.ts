/**
 * @file Writes the micro-batches out: an op that runs once a micro-batch becomes as many ops, each on its rows; what they
 * add up to is added up behind each; the rest stays. What follows, from tasks to memory, sees ops like any others, so
 * that all that is proven and planned of them holds.
 */
import { InternalError, LayoutError } from "../../ir/errors.ts";
import type { Op, Value } from "../../ir/graph.ts";
import { type Layout, showLayout } from "../../ir/layout.ts";
import { samePlacement } from "../../ir/placement.ts";
import { type BoxingStep, planBoxing } from "../../sbp/boxing.ts";
import type { Signature } from "../../sbp/signatures.ts";
import { type Draft, shapeOf } from "../draft.ts";
import type { Given, InTime, Rows } from "./in-time.ts";
import { partOf } from "./names.ts";
import type { Turn } from "./order.ts";

/** What adds up to a value that is partial by a monoid. */
const adding: Readonly<Record<string, string>> = { sum: "add", max: "maximum", min: "minimum" };

export function unroll(draft: Draft, each: InTime, rows: Rows, turns: readonly Turn[]): Draft {
  const { graph } = draft;
  const values: Value[] = [];
  const ops: Op[] = [];
  const layouts: Layout[] = [];
  const signatures: Signature[] = [];
  const boxing = new Map<number, BoxingStep>();
  const written = new Map<number, number>();
  /** By value of the graph: its new one, or what its micro-batches have added up to so far. */
  const whole: number[] = [];
  /** By value of the graph its rows, by micro-batch. */
  const parts: number[][] = graph.values.map(() => []);
  const taken = new Set(graph.values.map(({ name }) => name));
  const count = rows.borders.length - 1;
  /** By new op its turn. */
  const turnOf: number[] = [];
  let now = 0;

  const unique = (name: string): string => {
    let candidate = name;
    for (let n = 2; taken.has(candidate); n++) candidate = `${name}.${n}`;
    taken.add(candidate);
    return candidate;
  };
  const value = (made: Omit<Value, "id">, layout: Layout): number => {
    values.push({ ...made, id: values.length });
    layouts.push(layout);
    return values.length - 1;
  };
  const put = (op: Omit<Op, "id">, signature: Signature): number => {
    turnOf.push(now);
    ops.push({ ...op, id: ops.length });
    signatures.push(signature);
    return ops.length - 1;
  };
  /** A micro-batch's rows of a value. */
  const rowsOf = (of: Value, dim: number, microBatch: number): Omit<Value, "id"> => {
    const extent = shapeOf(of)[dim]!;
    const [from, to] = [rows.borders[microBatch]!, rows.borders[microBatch + 1]!].map((n) => (n * extent) / rows.count);
    const shape = shapeOf(of).with(dim, to! - from!);
    return { ...of, name: unique(partOf(of.name, microBatch)), shape, part: { dim, from: from!, of: extent } };
  };
  /** The rows of a value that hangs on no input, cut out of it. */
  const cutOut = (id: number, dim: number, microBatch: number, at: string | undefined): number => {
    const known = parts[id]![microBatch];
    if (known !== undefined) return known;
    const layout = draft.layouts[id]!;
    const of = graph.values[id]!;
    const split = layout.find(([, sbp]) => sbp.kind === "S" && sbp.dim === dim);
    if (split) throw crossed(of, layout, dim, at);
    const made = rowsOf(of, dim, microBatch);
    const out = value(made, layout);
    const attrs = { dims: [dim], starts: [made.part!.from], sizes: [(made.shape as readonly number[])[dim]!] };
    const op = { kind: "slice", name: made.name, inputs: [given(whole[id], of)], outputs: [out], attrs };
    put(at === undefined ? op : { ...op, at }, { ins: [layout], outs: [layout] });
    parts[id]![microBatch] = out;
    return out;
  };
  /** Adds what a micro-batch gives to what those before it gave. */
  const addUp = (id: number, given: number, monoid: string, at: string | undefined, last: boolean): void => {
    const before = whole[id];
    if (before === undefined) {
      whole[id] = given;
      return;
    }
    const { name } = graph.values[id]!;
    const layout = draft.layouts[id]!;
    const sum = last ? name : unique(`${name}.total`);
    const out = value({ ...graph.values[id]!, name: sum }, layout);
    const op = { kind: adding[monoid]!, name: sum, inputs: [before, given], outputs: [out], attrs: {} };
    put(at === undefined ? op : { ...op, at }, { ins: [layout, layout], outs: [layout] });
    whole[id] = out;
  };
  /** A boxing of rows may be cheapest on another way than that of all of them. */
  const box = (op: Op, made: Omit<Value, "id">, input: number): number => {
    const step = draft.boxing.get(op.id)!;
    const from = draft.layouts[op.inputs[0]!]!;
    const to = draft.layouts[op.outputs[0]!]!;
    const sides =
      step.axis === undefined
        ? { from: step.source, to: step.placement }
        : { from: step.placement, to: step.placement };
    const { steps } = planBoxing(
      {
        shape: made.shape as readonly number[],
        dtype: made.dtype,
        from: { placement: sides.from, layout: from },
        to: { placement: sides.to, layout: to },
        transfers: step.axis === undefined,
      },
      draft.options.model,
    );
    return steps.reduce((last, each, i) => {
      const final = i === steps.length - 1;
      const name = final ? made.name : unique(`${made.name}.${each.kind}`);
      const placement = graph.placements.findIndex((place) => samePlacement(place, each.placement));
      const out = value({ ...made, name, placement: final ? made.placement : placement }, each.to);
      const { kind, axis = null, bytes } = each;
      const attrs = { step: kind, axis, from: showLayout(each.from), to: showLayout(each.to), bytes };
      boxing.set(ops.length, each);
      put(
        { kind: "boxing", name, inputs: [last], outputs: [out], attrs, ...(op.at !== undefined && { at: op.at }) },
        { ins: [each.from], outs: [each.to] },
      );
      return out;
    }, input);
  };

  for (const { op: id, microBatch, turn } of turns) {
    now = turn;
    const op = graph.ops[id]!;
    const once = each[id] === undefined;
    if (once || microBatch === undefined) {
      const outputs = op.outputs.map((out) => {
        whole[out] = value(graph.values[out]!, draft.layouts[out]!);
        return whole[out];
      });
      const step = draft.boxing.get(id);
      if (step) boxing.set(ops.length, step);
      put({ ...op, inputs: op.inputs.map((input) => given(whole[input], op)), outputs }, draft.signatures[id]!);
      continue;
    }
    const { takes, gives } = each[id]!;
    const inputs = op.inputs.map((input, i) =>
      takes[i] === undefined ? given(whole[input], op) : cutOut(input, takes[i], microBatch, op.at),
    );
    const made = op.outputs.map((out, j) => of(graph.values[out]!, gives[j]!, microBatch));
    const step = draft.boxing.get(id);
    const outputs = step
      ? [inputs.length === 1 ? box(op, made[0]!, inputs[0]!) : given(undefined, op)]
      : made.map((each, j) => value(each, draft.layouts[op.outputs[j]!]!));
    if (!step) {
      const name = made.length === 1 ? made[0]!.name : unique(partOf(op.name, microBatch));
      put({ ...op, name, inputs, outputs }, draft.signatures[id]!);
    }
    for (const [j, out] of op.outputs.entries()) {
      const sort = gives[j]!;
      if (sort.kind === "rows") parts[out]![microBatch] = outputs[j]!;
      else {
        const so = (written.get(out) ?? 0) + 1;
        written.set(out, so);
        addUp(out, outputs[j]!, sort.monoid, op.at, so === count);
      }
    }
  }
  const follow = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(ids).flatMap(([name, id]): (readonly [string, number])[] =>
        whole[id] !== undefined ? [[name, whole[id]]] : parts[id]!.map((part, i) => [partOf(name, i), part]),
      ),
    );
  const unrolled = { ...graph, values, ops, inputs: follow(graph.inputs), outputs: follow(graph.outputs) };
  return { ...draft, graph: unrolled, layouts, signatures, boxing, turns: turnOf };

  function of(out: Value, sort: Given, microBatch: number): Omit<Value, "id"> {
    if (sort.kind === "rows") return rowsOf(out, sort.dim, microBatch);
    return { ...out, name: unique(partOf(out.name, microBatch)) };
  }
}

const given = (id: number | undefined, { name }: Op | Value): number => {
  if (id === undefined) throw new InternalError("a value is taken before it is made", { subject: name });
  return id;
};

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
