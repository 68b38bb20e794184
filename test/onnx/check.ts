/**
 * @file Holds a built test to what ONNX stored: every output computed on whole tensors, and every op in the graph under
 * each of its legal signatures on two ranks, with the values that occur at its place.
 */
import { opDef } from "../../src/graph/registry.ts";
import type { Op } from "../../src/ir/graph.ts";
import type { Layout } from "../../src/ir/layout.ts";
import { keyOf } from "../../src/sbp/canonical.ts";
import { type Signature, signatures } from "../../src/sbp/signatures.ts";
import { collect } from "../../src/testing/shards.ts";
import { showSignature } from "../../src/testing/truth.ts";
import type { Type, Value } from "../../src/testing/value.ts";
import { expanded, expansionsOf } from "../graph/expanded.ts";
import { type Built, mesh } from "./build.ts";
import { onRanks, type Sharded } from "./ranks.ts";
import { partial, scatter } from "./shards.ts";
import type { OnnxTensor } from "./tensors.ts";

/** Relative, and absolute for values near 0. ONNX's own runner allows 1e-3 and 1e-7. */
const [relative, absolute] = [1e-5, 1e-7];
/** Stored values that were made with π = 3.1415. */
const coarse = 1e-3;
/** Sums whose parts cancel out are off by a bit of the parts: absolute, for operands up to 1. */
const cancelled = 1e-6;

const isFloat = (dtype: string) => dtype.includes("float");

/** Where and how much `found` is off; null if nowhere. */
export function difference(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  dtype: string,
  least = absolute,
  share = relative,
): string | null {
  if (found.length !== expected.length) return `${found.length} elements for ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [found[i]!, expected[i]!];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const allowed = isFloat(dtype) ? least + share * Math.abs(y) : 0;
    if (!(Math.abs(x - y) <= allowed)) return `[${i}] is ${x}, not ${y}`;
  }
  return null;
}

/** What is wrong with the values that ranks found; null if nothing is. `least` is allowed near 0. */
export function wrongness(found: readonly Sharded[], expected: readonly Value[], least: number): string | null {
  for (const [i, { shards, layout }] of found.entries()) {
    const { data, dtype } = expected[i]!;
    const { value, torn } = collect(shards, layout, mesh.data);
    const wrong = torn.error ? `the ranks differ at [${torn.at}]` : difference(value.data, data, dtype, least);
    if (wrong) return `output ${i} ${wrong}`;
  }
  return null;
}

const laid = (value: Value, layout: Layout): Sharded => ({
  ...value,
  layout,
  shards: scatter(value, layout),
});

/** The op on shards laid out by the signature. */
export function bySignature(
  op: Op,
  ins: readonly Value[],
  outs: readonly Value[],
  signature: Signature,
): readonly Sharded[] {
  const given = ins.map((value, i) => laid(value, signature.ins[i]!));
  return onRanks(
    op,
    given,
    outs.map((value, i) => ({ ...value, layout: signature.outs[i]! })),
  );
}

/** The ops that the op becomes under a signature that boxes inside, values laid out anew where they are boxed. */
function byExpansion(op: Op, ins: readonly Value[], signature: Signature): readonly Sharded[] {
  const { graph, signatures: chosen } = expanded({ ...op, shapes: [] }, ins, mesh.data, signature);
  const held = new Map<number, Sharded>();
  for (const inner of graph.ops) {
    const { ins: takes, outs: gives } = chosen[inner.id]!;
    const boxed = inner.inputs.map((id, i): Sharded => {
      const is = held.get(id)!;
      if (keyOf(is.layout) === keyOf(takes[i]!)) return is;
      return laid(collect(is.shards, is.layout, mesh.data).value, takes[i]!);
    });
    const types = inner.outputs.map((id, i) => ({ ...(graph.values[id]! as unknown as Type), layout: gives[i]! }));
    const from = /^x(\d+)$/.exec(String(inner.attrs.name));
    const made = inner.kind === "input" ? [laid(ins[Number(from![1])]!, gives[0]!)] : onRanks(inner, boxed, types);
    inner.outputs.forEach((id, i) => {
      held.set(id, made[i]!);
    });
  }
  return op.outputs.map((_, i) => held.get(graph.outputs[String(i)]!)!);
}

const largest = (data: Float64Array): number =>
  data.reduce((m: number, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 0);

export interface Checked {
  /** Ops of ours, and signatures that they were run under. */
  readonly ops: number;
  readonly signatures: number;
}

/** Throws what is wrong; `coarsely`, of the stored values alone. */
export function check(built: Built, stored: readonly OnnxTensor[], coarsely = false): Checked {
  const expected = new Map(built.values);
  built.outputs.forEach((id, i) => {
    const { shape, dtype, data } = stored[i]!;
    const value = built.values.get(id)!;
    const wrongType = String(value.shape) !== String(shape) || value.dtype !== dtype;
    if (wrongType) throw new Error(`output ${i} is ${value.dtype}[${value.shape}], not ${dtype}[${shape}]`);
    const wrong = difference(value.data, data!, dtype, absolute, coarsely ? coarse : relative);
    if (wrong) throw new Error(`output ${i} ${wrong}`);
    if (!coarsely) expected.set(id, { ...value, data: data! });
  });
  const ops = built.graph.ops.filter(({ kind }) => kind !== "input");
  const counts = ops.map((op) =>
    checkOp(
      op,
      op.inputs.map((id) => built.values.get(id)!),
      op.outputs.map((id) => expected.get(id)!),
    ),
  );
  return { ops: ops.length, signatures: counts.reduce((a, b) => a + b, 0) };
}

/** The op under all its signatures, those that box inside too; says how many. */
function checkOp(op: Op, ins: readonly Value[], outs: readonly Value[]): number {
  const def = opDef(op.kind);
  const scale = Math.max(1, ...ins.map(({ data, dtype }) => (isFloat(dtype) ? largest(data) : 0)));
  const ofSums = (signature: Signature) => [...signature.ins, ...signature.outs].some((l) => partial(l) === "sum");
  const plain = signatures({ name: op.name, ins, outs, attrs: op.attrs, rules: def.rules }, mesh.data);
  const boxed = def.expansions ? expansionsOf({ ...op, shapes: [] }, ins, mesh.data) : [];
  const run = (signature: Signature, found: readonly Sharded[], least: number) => {
    const wrong = wrongness(found, outs, least);
    if (wrong) throw new Error(`${op.name} as ${showSignature(signature)}: ${wrong}`);
  };
  for (const signature of plain)
    run(signature, bySignature(op, ins, outs, signature), ofSums(signature) ? cancelled * scale : absolute);
  for (const signature of boxed) run(signature, byExpansion(op, ins, signature), cancelled * scale);
  return plain.length + boxed.length;
}
