/**
 * @file The oracle for expansions: an op whose signature needs boxing inside is expanded as the compiler does it, then
 * every op of what it became runs on each rank alone, and where layouts differ the value is laid out anew.
 */
import { choose } from "../../src/compiler/choose/choose.ts";
import { type Strategy, siteOf, strategies } from "../../src/compiler/choose/strategies.ts";
import { type Draft, start } from "../../src/compiler/draft.ts";
import { expand } from "../../src/compiler/expand.ts";
import { Builder } from "../../src/graph/builder.ts";
import type { Op } from "../../src/ir/graph.ts";
import { type Layout, showLayout } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import { keyOf } from "../../src/sbp/canonical.ts";
import type { Signature } from "../../src/sbp/signatures.ts";
import { onRanks, onWhole } from "../../src/testing/apply.ts";
import { collect, type Local, scatter } from "../../src/testing/shards.ts";
import { between, type Type, type Value } from "../../src/testing/value.ts";
import type { Case } from "./cases.ts";
import { execute } from "./kernels.ts";

/** The op alone in a graph, each operand an input. */
function alone({ kind, attrs }: Case, ins: readonly Value[], mesh: PlacementData): { draft: Draft; op: Op } {
  const builder = new Builder("alone");
  const inputs = ins.map(({ shape, dtype }, i) => {
    const name = `x${i}`;
    return builder.apply("input", [], { name, shape, dtype, layout: null }, { name, placement: mesh })[0]!;
  });
  const outputs = builder.apply(kind, inputs, attrs, { name: "op", placement: mesh });
  const ids = (tensors: readonly { readonly id: number }[]) =>
    Object.fromEntries(tensors.map(({ id }, i) => [String(i), id]));
  const graph = builder.finish(ids(inputs), ids(outputs));
  return { draft: start(graph, {}), op: graph.ops.at(-1)! };
}

/** The signatures of a case that need an expansion. */
export function expansionsOf(c: Case, ins: readonly Value[], mesh: PlacementData): readonly Signature[] {
  const { draft, op } = alone(c, ins, mesh);
  const needs = ({ expansion }: Strategy) => expansion !== undefined;
  return strategies(siteOf(draft, op), mesh)
    .filter(needs)
    .map(({ signature }) => signature);
}

/** The ops that the op becomes under the signature, with a signature for each. */
export function expanded(c: Case, ins: readonly Value[], mesh: PlacementData, signature: Signature): Draft {
  const { draft, op } = alone(c, ins, mesh);
  const settled = new Map<string, Signature>([[op.name, signature]]);
  op.inputs.forEach((id, i) => {
    settled.set(draft.graph.ops.find(({ outputs }) => outputs.includes(id))!.name, {
      ins: [],
      outs: [signature.ins[i]!],
    });
  });
  return expand(choose({ ...draft, settled }));
}

/** The largest difference between the expansion on all ranks and the op on whole tensors; relative to 1 or more. */
export function expansionError(
  c: Case,
  ins: readonly Value[],
  mesh: PlacementData,
  signature: Signature,
  random: () => number,
): number {
  const { graph, signatures } = expanded(c, ins, mesh, signature);
  const held = new Map<number, { readonly locals: readonly Local[]; readonly layout: Layout }>();
  let apart = 0;
  /** What ranks hold of a value, in the layout that its consumer takes. */
  const taken = (id: number, layout: Layout, by: Op): readonly Local[] => {
    const { locals, layout: is } = held.get(id)!;
    if (keyOf(is) === keyOf(layout)) return locals;
    if (by.kind !== "to") throw new Error(`${by.name} wants ${showLayout(layout)}, and gets ${showLayout(is)}`);
    const found = collect(locals, is, mesh);
    apart = Math.max(apart, found.torn.error);
    return scatter(found.value, layout, mesh, random);
  };
  for (const op of graph.ops) {
    const { ins: takes, outs: gives } = signatures[op.id]!;
    const types = op.outputs.map((id) => graph.values[id]! as unknown as Type);
    const results =
      op.kind === "input"
        ? [scatter(ins[Number((op.attrs.name as string).slice(1))]!, gives[0]!, mesh, random)]
        : onRanks(
            op.kind,
            op.inputs.map((id, i) => taken(id, takes[i]!, op)),
            types.map((type, i) => ({ type, layout: gives[i]! })),
            op.attrs,
            mesh,
            execute,
          );
    results.forEach((locals, i) => {
      held.set(op.outputs[i]!, { locals, layout: gives[i]! });
    });
  }
  const expected = onWhole(c.kind, ins, c.attrs, execute);
  expected.forEach((value, i) => {
    const { locals, layout } = held.get(graph.outputs[String(i)]!)!;
    if (keyOf(layout) !== keyOf(signature.outs[i]!)) throw new Error(`output ${i} lies as ${showLayout(layout)}`);
    const found = collect(locals, layout, mesh);
    apart = Math.max(apart, found.torn.error, between(found.value, value));
  });
  return apart;
}
