/**
 * @file Makes boxing explicit: where a value is not laid out as its consumers want it, the cheapest sequence of
 * collectives becomes ops of kind `boxing`, once for all consumers that want the same, and right behind the producer, so
 * that it can start as early as possible. `.to(…)` is gone afterwards.
 */
import { InternalError } from "../ir/errors.ts";
import type { Op, Value } from "../ir/graph.ts";
import { type Layout, showLayout } from "../ir/layout.ts";
import { type AxisStep, planBoxing } from "../sbp/boxing.ts";
import { keyOf } from "../sbp/canonical.ts";
import type { Signature } from "../sbp/signatures.ts";
import { type Draft, shapeOf } from "./draft.ts";

export function box(draft: Draft): Draft {
  const { graph } = draft;
  const values: Value[] = [];
  const ops: Op[] = [];
  const layouts: Layout[] = [];
  const signatures: Signature[] = [];
  const boxing = new Map<number, AxisStep>();
  /** New ids by old ones. */
  const renamed = new Map<number, number>();
  const boxed = new Map<string, number>();
  /** Names of the graph's values, and of those made here. */
  const taken = new Set(graph.values.map((v) => v.name));
  const wants = wishes(draft);

  const add = (value: Value, layout: Layout): number => {
    const id = values.length;
    values.push({ ...value, id });
    taken.add(value.name);
    layouts.push(layout);
    return id;
  };
  /** The value in the layout wanted, through new boxing ops where it is not yet. */
  const obtain = (id: number, wanted: Layout, at: string | undefined): number => {
    const value = values[id]!;
    const key = `${id} ${keyOf(wanted)}`;
    const known = keyOf(layouts[id]!) === keyOf(wanted) ? id : boxed.get(key);
    if (known !== undefined) return known;
    const placement = graph.placements[value.placement]!;
    const side = (layout: Layout) => ({ placement, layout });
    const type = { shape: shapeOf(value), dtype: value.dtype };
    const plan = planBoxing({ ...type, from: side(layouts[id]!), to: side(wanted), transfers: false });
    let last = id;
    for (const step of plan.steps) {
      if (step.axis === undefined) throw new InternalError(`a transfer within one placement: ${plan.text}`);
      const name = `${value.name}.${step.kind}.${step.axis}`;
      const out = add({ ...value, name: unique(name, taken) }, step.to);
      boxing.set(ops.length, step);
      const { kind, axis, bytes } = step;
      const attrs = { step: kind, axis, from: showLayout(step.from), to: showLayout(step.to), bytes };
      const op: Op = { id: ops.length, kind: "boxing", name: values[out]!.name, inputs: [last], outputs: [out], attrs };
      ops.push(at === undefined ? op : { ...op, at });
      signatures.push({ ins: [step.from], outs: [step.to] });
      last = out;
    }
    boxed.set(key, last);
    return last;
  };

  for (const op of graph.ops) {
    const signature = draft.signatures[op.id]!;
    const inputs = op.inputs.map((id, i) => obtain(renamed.get(id)!, signature.ins[i]!, op.at));
    if (op.kind === "to") {
      renamed.set(op.outputs[0]!, inputs[0]!);
      continue;
    }
    const outputs = op.outputs.map((id, j) => {
      const made = add(graph.values[id]!, signature.outs[j]!);
      renamed.set(id, made);
      return made;
    });
    ops.push({ ...op, id: ops.length, inputs, outputs });
    signatures.push(signature);
    for (const id of op.outputs) for (const { layout, at } of wants[id]!) obtain(renamed.get(id)!, layout, at);
  }
  const follow = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, renamed.get(id)!]));
  const inputs = follow(graph.inputs);
  const outputs = follow(graph.outputs);
  return { ...draft, graph: { ...graph, values, ops, inputs, outputs }, signatures, layouts, boxing, fixed: new Map() };
}

/** By value the layouts that its consumers take, in their order. */
function wishes({
  graph,
  signatures,
}: Draft): readonly { readonly layout: Layout; readonly at: string | undefined }[][] {
  const by = graph.values.map(() => [] as { layout: Layout; at: string | undefined }[]);
  for (const op of graph.ops)
    op.inputs.forEach((id, i) => {
      by[id]!.push({ layout: signatures[op.id]!.ins[i]!, at: op.at });
    });
  return by;
}

function unique(name: string, taken: ReadonlySet<string>): string {
  let candidate = name;
  for (let n = 2; taken.has(candidate); n++) candidate = `${name}.${n}`;
  return candidate;
}
