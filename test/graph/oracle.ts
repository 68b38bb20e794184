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
import { wrap } from "./pointer.ts";

export interface Value {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: Float64Array;
}

/** A number as its dtype holds it: this computes in doubles, where integers do not wrap. */
const held = (dtype: DType, x: number): number => (dtype === "int32" ? wrap(x, dtype) : x);

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
function splitAll(value: Value, [outer, ...inner]: Partials, random: () => number): Float64Array[] {
  if (!outer) return [value.data];
  const parts = split(value, outer.monoid, outer.size, random);
  return parts.flatMap((data) => splitAll({ ...value, data }, inner, random));
}

/** The value of parts by number; undoes `splitAll`. */
function join(dtype: DType, parts: readonly number[], [outer, ...inner]: Partials): number {
  if (!outer) return parts[0] ?? Number.NaN;
  const each = parts.length / outer.size;
  const { combine } = monoid(outer.monoid);
  const values = Array.from({ length: outer.size }, (_, i) =>
    join(dtype, parts.slice(i * each, (i + 1) * each), inner),
  );
  return held(dtype, values.reduce(combine));
}

/**
 * Parts of a value whose reduction it is, with mixed signs. Some are the identity, as those of an empty shard are, or of a
 * split that became partial by padding.
 */
function split(value: Value, name: string, parts: number, random: () => number): Float64Array[] {
  const { identity } = monoid(name);
  const all = Array.from({ length: parts }, () => new Float64Array(value.data.length));
  value.data.forEach((x, i) => {
    const holder = Math.floor(random() * parts);
    let sum = 0;
    all.forEach((part, k) => {
      const noise = value.dtype === "int32" ? Math.round(random() * 9) : random() * 4;
      const nothing = identity(value.dtype);
      const other = { sum: noise - 2, max: Math.max(x - noise, nothing), min: Math.min(x + noise, nothing) }[name]!;
      part[i] = random() < 0.2 ? nothing : other;
      if (k !== holder) sum += part[i]!;
    });
    all[holder]![i] = name === "sum" ? held(value.dtype, x - sum) : x;
  });
  return all;
}

/** What one rank holds of a tensor. */
export interface Local extends Value, Place {}

const placesOf = ({ shape }: { readonly shape: readonly number[] }, layout: Layout, mesh: PlacementData): Place[] =>
  mesh.ranks.map((_, member) => ({ global: shape, region: region(layout, shape, mesh, member) }));

/** What each member holds of a value under a layout; parts of a partial one are adversarial, some of them identities. */
export function scatter(value: Value, layout: Layout, mesh: PlacementData, random: () => number): Local[] {
  const parts = splitAll(value, partials(layout, mesh), random);
  return placesOf(value, layout, mesh).map((place, member) => {
    const source = parts[partOf(layout, mesh, member)]!;
    const data = Float64Array.from(indices(place.region, value.shape), (at) => source[at]!);
    return { ...place, shape: extents(place.region), dtype: value.dtype, data };
  });
}

/** The difference of two numbers, relative to 1 or more; infinite where only one of them is a number. */
function difference(a: number, b: number): number {
  const d = a === b ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));
  return Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
}

/** The value that members hold between them, and the largest difference between what should be copies. */
export function collect(
  locals: readonly Local[],
  layout: Layout,
  mesh: PlacementData,
): { readonly value: Value; readonly apart: number } {
  const { global: shape, dtype } = locals[0]!;
  /** By element the parts that members gave, by number of the part. */
  const found = Array.from({ length: count(shape) }, () => new Map<number, number>());
  let apart = 0;
  locals.forEach(({ data, region }, member) => {
    const part = partOf(layout, mesh, member);
    indices(region, shape).forEach((at, k) => {
      const known = found[at]!.get(part);
      if (known !== undefined) apart = Math.max(apart, difference(data[k]!, known));
      found[at]!.set(part, data[k]!);
    });
  });
  const axes = partials(layout, mesh);
  const parts = axes.reduce((n, { size }) => n * size, 1);
  const data = Float64Array.from(found, (given) =>
    join(
      dtype,
      Array.from({ length: parts }, (_, part) => given.get(part) ?? Number.NaN),
      axes,
    ),
  );
  return { value: { shape, dtype, data }, apart };
}

/** The op on each rank alone, on what the rank holds of each operand: what it then holds of each output. */
export function onRanks(
  kind: string,
  ins: readonly (readonly Local[])[],
  outs: readonly { readonly type: Omit<Value, "data">; readonly layout: Layout }[],
  attrs: Attrs,
  mesh: PlacementData,
): Local[][] {
  const places = outs.map(({ type, layout }) => placesOf(type, layout, mesh));
  const results = mesh.ranks.map((_, member) => {
    const mine = ins.map((locals) => locals[member]!);
    const at = { ins: mine, outs: places.map((all) => all[member]!) };
    const types = at.outs.map((place, i) => ({ shape: extents(place.region), dtype: outs[i]!.type.dtype }));
    return apply(opDef(kind), mine, types, attrs, at).map((value, i) => ({ ...at.outs[i]!, ...value }));
  });
  return outs.map((_, i) => results.map((result) => result[i]!));
}

/** The largest difference between two values; relative to 1 or more. */
export const between = (a: Value, b: Value): number =>
  a.data.reduce((worst, x, at) => Math.max(worst, difference(x, b.data[at]!)), 0);

/** The largest difference between the op run by the signature and the op on whole tensors; relative to 1 or more. */
export function error(
  kind: string,
  ins: readonly Value[],
  attrs: Attrs,
  mesh: PlacementData,
  signature: Signature,
  random: () => number,
): number {
  const expected = onWhole(kind, ins, attrs);
  const locals = ins.map((value, i) => scatter(value, signature.ins[i]!, mesh, random));
  const outs = expected.map((type, i) => ({ type, layout: signature.outs[i]! }));
  const errors = onRanks(kind, locals, outs, attrs, mesh).map((held, i) => {
    const { value, apart } = collect(held, signature.outs[i]!, mesh);
    return Math.max(apart, between(value, expected[i]!));
  });
  return Math.max(0, ...errors);
}
