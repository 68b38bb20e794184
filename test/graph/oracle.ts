/**
 * @file One oracle for signatures: lay the inputs out as the signature says, run the op on every rank alone, read the
 * result by the output layouts, compare with the op on the whole tensors.
 */
import type { LocalTensor, OpDef } from "../../src/graph/op.ts";
import { opDef } from "../../src/graph/registry.ts";
import type { DType } from "../../src/ir/dtype.ts";
import type { Attrs } from "../../src/ir/graph.ts";
import type { Layout } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import { extents, type Region, region } from "../../src/sbp/boxes.ts";
import { coordinate } from "../../src/sbp/mesh.ts";
import { monoid } from "../../src/sbp/monoid.ts";
import type { Signature } from "../../src/sbp/signatures.ts";
import { type Buffer, execute } from "./kernels.ts";

export interface Value {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: Float64Array;
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const whole = (shape: readonly number[]): Region => shape.map((n) => (n ? [[0, n] as const] : []));

/** The op on these (local) tensors. */
function apply(
  def: OpDef,
  ins: readonly Value[],
  outs: readonly Omit<Value, "data">[],
  attrs: Attrs,
  places: Places,
  run = execute,
): Value[] {
  const inPlace = new Map(def.inPlace ?? []);
  const buffers: Buffer[] = ins.map(({ dtype, data }) => ({ dtype, data: data.slice() }));
  const where = outs.map(({ shape, dtype }, i) => {
    const shared = inPlace.get(i);
    return shared ?? buffers.push({ dtype, data: new Float64Array(count(shape)).fill(Number.NaN) }) - 1;
  });
  const tensor =
    (side: "ins" | "outs") =>
    (type: Omit<Value, "data">, i: number): LocalTensor => ({
      shape: type.shape,
      dtype: type.dtype,
      arg: { buffer: side === "ins" ? i : where[i]! },
      ...places[side][i]!,
    });
  run(def.lower({ ins: ins.map(tensor("ins")), outs: outs.map(tensor("outs")), attrs, seed: 2 ** 33 + 7 }), buffers);
  return outs.map((type, i) => ({ ...type, data: buffers[where[i]!]!.data }));
}

interface Place {
  readonly global: readonly number[];
  readonly region: Region;
}
interface Places {
  readonly ins: readonly Place[];
  readonly outs: readonly Place[];
}

/** The op on whole tensors, by the reference kernels or others. */
export function onWhole(kind: string, ins: readonly Value[], attrs: Attrs, run = execute): Value[] {
  const def = opDef(kind);
  const outs = def.infer(ins, attrs) as readonly Omit<Value, "data">[];
  const place = ({ shape }: Omit<Value, "data">) => ({ global: shape, region: whole(shape) });
  return apply(def, ins, outs, attrs, { ins: ins.map(place), outs: outs.map(place) }, run);
}

/** Flat global indices of a region, in local order. */
function indices(held: Region, shape: readonly number[]): number[] {
  const [first, ...rest] = held;
  if (!first) return [0];
  const inner = indices(rest, shape.slice(1));
  const stride = count(shape.slice(1));
  return first.flatMap(([lo, hi]) =>
    Array.from({ length: hi - lo }, (_, i) => lo + i).flatMap((at) => inner.map((i) => at * stride + i)),
  );
}

/** The partial axes of a layout, outermost first: the value is the outermost reduction of those inside it. */
const partials = (layout: Layout, mesh: PlacementData) =>
  layout.flatMap(([axis, sbp]) =>
    sbp.kind === "P" ? [{ axis, monoid: sbp.monoid, size: mesh.axes.find(({ name }) => name === axis)!.size }] : [],
  );
type Partials = ReturnType<typeof partials>;

/** Which part of a partial value a member holds. */
const partOf = (layout: Layout, mesh: PlacementData, member: number): number =>
  partials(layout, mesh).reduce((at, { axis, size }) => at * size + coordinate(mesh, member, axis), 0);

/** Parts by number, for all partial axes. */
function splitAll(value: Value, [outer, ...inner]: Partials, empty: boolean, random: () => number): Float64Array[] {
  if (!outer) return [value.data];
  const parts = split(value, outer.monoid, outer.size, empty, random);
  return parts.flatMap((data) => splitAll({ ...value, data }, inner, empty, random));
}

/** The value of parts by number; undoes `splitAll`. */
function join(parts: readonly number[], [outer, ...inner]: Partials): number {
  if (!outer) return parts[0] ?? Number.NaN;
  const each = parts.length / outer.size;
  return Array.from({ length: outer.size }, (_, i) => join(parts.slice(i * each, (i + 1) * each), inner)).reduce(
    monoid(outer.monoid).combine,
  );
}

/** Parts of a value whose reduction it is, with mixed signs; where `empty`, some hold nothing but the identity. */
function split(value: Value, name: string, parts: number, empty: boolean, random: () => number): Float64Array[] {
  const { identity } = monoid(name);
  const all = Array.from({ length: parts }, () => new Float64Array(value.data.length));
  value.data.forEach((x, i) => {
    const holder = Math.floor(random() * parts);
    let sum = 0;
    all.forEach((part, k) => {
      const noise = value.dtype === "int32" ? Math.round(random() * 9) : random() * 4;
      const other = { sum: noise - 2, max: x - noise, min: x + noise }[name]!;
      part[i] = empty && random() < 0.2 ? identity(value.dtype) : other;
      if (k !== holder) sum += part[i]!;
    });
    all[holder]![i] = name === "sum" ? x - sum : x;
  });
  return all;
}

/** The largest difference between the op run by the signature and the op on whole tensors; relative to 1 or more. */
export function error(
  kind: string,
  ins: readonly Value[],
  attrs: Attrs,
  mesh: PlacementData,
  signature: Signature,
  random: () => number,
): number {
  const def = opDef(kind);
  const expected = onWhole(kind, ins, attrs);
  // One operand alone has empty parts: max's −∞ in one and min's +∞ in another on another axis have no sum.
  const first = signature.ins.findIndex((layout) => partials(layout, mesh).length > 0);
  const scattered = ins.map((value, i) => splitAll(value, partials(signature.ins[i]!, mesh), i === first, random));
  /** By output and element the parts that members gave, by number of the part. */
  const found = expected.map(({ data }) => Array.from(data, () => new Map<number, number>()));
  let worst = 0;
  const differ = (a: number, b: number) => {
    const d = a === b ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));
    worst = Math.max(worst, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
  };
  for (const member of mesh.ranks.keys()) {
    const place = (layouts: readonly Layout[], values: readonly Omit<Value, "data">[]): Place[] =>
      values.map(({ shape }, i) => ({ global: shape, region: region(layouts[i]!, shape, mesh, member) }));
    const places = { ins: place(signature.ins, ins), outs: place(signature.outs, expected) };
    const locals = ins.map((value, i): Value => {
      const held = places.ins[i]!.region;
      const source = scattered[i]![partOf(signature.ins[i]!, mesh, member)]!;
      return {
        shape: extents(held),
        dtype: value.dtype,
        data: Float64Array.from(indices(held, value.shape), (at) => source[at]!),
      };
    });
    const types = expected.map(({ dtype }, i) => ({ shape: extents(places.outs[i]!.region), dtype }));
    apply(def, locals, types, attrs, places).forEach(({ data }, i) => {
      const part = partOf(signature.outs[i]!, mesh, member);
      indices(places.outs[i]!.region, expected[i]!.shape).forEach((at, k) => {
        const known = found[i]![at]!.get(part);
        if (known !== undefined) differ(data[k]!, known);
        found[i]![at]!.set(part, data[k]!);
      });
    });
  }
  expected.forEach(({ data }, i) => {
    const axes = partials(signature.outs[i]!, mesh);
    const parts = axes.reduce((n, { size }) => n * size, 1);
    data.forEach((x, at) => {
      const values = Array.from({ length: parts }, (_, part) => found[i]![at]!.get(part) ?? Number.NaN);
      differ(join(values, axes), x);
    });
  });
  return worst;
}
