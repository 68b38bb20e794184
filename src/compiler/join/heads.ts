/**
 * @file Finds runs with a head: a product with what is added to it, or an op whose kernel says that it can be followed
 * (`OpDef.followed`), and the chain that follows. The chain takes the head's result box by box, so what else it takes must
 * lie evenly in the kernel's extents: repeated along all dims of one, or along none. The product that is the gradient of a
 * weight goes over all that the gradient of the bias sums up: it does that by the way.
 */
import { opDef } from "../../graph/registry.ts";
import { itemSize } from "../../ir/dtype.ts";
import type { Op } from "../../ir/graph.ts";
import { shapeOf } from "../draft.ts";
import { spannedStrides } from "../spanned.ts";
import { chainAfter, innerOf } from "./chains.ts";
import type { Joined } from "./joined.ts";
import { type Product, productFrom } from "./products.ts";
import type { JoinSite } from "./site.ts";

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
    const tail = chainAfter({ ...site, taken }, place.get(last.id)!, [made], { allows });
    const sum = tail.length === 0 ? columnSum({ ...site, taken }, head.ops) : undefined;
    const run = sum ? [...head.ops, sum].sort((a, b) => place.get(a.id)! - place.get(b.id)!) : [...head.ops, ...tail];
    if (run.length < 2) return [];
    for (const { id } of run) taken.add(id);
    const inner = innerOf(site, run);
    const { ops: _, ...added } = head;
    // What the head makes lies meanwhile where the run's result will: in elements as large.
    const room = itemSize[values[run.at(-1)!.outputs[0]!]!.dtype] === itemSize.float32;
    const stored = room ? inner : inner.filter((value) => value !== made);
    const ids = run.map(({ id }) => id);
    const sums = sum && { sums: sum.outputs[0]! };
    return [{ ops: ids, head: ids.length - tail.length, inner: stored, made, ...added, ...sums }];
  });
}

/** The gradient of a bias, where the product is that of the weight: the sum of the right operand over all rows. */
function columnSum({ draft, ops, taken, users, shown }: JoinSite, head: readonly Op[]): Op | undefined {
  const { kind, inputs, attrs } = head[0]!;
  if (kind !== "matmul") return undefined; // nor where operands are widened
  const right = inputs[1]!;
  const rank = shapeOf(draft.graph.values[right]!).length;
  if (!attrs.transposeA || attrs.transposeB || head.some(({ kind }) => kind === "add")) return undefined;
  const all = (dims: readonly number[]) => dims.length === rank - 1 && dims.every((dim, i) => dim === i);
  const sum = users[right]!.find(({ kind, attrs }) => kind === "sum" && !attrs.keep && all(attrs.dims as number[]));
  if (!sum || taken.has(sum.id) || !ops.includes(sum)) return undefined;
  const run = [...head, sum];
  const places = run.map((op) => ops.indexOf(op));
  const made = new Set(run.flatMap(({ outputs }) => outputs));
  const between = ops.slice(Math.min(...places), Math.max(...places)).filter((op) => !run.includes(op));
  const meets = between.some(({ inputs, writes }) => writes?.length || inputs.some((id) => made.has(id)));
  return meets || sum.outputs.some((id) => shown.has(id)) ? undefined : sum;
}
