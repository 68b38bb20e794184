/**
 * @file Makes boxing explicit: where a value does not lie as its consumers want it, or not on their placement, the
 * cheapest sequence of collectives and transfers becomes ops of kind `boxing`, once for all consumers that want the same,
 * and right behind the producer, so that it can start as early as possible. `.to(…)` is gone afterwards.
 */
import type { Op } from "../ir/graph.ts";
import type { Layout } from "../ir/layout.ts";
import { planBoxing } from "../sbp/boxing.ts";
import { keyOf } from "../sbp/canonical.ts";
import { type Draft, shapeOf } from "./draft.ts";
import { createWriter } from "./writer.ts";

export function box(draft: Draft): Draft {
  const { graph } = draft;
  const writer = createWriter(draft);
  /** New ids by old ones. */
  const renamed = new Map<number, number>();
  const boxed = new Map<string, number>();
  const wants = wishes(draft);

  /** The value as it is wanted, through new boxing ops where it does not lie so yet. */
  const obtain = (id: number, { placement, layout, transfers }: Wish, at: string | undefined): number => {
    const value = writer.values[id]!;
    const lies = writer.layouts[id]!;
    if (value.placement === placement && keyOf(lies) === keyOf(layout)) return id;
    const key = `${id} ${placement} ${keyOf(layout)} ${transfers}`;
    const known = boxed.get(key);
    if (known !== undefined) return known;
    const { steps } = planBoxing(
      {
        shape: shapeOf(value),
        dtype: value.dtype,
        from: { placement: graph.placements[value.placement]!, layout: lies },
        to: { placement: graph.placements[placement]!, layout },
        transfers,
      },
      draft.options.model,
    );
    const last = writer.box(steps, value, id, at, ({ kind, axis }) =>
      writer.unique([value.name, kind, ...(axis === undefined ? [] : [axis])].join(".")),
    );
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
      const made = writer.value(graph.values[id]!, signature.outs[j]!);
      renamed.set(id, made);
      return made;
    });
    writer.put({ ...op, inputs, outputs }, signature);
    for (const id of op.outputs) for (const want of wants[id]!) obtain(renamed.get(id)!, want.wish, want.at);
  }
  const follow = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, renamed.get(id)!]));
  return { ...writer.finish(follow(graph.inputs), follow(graph.outputs)), fixed: new Map() };
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
