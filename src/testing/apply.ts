/** @file One op at work, without a graph: lowered as in a plan, its kernel calls run by an engine or by a reference. */
import type { LocalTensor, OpDef } from "../graph/op.ts";
import { opDef } from "../graph/registry.ts";
import type { DType } from "../ir/dtype.ts";
import type { Attrs } from "../ir/graph.ts";
import type { Layout } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Call } from "../ir/program.ts";
import { extents, type Region } from "../sbp/boxes.ts";
import { type Local, type Place, placesOf } from "./shards.ts";
import { count, type Type, type Value } from "./value.ts";

/** Memory for one operand, an element a number. */
export interface Buffer {
  readonly dtype: DType;
  readonly data: Float64Array;
}

/** Runs kernel calls on buffers by id. */
export type Run = (calls: readonly Call[], buffers: readonly Buffer[]) => void;

interface Places {
  readonly ins: readonly Place[];
  readonly outs: readonly Place[];
}

/** Of the plan; more than 32 bits, as it may be. */
const seed = 2 ** 33 + 7;

/** What a run left behind. */
interface Done {
  readonly ins: readonly Buffer[];
  readonly outs: Value[];
}

/** The op on these (local) tensors. Outputs hold `fill` before. */
function apply(
  def: OpDef,
  ins: readonly Value[],
  outs: readonly Type[],
  attrs: Attrs,
  places: Places,
  run: Run,
  fill: number,
): Done {
  const inPlace = new Map(def.inPlace ?? []);
  const buffers: Buffer[] = ins.map(({ dtype, data }) => ({ dtype, data: data.slice() }));
  const where = outs.map(({ shape, dtype }, i) => {
    const shared = inPlace.get(i);
    return shared ?? buffers.push({ dtype, data: new Float64Array(count(shape)).fill(fill) }) - 1;
  });
  const tensor =
    (side: "ins" | "outs") =>
    ({ shape, dtype }: Type, i: number): LocalTensor => ({
      shape,
      dtype,
      arg: { buffer: side === "ins" ? i : where[i]! },
      ...places[side][i]!,
    });
  run(def.lower({ ins: ins.map(tensor("ins")), outs: outs.map(tensor("outs")), attrs, seed }), buffers);
  return {
    ins: buffers.slice(0, ins.length),
    outs: outs.map(({ shape, dtype }, i) => ({ shape, dtype, data: buffers[where[i]!]!.data })),
  };
}

const whole = (shape: readonly number[]): Region => shape.map((n) => (n ? [[0, n] as const] : []));

/** The op on whole tensors: its outputs, and what it left of its inputs. */
export function ranWhole(kind: string, ins: readonly Value[], attrs: Attrs, run: Run, fill = Number.NaN): Done {
  const def = opDef(kind);
  const outs = def.infer(ins, attrs) as readonly Type[];
  const place = ({ shape }: Type) => ({ global: shape, region: whole(shape) });
  return apply(def, ins, outs, attrs, { ins: ins.map(place), outs: outs.map(place) }, run, fill);
}

/** The op on whole tensors. */
export const onWhole = (kind: string, ins: readonly Value[], attrs: Attrs, run: Run): Value[] =>
  ranWhole(kind, ins, attrs, run).outs;

/** The op on each rank alone, on what the rank holds of each operand: what it then holds of each output. */
export function onRanks(
  kind: string,
  ins: readonly (readonly Local[])[],
  outs: readonly { readonly type: Type; readonly layout: Layout }[],
  attrs: Attrs,
  mesh: PlacementData,
  run: Run,
): Local[][] {
  const places = outs.map(({ type, layout }) => placesOf(type, layout, mesh));
  const results = mesh.ranks.map((_, member) => {
    const mine = ins.map((locals) => locals[member]!);
    const at = { ins: mine.map(({ global, region }) => ({ global, region })), outs: places.map((all) => all[member]!) };
    const types = at.outs.map((place, i) => ({ shape: extents(place.region), dtype: outs[i]!.type.dtype }));
    const done = apply(opDef(kind), mine, types, attrs, at, run, Number.NaN);
    return done.outs.map((value, i) => ({ ...at.outs[i]!, ...value }));
  });
  return outs.map((_, i) => results.map((result) => result[i]!));
}
