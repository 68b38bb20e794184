/**
 * @file Global tensors outside a graph: data that lies on a mesh, for feeding, reading and testing. Moving one is a graph
 * of its own, compiled like any other and run by a session kept for moves.
 */
import { gather, type InShards, type Sharded, scatter, shardMap } from "./actors/shards.ts";
import { compileGraph } from "./compiler/compile.ts";
import { graph } from "./graph/graph.ts";
import { checkLayout, type Layout, ordered, type UserLayout, userLayout } from "./graph/layout.ts";
import { checkPlacement } from "./graph/operand.ts";
import type { Placement } from "./graph/placement.ts";
import { userLine } from "./graph/source.ts";
import { checkType } from "./graph/type.ts";
import type { Shape } from "./graph/types/shape.ts";
import { array, type NdArray } from "./ir/array.ts";
import { type AnyArray, arrayType, type DType, dtypes, type TypedArrays } from "./ir/dtype.ts";
import { hasElement, toElements } from "./ir/element.ts";
import { FeedError, showGiven } from "./ir/errors.ts";
import type { PlacementData } from "./ir/placement.ts";
import { runOnce } from "./mover.ts";
import { localShape } from "./sbp/boxes.ts";
import { memberOf } from "./sbp/mesh.ts";

type Data = AnyArray | readonly number[];
/** What data says of its dtype: plain numbers are float32, and arrays of 16 bits may be either float. */
type TypeOf<T> = { [D in DType]: T extends TypedArrays[D] ? D : never }[DType] extends infer D
  ? [D] extends [never]
    ? "float32"
    : D
  : never;

/** A tensor with a value, on a mesh. An array too: wherever one is taken, it can be given. */
export interface GlobalTensor<out S extends number[] = number[], out D extends DType = DType>
  extends NdArray<S, D>,
    InShards {
  readonly placement: PlacementData;
  /** By mesh axis; an axis that is not named is B. */
  readonly layout: UserLayout;
  /** What a rank holds, in its local shape: a copy. Throws PlacementError SL2001 for a rank of another placement. */
  local(rank: number): NdArray<number[], D>;
  /** The whole value: splits joined, partial values reduced in the order of their ranks. A fresh array. */
  toArray(): NdArray<S, D>;
  /**
   * The same value laid out otherwise, or on another placement; without a layout the cheapest that is possible there. The
   * collectives and transfers of `planBoxing` are run in a session that is kept for the next move, and closed when there is
   * none for a second. Moves are made one after the other.
   *
   * Throws what `tensor.to` throws in a graph, and what `launch` throws.
   */
  to<A extends string, Of extends Shape>(
    this: { readonly shape: Of },
    placement: Placement<A>,
    layout?: Layout<A, Of>,
  ): Promise<GlobalTensor<S, D>>;
}

/**
 * Lays data out over a mesh. The data is whole, in row-major order (of a partial layout the first rank gets the value, and
 * the others the identity of its reduction), or a function that gives each rank its own. Plain numbers are float32
 * unless `dtype` says otherwise.
 *
 * Throws ShapeError SL1001 for a shape, LayoutError SL1021–SL1025 and SL2004 for a layout, FeedError SL6001–SL6006 for
 * data that does not fit.
 *
 * @example
 * const mesh = placement("cpu", { data: 2 });
 * const x = globalTensor([1, 2, 3, 4, 5, 6], [3, 2], mesh, { data: S(0) });
 * x.local(1).data; // Float32Array [5, 6]
 * const sums = globalTensor((rank) => [rank, 10], [2], mesh, { data: P() });
 * const whole = await sums.to(mesh, { data: B });
 * whole.local(0).data; // Float32Array [1, 20]
 */
export function globalTensor<
  const S extends number[],
  A extends string,
  T extends Data,
  D extends DType = TypeOf<T> & DType,
>(
  data: T | ((rank: number) => T),
  shape: readonly [...S],
  placement: Placement<A>,
  layout: Layout<A, S> = {},
  dtype?: D,
): GlobalTensor<S, D> {
  checkPlacement("globalTensor", placement);
  const at = userLine();
  const ofRank = typeof data === "function" ? (data as (rank: number) => T) : undefined;
  const type = dtype ?? (dtypeOf(ofRank ? ofRank(placement.ranks[0]!) : data) as D);
  const subject = checkType("globalTensor", shape, type, at);
  const entries = ordered(placement.data, layout as UserLayout);
  const laid = {
    shape,
    dtype: type,
    layout: checkLayout(placement.data, entries, { shape, dtype: type }, subject, at),
  };
  const shards = new Map<number, AnyArray>();
  if (ofRank)
    for (const [member, rank] of placement.ranks.entries()) {
      const local = localShape(laid.layout, shape, placement.data, member);
      shards.set(rank, shardOf(ofRank(rank), local, type, `${subject}, rank ${rank}`, at));
    }
  else {
    const whole = array(shape, type, elements(data as T, type, subject, at) as TypedArrays[D]).data;
    scatter(shardMap(laid, placement.data), whole, (rank, size) => {
      const shard = new (arrayType<DType>(type))(size);
      shards.set(rank, shard);
      return shard;
    });
  }
  if (ofRank) checkReplicas({ ...laid, placement: placement.data, shards }, subject, at);
  return of({ ...laid, placement: placement.data, shards });
}

