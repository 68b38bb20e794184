/**
 * @file Ops whose chosen signature needs boxing inside become the ops of their expansion, between two explicit boxings
 * that pin the signature's layouts; the layouts of what is new are chosen then, all else being settled.
 */
import { Builder } from "../graph/builder.ts";
import type { OrderedLayout } from "../graph/layout.ts";
import { opDef } from "../graph/registry.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Attrs, Op } from "../ir/graph.ts";
import { type Layout, showSbp } from "../ir/layout.ts";
import type { Signature } from "../sbp/signatures.ts";
import { choose } from "./choose.ts";
import { constrain } from "./constrain.ts";
import type { Draft } from "./draft.ts";
import { renumber } from "./prune.ts";
import { type Strategy, signatureKey, siteOf, strategies } from "./strategies.ts";

export function expand(draft: Draft): Draft {
  const { graph } = draft;
  const builder = Builder.from(graph);
  const settled = new Map(draft.settled);
  const strict = new Set(draft.strict);
  const replaced = new Map<number, number>();
  const added: { readonly at: number; readonly from: number; readonly to: number }[] = [];
  for (const op of graph.ops) {
    const signature = draft.signatures[op.id]!;
    const strategy = strategyOf(draft, op, signature);
    if (!strategy?.expansion) {
      settled.set(op.name, signature);
      continue;
    }
    const from = builder.opCount;
    const outs = build(builder, op, strategy, (id) => builder.tensor(replaced.get(id) ?? id));
    for (const [j, id] of op.outputs.entries()) replaced.set(id, outs[j]!.id);
    added.push({ at: op.id, from, to: builder.opCount });
  }
  if (!added.length) return draft;
  const rename = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, replaced.get(id) ?? id]));
  const grown = builder.finish(rename(graph.inputs), rename(graph.outputs));
  for (const { from, to } of added)
    for (const op of grown.ops.slice(from, to)) if (op.kind !== "to") strict.add(op.name);
  const rewired = (op: Op): Op => ({ ...op, inputs: op.inputs.map((id) => replaced.get(id) ?? id) });
  // What was added stands at the builder's end; it belongs where the op was.
  const order = graph.ops.flatMap((op) => {
    const by = added.find((a) => a.at === op.id);
    return by ? grown.ops.slice(by.from, by.to) : [rewired(grown.ops[op.id]!)];
  });
  return choose(constrain({ ...draft, graph: renumber(grown, order), settled, strict, signatures: [], choices: [] }));
}

function strategyOf(draft: Draft, op: Op, chosen: Signature): Strategy | undefined {
  if (!opDef(op.kind).expansions) return undefined;
  const placement = draft.graph.placements[draft.graph.values[op.outputs[0]!]!.placement]!;
  const key = signatureKey(chosen);
  return strategies(siteOf(draft, op), placement).find(({ signature }) => signatureKey(signature) === key);
}

/** The op's expansion: its inputs pinned, its body, its outputs pinned. */
function build(builder: Builder, op: Op, { signature, expansion }: Strategy, tensor: (id: number) => Tensor): Tensor[] {
  const { axis, by } = expansion!;
  const move = (t: Tensor, attrs: Attrs) => builder.apply("to", [t], attrs)[0]!;
  const pin = (t: Tensor, layout: Layout) => move(t, { layout: ordered(layout) as never });
  return builder.within(
    op.name,
    () => {
      const ins = op.inputs.map((id, i) => pin(tensor(id), signature.ins[i]!));
      const along = (t: Tensor, sbp: string) => move(t, { layout: null, axis, sbp });
      const outs = by.build({ ins, attrs: op.attrs, along });
      return outs.map((t, j) => pin(t, signature.outs[j]!));
    },
    { absolute: true, at: op.at },
  );
}

const ordered = (layout: Layout): OrderedLayout => layout.map(([axis, sbp]) => [axis, showSbp(sbp)]);
