/**
 * @file Ops whose chosen signature needs boxing inside become the ops of their expansion, between two explicit boxings
 * that pin the signature's layouts; the layouts of what is new are chosen then, all else being settled.
 */
import type { Builder } from "../graph/builder.ts";
import type { OrderedLayout } from "../graph/layout.ts";
import type { Expansion } from "../graph/op.ts";
import { opDef } from "../graph/registry.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Attrs, Op } from "../ir/graph.ts";
import { type Layout, showSbp } from "../ir/layout.ts";
import type { Signature } from "../sbp/signatures.ts";
import { choose } from "./choose/choose.ts";
import { strategiesOf } from "./choose/menu.ts";
import { type Strategy, signatureKey, siteOf } from "./choose/strategies.ts";
import { constrain } from "./constrain.ts";
import type { Draft } from "./draft.ts";
import { rewrite } from "./rewrite.ts";

export function expand(draft: Draft): Draft {
  const settled = new Map(draft.settled);
  const texts = new Map<Op, string>();
  const done = rewrite(draft.graph, (builder, op, ins) => {
    const signature = draft.signatures[op.id]!;
    const strategy = strategyOf(draft, op, signature);
    if (strategy?.expansion) {
      texts.set(op, textOf(op, strategy.expansion));
      return build(builder, op, strategy, ins);
    }
    settled.set(op.name, signature);
    return undefined;
  });
  if (!done) return draft;
  const { graph, added } = done;
  const bodies = added.filter(({ op }) => op.kind !== "to");
  const strict = new Map([...draft.strict, ...bodies.map(({ op, of }) => [op.name, texts.get(of)!] as const)]);
  return choose(constrain({ ...draft, graph, settled, strict, signatures: [] }));
}

function strategyOf(draft: Draft, op: Op, chosen: Signature): Strategy | undefined {
  if (!opDef(op.kind).expansions) return undefined;
  const placement = draft.graph.placements[draft.graph.values[op.outputs[0]!]!.placement]!;
  const key = signatureKey(chosen);
  return strategiesOf(siteOf(draft, op), placement).find(({ signature }) => signatureKey(signature) === key);
}

/** `softmax "attention.softmax" as S(1) → S(1) on axis model` */
function textOf({ kind, name }: Op, { axis, by }: NonNullable<Strategy["expansion"]>): string {
  const side = (sbps: Expansion["ins"]) => sbps.map(showSbp).join(", ");
  return `${kind} "${name}" as ${side(by.ins)} → ${side(by.outs)} on axis ${axis}`;
}

/** The op's expansion: its inputs pinned, its body, its outputs pinned. */
function build(builder: Builder, op: Op, { signature, expansion }: Strategy, given: readonly Tensor[]): Tensor[] {
  const { axis, by } = expansion!;
  const move = (t: Tensor, attrs: Attrs) => builder.apply("to", [t], attrs)[0]!;
  const pin = (t: Tensor, layout: Layout) => move(t, { layout: ordered(layout) as never });
  return builder.within(
    op.name,
    () => {
      const ins = given.map((x, i) => pin(x, signature.ins[i]!));
      const along = (t: Tensor, sbp: string) => move(t, { layout: null, axis, sbp });
      const outs = by.build({ ins, attrs: op.attrs, along });
      return outs.map((t, j) => pin(t, signature.outs[j]!));
    },
    { absolute: true, at: op.at },
  );
}

const ordered = (layout: Layout): OrderedLayout => layout.map(([axis, sbp]) => [axis, showSbp(sbp)]);