/** Throws FeedError SL6004 unless it is as large as the rank's part. */
function shardOf(data: unknown, local: readonly number[], dtype: DType, subject: string, at: string | undefined) {
  const size = local.reduce((a, b) => a * b, 1);
  const length = (data as Partial<AnyArray> | null | undefined)?.length;
  const given = length === size ? elements(data as AnyArray, dtype, subject, at) : undefined;
  if (given instanceof arrayType(dtype)) return given;
  if (length === size && ArrayBuffer.isView(data))
    throw new FeedError(
      "SL6002",
      `the data is ${data.constructor.name}, ${dtype} takes ${arrayType<DType>(dtype).name}`,
      {
        subject,
        hint: "give every rank data of one type",
        at,
      },
    );
  const got = length === undefined || length === size ? showGiven(data) : `${length}`;
  throw new FeedError("SL6004", `it holds [${local.join(",")}], ${size} elements, and was given ${got}`, {
    subject,
    hint: "give each rank the elements of its part, in row-major order",
    at,
  });
}

/** Numbers in a typed array of the dtype; a typed array as a copy of its own. Throws FeedError SL6005. */
function elements(data: ArrayLike<number> | AnyArray, dtype: DType, subject: string, at: string | undefined): unknown {
  const typed = ArrayBuffer.isView(data);
  if (Array.isArray(data) || (typed && dtype === "bool")) {
    const values = data as readonly unknown[];
    const wrong = values.findIndex((value) => !hasElement(dtype, value));
    if (wrong >= 0)
      throw new FeedError("SL6005", `element ${wrong} is ${showGiven(values[wrong])}, which is no ${dtype}`, {
        subject,
        at,
        hint: "give numbers that the dtype has, or another dtype as the last argument",
      });
  }
  if (Array.isArray(data)) return toElements(dtype, data);
  return typed ? (data as AnyArray).slice() : data;
}

/** Throws FeedError SL6006 where ranks that hold the same part were given other numbers for it. */
function checkReplicas(sharded: Sharded, subject: string, at: string | undefined): void {
  const bytes = (rank: number) => {
    const { buffer, byteOffset, byteLength } = sharded.shards.get(rank)!;
    return Buffer.from(buffer, byteOffset, byteLength);
  };
  const firsts = new Map<string, number>();
  for (const { rank, split, partial } of shardMap(sharded, sharded.placement).shards) {
    const part = `${split}|${partial}`;
    const first = firsts.get(part) ?? rank;
    firsts.set(part, first);
    if (bytes(rank).equals(bytes(first))) continue;
    throw new FeedError("SL6006", `rank ${rank} was given other numbers than rank ${first} for the same part`, {
      subject,
      at,
      hint: "give replicas the same data, or say P() along the axis if it is to be summed",
    });
  }
}

const dtypeOf = (data: unknown): DType => dtypes.find((dtype) => data instanceof arrayType<DType>(dtype)) ?? "float32";

function of<S extends number[], D extends DType>(sharded: Sharded): GlobalTensor<S, D> {
  const { shape, layout, placement, shards } = sharded;
  const dtype = sharded.dtype as D;
  const whole = () => gather(shardMap(sharded, placement), (rank) => shards.get(rank)!) as TypedArrays[D];
  return {
    sharded,
    shape: [...shape] as S,
    dtype,
    placement,
    layout: userLayout(layout, placement),
    get data() {
      return whole();
    },
    local(rank) {
      const local = localShape(layout, shape, placement, memberOf(placement, rank));
      return { shape: local, dtype, data: shards.get(rank)!.slice() as TypedArrays[D] };
    },
    toArray: () => ({ shape: [...shape] as S, dtype, data: whole() }),
    to: (there, wanted) => move(sharded, there, wanted as UserLayout | undefined),
  };
}

async function move<S extends number[], D extends DType>(
  sharded: Sharded,
  there: Placement,
  wanted: UserLayout | undefined,
): Promise<GlobalTensor<S, D>> {
  checkPlacement("to", there);
  const { shape, dtype, layout, placement: here } = sharded;
  const source: Placement = { ...there, ranks: here.ranks, data: here };
  const x = {
    shape: [...shape],
    dtype,
    layout: ordered(here, userLayout(layout, here)),
    placement: here,
    at: userLine(),
  };
  const moving = graph([source, there], { name: "to", inputs: { x } }, (inputs) => ({
    y: inputs.x.to(there, wanted as Layout),
  }));
  return of(await runOnce(compileGraph(moving.logical), { x: of(sharded) }));
}
