/**
 * @file Finds runs with a head: a product with what is added to it, or an op whose kernel says that it can be followed
 * (`OpDef.followed`), and the chain that follows. The chain takes the head's result box by box, so what else it takes must
 * lie evenly in the kernel's extents: repeated along all dims of one, or along none.
 */
import { opDef } from "../../graph/registry.ts";
import { itemSize } from "../../ir/dtype.ts";
import { shapeOf } from "../draft.ts";
import { spannedStrides } from "../spanned.ts";
import { chainAfter, innerOf } from "./chains.ts";
import type { Joined, JoinSite } from "./join.ts";
import { type Product, productFrom } from "./products.ts";

export function findHeads(site: JoinSite): Joined[] {
  const { draft, ops } = site;
  const { values } = draft.graph;
  const place = new Map(ops.map(({ id }, at) => [id, at]));
  const taken = new Set(site.taken);
  return ops.flatMap((op): Joined[] => {
    const followed = op.kind === "boxing" ? undefined : opDef(op.kind).followed;
    if (taken.has(op.id) || !followed || values[op.outputs[0]!]!.dtype !== "float32") return [];
    const head: Product | undefined = op.kind === "matmul" ? productFrom({ ...site, taken }, op) : { ops: [op] };
    if (!head) return [];
    const last = head.ops.at(-1)!;
    const made = last.outputs[0]!;
    const whole = shapeOf(values[made]!);
    const spans = followed(whole.length, op.attrs);
    const allows = (value: number) => spannedStrides(shapeOf(values[value]!), whole, spans) !== undefined;
    const tail = chainAfter({ ...site, taken }, place.get(last.id)!, [made], allows);
    const run = [...head.ops, ...tail];
    if (run.length < 2) return [];
    for (const { id } of run) taken.add(id);
    const inner = innerOf(site, run);
    const { ops: headOps, ...added } = head;
    // What the head makes lies meanwhile where the run's result will: in elements as large.
    const room = itemSize[values[run.at(-1)!.outputs[0]!]!.dtype] === itemSize.float32;
    const stored = room ? inner : inner.filter((value) => value !== made);
    return [{ ops: run.map(({ id }) => id), head: headOps.length, inner: stored, ...added }];
  });
}
