/** @file Where tensors live, as users say it: a device type and a mesh of ranks with named axes. */
import type { DType } from "../ir/dtype.ts";
import { LayoutError, nearest, PlacementError } from "../ir/errors.ts";
import { axesWithout, type PlacementData } from "../ir/placement.ts";
import { checkLayout, type Layout, type OrderedLayout, ordered, type UserLayout } from "./layout.ts";
import { userLine } from "./source.ts";
import { checkType } from "./type.ts";
import type { Shape } from "./types/shape.ts";

/** Device types that there are executors for. */
export type Device = "cpu";
const devices: readonly string[] = ["cpu"];
/** Beyond what anyone trains on; a slip of the finger should not fill memory. */
const mostRanks = 65_536;

/** A device type and a mesh of ranks with named axes. Made by {@link placement}. */
export interface Placement<Axes extends string = string> {
  readonly device: Device;
  /** Size of each axis, in the mesh's order. */
  readonly axes: { readonly [A in Axes]: number };
  /** Row-major over the axes: the last axis varies fastest. */
  readonly ranks: readonly number[];
  /** The same as plain data. */
  readonly data: PlacementData;
  /**
   * The sub-mesh at one index of some axes; those axes are gone from its type. A mesh of one rank that is left keeps one
   * of them, of size 1. Throws PlacementError SL1006 for an axis that is not there, SL1007 for an index.
   *
   * @example
   * const machines = placement("cpu", { stage: 2, data: 2 });
   * machines.slice({ stage: 1 }).ranks; // [2, 3]
   */
  slice<At extends { readonly [A in Axes]?: number }>(
    at: At & { readonly [K in Exclude<keyof At, Axes>]: never },
  ): Placement<Exclude<Axes, keyof At>>;
  /**
   * Declares an input of a graph that arrives on this placement. Without a layout the compiler chooses one; in a layout
   * an axis that is not named is B. Throws LayoutError SL1021–SL1025, ShapeError SL1001.
   */
  input<const S extends Shape, D extends DType>(
    shape: readonly [...S],
    dtype: D,
    layout?: Layout<Axes, S>,
  ): Input<S, D>;
}

export interface Input<out S extends Shape = Shape, out D extends DType = DType> {
  readonly shape: S;
  readonly dtype: D;
  readonly layout: OrderedLayout | null;
  readonly placement: PlacementData;
  readonly at: string | undefined;
}

/**
 * A placement on ranks 0, 1, … or on the given ones. Throws PlacementError: SL1002 unknown device, SL1003 no axes or an
 * axis name that cannot be, SL1004 a size that is no positive integer, or more than 65,536 ranks, SL1005 ranks that do not fit the mesh.
 *
 * @example
 * const mesh = placement("cpu", { data: 2, model: 2 }); // ranks 0..3, row-major over the axes
 */
export function placement<Axes extends string>(
  device: Device,
  axes: { readonly [A in Axes]: number },
  options: { readonly ranks?: readonly number[] } = {},
): Placement<Axes> {
  const at = userLine();
  if (typeof axes !== "object" || axes === null)
    throw new PlacementError("SL1003", `axes are an object of sizes, got ${String(axes)}`, {
      subject: `placement(${JSON.stringify(device)}, …)`,
      at,
      hint: 'write placement("cpu", { data: 2 })',
    });
  const sizes = Object.entries<number>(axes).map(([name, size]) => ({ name, size }));
  const subject = `placement(${JSON.stringify(device)}, ${JSON.stringify(axes)})`;
  checkMesh(device, sizes, subject, at);
  const count = sizes.reduce((n, { size }) => n * size, 1);
  if (count > mostRanks)
    throw new PlacementError("SL1004", `the mesh has ${count} ranks, more than ${mostRanks}`, {
      subject,
      at,
      hint: "use smaller axes",
    });
  const ranks = options.ranks ?? Array.from({ length: count }, (_, i) => i);
  checkRanks(ranks, count, subject, at);
  return fromData({ device, axes: sizes, ranks: [...ranks] });
}

