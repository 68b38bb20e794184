/**
 * @file Makes boxing explicit: where a value does not lie as its consumers want it, or not on their placement, the
 * cheapest sequence of collectives and transfers becomes ops of kind `boxing`, once for all consumers that want the same,
 * and right behind the producer, so that it can start as early as possible. `.to(…)` is gone afterwards.
 */
import type { Op, Value } from "../ir/graph.ts";
import { type Layout, showLayout } from "../ir/layout.ts";
import { samePlacement } from "../ir/placement.ts";
import { type BoxingStep, planBoxing } from "../sbp/boxing.ts";
import { keyOf } from "../sbp/canonical.ts";
import type { Signature } from "../sbp/signatures.ts";
import { type Draft, shapeOf } from "./draft.ts";

export function box(draft: Draft): Draft {
  const { graph } = draft;
  const values: Value[] = [];
  const ops: Op[] = [];
  const layouts: Layout[] = [];
  const signatures: Signature[] = [];
  const boxing = new Map<number, BoxingStep>();
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
  const placed = (step: BoxingStep): number => {
    const there = step.axis === undefined ? step.transfer.to : step.placement;
    return graph.placements.findIndex((placement) => samePlacement(placement, there));
  };
  /** The value as it is wanted, through new boxing ops where it does not lie so yet. */
  const obtain = (id: number, { placement, layout, transfers }: Wish, at: string | undefined): number => {
    const value = values[id]!;
    const key = `${id} ${placement} ${keyOf(layout)} ${transfers}`;
    const lies = value.placement === placement && keyOf(layouts[id]!) === keyOf(layout);
    const known = lies ? id : boxed.get(key);
    if (known !== undefined) return known;
    const plan = planBoxing(
      {
        shape: shapeOf(value),
        dtype: value.dtype,
        from: { placement: graph.placements[value.placement]!, layout: layouts[id]! },
        to: { placement: graph.placements[placement]!, layout },
        transfers,
      },
      draft.options.model,
    );
    let last = id;
    for (const step of plan.steps) {
      const { kind, axis = null, bytes } = step;
      const name = [value.name, kind, ...(axis === null ? [] : [axis])].join(".");
      const out = add({ ...value, name: unique(name, taken), placement: placed(step) }, step.to);
      boxing.set(ops.length, step);
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
    const inputs = op.inputs.map((id, i) => obtain(renamed.get(id)!, wish(draft, op, i), op.at));
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
    for (const id of op.outputs) for (const want of wants[id]!) obtain(renamed.get(id)!, want.wish, want.at);
  }
  const follow = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, renamed.get(id)!]));
  const inputs = follow(graph.inputs);
  const outputs = follow(graph.outputs);
  return { ...draft, graph: { ...graph, values, ops, inputs, outputs }, signatures, layouts, boxing, fixed: new Map() };
}

/** Where and how an op takes a value. */
interface Wish {
  readonly placement: number;
  readonly layout: Layout;
  /** Said by `.to(…)`, which takes whatever is cheapest; what layouts imply is done by collectives. */
  readonly transfers: boolean;
}

const wish = ({ graph, signatures }: Draft, op: Op, input: number): Wish => ({
  placement: graph.values[op.outputs[0]!]!.placement,
  layout: signatures[op.id]!.ins[input]!,
  transfers: op.kind === "to" && op.attrs.axis === undefined,
});

/** By value what its consumers wish, in their order. */
function wishes(draft: Draft): readonly { readonly wish: Wish; readonly at: string | undefined }[][] {
  const by = draft.graph.values.map(() => [] as { wish: Wish; at: string | undefined }[]);
  for (const op of draft.graph.ops)
    for (const [i, id] of op.inputs.entries()) by[id]!.push({ wish: wish(draft, op, i), at: op.at });
  return by;
}

function unique(name: string, taken: ReadonlySet<string>): string {
  let candidate = name;
  for (let n = 2; taken.has(candidate); n++) candidate = `${name}.${n}`;
  return candidate;
}
