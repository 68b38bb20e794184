/**
 * @file All ways to run an op on a mesh: its local signatures, and those that need one of its expansions along one axis.
 * Choosing sees signatures alone; `expand` finds the expansion again from the signature that was chosen.
 */
import type { Expansion } from "../../graph/op.ts";
import { opDef } from "../../graph/registry.ts";
import type { Op } from "../../ir/graph.ts";
import { B, type Layout, type Sbp, showSbp } from "../../ir/layout.ts";
import type { PlacementData } from "../../ir/placement.ts";
import { keyOf } from "../../sbp/canonical.ts";
import type { LocalType, Site } from "../../sbp/rule.ts";
import { type Signature, signatures } from "../../sbp/signatures.ts";
import { type Draft, shapeOf } from "../draft.ts";

export interface Strategy {
  readonly signature: Signature;
  /** Absent: the op runs as it is. */
  readonly expansion?: { readonly axis: string; readonly by: Expansion };
}

/** An op with the global types of its operands. */
export interface OpSite {
  readonly op: Op;
  readonly ins: readonly LocalType[];
  readonly outs: readonly LocalType[];
}

export function siteOf({ graph }: Draft, op: Op): OpSite {
  const types = (ids: readonly number[]): LocalType[] =>
    ids.map((id) => ({ shape: shapeOf(graph.values[id]!), dtype: graph.values[id]!.dtype }));
  return { op, ins: types(op.inputs), outs: types(op.outputs) };
}

/** The same text for the same layouts of all operands. */
export const signatureKey = ({ ins, outs }: Signature) => [...ins, ...outs].map(keyOf).join(" | ");

/** Local signatures first. */
export function strategies({ op, ins, outs }: OpSite, placement: PlacementData): Strategy[] {
  const def = opDef(op.kind);
  const site = { name: op.name, ins, outs, attrs: op.attrs, rules: def.rules };
  const local = signatures(site, placement).map((signature): Strategy => ({ signature }));
  if (!def.expansions) return local;
  const known = new Set(local.map(({ signature }) => signatureKey(signature)));
  const rules = (at: Site) => [...def.rules(at), ...def.expansions!(at)];
  const more = signatures({ ...site, rules }, placement).filter((signature) => !known.has(signatureKey(signature)));
  return [...local, ...more.flatMap((signature) => expanded(signature, def.expansions!, { op, ins, outs }, placement))];
}

/** The strategy behind a signature that is not local: exactly one axis must need an expansion. */
function expanded(
  signature: Signature,
  expansions: (site: Site) => readonly Expansion[],
  { op, ins, outs }: OpSite,
  placement: PlacementData,
): Strategy[] {
  const at = (layout: Layout, axis: string): Sbp => layout.find(([name]) => name === axis)?.[1] ?? B;
  const text = (sbps: readonly Sbp[]) => sbps.map(showSbp).join(",");
  const found = placement.axes.flatMap(({ name: axis, size: parts }) => {
    const here = text([...signature.ins, ...signature.outs].map((layout) => at(layout, axis)));
    const by = expansions({ ins, outs, attrs: op.attrs, parts }).find((e) => text([...e.ins, ...e.outs]) === here);
    return by ? [{ axis, by }] : [];
  });
  const [only] = found;
  return only && found.length === 1 ? [{ signature, expansion: only }] : [];
}