/** The placement of given data, taken as valid. */
function fromData<Axes extends string>(data: PlacementData): Placement<Axes> {
  return {
    device: data.device as Device,
    axes: Object.fromEntries(data.axes.map(({ name, size }) => [name, size])) as { readonly [A in Axes]: number },
    ranks: data.ranks,
    data,
    slice: (at) => fromData(sliced(data, at as Readonly<Record<string, number>>)),
    input: (shape, dtype, layout) => declare(data, shape, dtype, layout as UserLayout | undefined),
  };
}

function checkMesh(device: string, axes: PlacementData["axes"], subject: string, at: string | undefined): void {
  if (!devices.includes(device))
    throw new PlacementError("SL1002", `unknown device "${device}"`, { subject, at, choices: devices });
  if (axes.length === 0)
    throw new PlacementError("SL1003", "the mesh has no axes", {
      subject,
      at,
      hint: 'name at least one axis; a single rank is placement("cpu", { data: 1 })',
    });
  for (const { name, size } of axes) {
    // Names like "0" would also be reordered by JavaScript's objects.
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new PlacementError("SL1003", `an axis cannot be named "${name}"`, {
        subject,
        at,
        hint: "use letters, digits and _, a letter first",
      });
    if (!Number.isSafeInteger(size) || size < 1)
      throw new PlacementError("SL1004", `axis "${name}" has size ${size}`, {
        subject,
        at,
        hint: "a size is a whole number of ranks, 1 or more",
      });
  }
}

function checkRanks(ranks: readonly number[], count: number, subject: string, at: string | undefined): void {
  const fail = (what: string): never => {
    throw new PlacementError("SL1005", what, {
      subject,
      at,
      hint: `give ${count} different whole numbers, one a place of the mesh, the last axis varying fastest`,
    });
  };
  if (ranks.length !== count) fail(`${ranks.length} ranks for a mesh of ${count}`);
  const wrong = ranks.find((rank) => !Number.isSafeInteger(rank) || rank < 0);
  if (wrong !== undefined) fail(`${wrong} is not a rank`);
  const twice = ranks.find((rank, i) => ranks.indexOf(rank) < i);
  if (twice !== undefined) fail(`rank ${twice} is named twice`);
}

/** The ranks at the given places of some axes, these axes left out. */
function sliced(data: PlacementData, at: Readonly<Record<string, number>>): PlacementData {
  const names = data.axes.map(({ name }) => name);
  const subject = `slice(${JSON.stringify(at)})`;
  const line = userLine();
  for (const [axis, index] of Object.entries(at)) {
    const size = data.axes.find(({ name }) => name === axis)?.size;
    if (size === undefined)
      throw new PlacementError("SL1006", `the mesh has no axis "${axis}"`, {
        subject,
        at: line,
        choices: names,
        hint: nearest(axis, names)[0] ? `did you mean "${nearest(axis, names)[0]}"?` : "name an axis of the mesh",
      });
    if (!Number.isInteger(index) || index < 0 || index >= size)
      throw new PlacementError("SL1007", `axis "${axis}" has size ${size}, there is no index ${index}`, {
        subject,
        at: line,
        choices: [size === 1 ? "0" : `0 … ${size - 1}`],
      });
  }
  const ranks = data.ranks.filter((_, member) => {
    let rest = member;
    return data.axes.toReversed().every(({ name, size }) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return at[name] === undefined || at[name] === index;
    });
  });
  return { device: data.device, axes: axesWithout(data, Object.keys(at)), ranks };
}

function declare<S extends Shape, D extends DType>(
  data: PlacementData,
  shape: readonly [...S],
  dtype: D,
  layout: UserLayout | undefined,
): Input<S, D> {
  const at = userLine();
  const subject = checkType("input", shape, dtype, at);
  if (layout !== undefined && (typeof layout !== "object" || layout === null))
    throw new LayoutError("SL1022", `a layout is an object like { data: S(0) }, got ${String(layout)}`, {
      subject,
      at,
    });
  if (layout) checkLayout(data, layout, { shape, dtype }, subject, at);
  return { shape: [...shape] as Shape as S, dtype, layout: layout ? ordered(data, layout) : null, placement: data, at };
}
