/**
 * @file Holds a built test to what ONNX stored: every output computed on whole tensors, and every op in the graph under
 * each of its legal signatures on two ranks, with the values that occur at its place.
 */
import type { LocalTensor } from "../../src/graph/op.ts";
import { opDef } from "../../src/graph/registry.ts";
import type { Op } from "../../src/ir/graph.ts";
import { showLayout } from "../../src/ir/layout.ts";
import { type Signature, signatures } from "../../src/sbp/signatures.ts";
import type { Buffer } from "../graph/kernels.ts";
import type { Value } from "../graph/oracle.ts";
import { type Built, mesh } from "./build.ts";
import { onEngine } from "./engine.ts";
import { assemble, partial, type Shard, scatter } from "./shards.ts";
import type { OnnxTensor } from "./tensors.ts";

/** Relative, and absolute for values near 0. ONNX's own runner allows 1e-3 and 1e-7. */
const [relative, absolute] = [1e-5, 1e-7];

const isFloat = (dtype: string) => dtype.includes("float");

/** Where and how much `found` is off; null if nowhere. Sums whose parts cancel out are off by a bit of the parts. */
export function difference(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  dtype: string,
  least = absolute,
): string | null {
  if (found.length !== expected.length) return `${found.length} elements for ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [found[i]!, expected[i]!];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const allowed = isFloat(dtype) ? least + relative * Math.abs(y) : 0;
    if (!(Math.abs(x - y) <= allowed)) return `[${i}] is ${x}, not ${y}`;
  }
  return null;
}

/** The op on the shards of one rank, by the engine. */
function runLocally(op: Op, ins: readonly Shard[], outs: readonly Shard[], whole: { ins: Value[]; outs: Value[] }) {
  const def = opDef(op.kind);
  const inPlace = new Map(def.inPlace ?? []);
  const buffers: Buffer[] = ins.map(({ dtype, data }) => ({ dtype, data: data.slice() }));
  const where = outs.map(({ dtype, data }, i) => inPlace.get(i) ?? buffers.push({ dtype, data }) - 1);
  const local = ({ shape, dtype, region }: Shard, { shape: global }: Value, buffer: number): LocalTensor => ({
    shape,
    dtype,
    region,
    global,
    arg: { buffer },
  });
  const site = {
    ins: ins.map((shard, i) => local(shard, whole.ins[i]!, i)),
    outs: outs.map((shard, i) => local(shard, whole.outs[i]!, where[i]!)),
    attrs: op.attrs,
    seed: 0,
  };
  onEngine(def.lower(site), buffers);
  return outs.map((shard, i) => ({ ...shard, data: buffers[where[i]!]!.data }));
}

/** What is wrong with the op under this signature; null if nothing is. */
function checkSignature(op: Op, ins: Value[], outs: Value[], signature: Signature): string | null {
  const given = ins.map((value, i) => scatter(value, signature.ins[i]!, mesh.data));
  const blank = outs.map((value, i) => scatter(value, signature.outs[i]!, mesh.data));
  const ranks = mesh.ranks.map((_, rank) => {
    const made: Shard[] = blank.map((shards) => ({
      ...shards[rank]!,
      data: new Float64Array(shards[rank]!.data.length).fill(Number.NaN),
    }));
    return runLocally(
      op,
      given.map((shards) => shards[rank]!),
      made,
      { ins, outs },
    );
  });
  const scale = Math.max(1, ...ins.flatMap(({ data, dtype }) => (isFloat(dtype) ? largest(data) : 0)));
  const least = [...signature.ins, ...signature.outs].some((l) => partial(l) === "sum") ? 1e-5 * scale : absolute;
  for (const [i, { shape, data, dtype }] of outs.entries()) {
    let apart: string | null = null;
    const layout = signature.outs[i]!;
    const found = assemble(
      ranks.map((made) => made[i]!),
      shape,
      layout,
      (at) => {
        apart ??= `the ranks differ at [${at}]`;
      },
    );
    const wrong = apart ?? difference(found, data, dtype, least);
    if (wrong) return `output ${i} ${wrong}`;
  }
  return null;
}

const largest = (data: Float64Array): number =>
  data.reduce((m: number, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 0);

export interface Checked {
  /** Ops of ours, and signatures that they were run under. */
  readonly ops: number;
  readonly signatures: number;
}

/** Throws what is wrong. */
export function check(built: Built, stored: readonly OnnxTensor[]): Checked {
  const expected = new Map(built.values);
  built.outputs.forEach((id, i) => {
    const { shape, dtype, data } = stored[i]!;
    const value = built.values.get(id)!;
    const wrongType = String(value.shape) !== String(shape) || (value.dtype !== dtype && dtype !== "int64");
    if (wrongType) throw new Error(`output ${i} is ${value.dtype}[${value.shape}], not ${dtype}[${shape}]`);
    const wrong = difference(value.data, data!, dtype);
    if (wrong) throw new Error(`output ${i} ${wrong}`);
    expected.set(id, { ...value, data: data! });
  });
  const ops = built.graph.ops.filter(({ kind }) => kind !== "input");
  let count = 0;
  for (const op of ops) {
    const [ins, outs] = [op.inputs.map((id) => built.values.get(id)!), op.outputs.map((id) => expected.get(id)!)];
    const { rules } = opDef(op.kind);
    for (const signature of signatures({ name: op.name, ins, outs, attrs: op.attrs, rules }, mesh.data)) {
      const wrong = checkSignature(op, ins, outs, signature);
      const shown = [...signature.ins, ...signature.outs].map((layout) => showLayout(layout)).join(" ");
      if (wrong) throw new Error(`${op.name} as ${shown}: ${wrong}`);
      count++;
    }
  }
  return { ops: ops.length, signatures: count };
}
