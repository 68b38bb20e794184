/**
 * @file Layouts as users write them, `{ data: S(0), model: B }`, and their way into the IR. SBPs are plain strings, so
 * that what users write is JSON; the choices are spelt out in the type, so that a wrong one is answered with the list of
 * right ones.
 */
import { LayoutError, nearest, showGiven } from "../ir/errors.ts";
import type { Shape as AnyShape, TensorType } from "../ir/graph.ts";
import { type Layout as IrLayout, parseSbp, type Sbp, showSbp } from "../ir/layout.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import { region } from "../sbp/boxes.ts";
import { checkReductions } from "../sbp/boxing.ts";
import { canonical, orderMatters } from "../sbp/canonical.ts";
import { monoidNames } from "../sbp/monoid.ts";
import { checkPlacement } from "./operand.ts";
import type { Placement } from "./placement.ts";
import { userLine } from "./source.ts";
import type { Index, Shape } from "./types/shape.ts";

export type Reduction = "sum" | "max" | "min";

/** Split along dim `dim` of the tensor. */
export const S = <D extends number>(dim: D): `S(${D})` => `S(${dim})`;
/** Replicated: every rank of the axis holds it all. */
export const B = "B";
/** Partial: the value is the reduction of what the ranks hold. */
export const P = <R extends Reduction = "sum">(op: R = "sum" as R): `P(${R})` => `P(${op})`;

/** Layout of a tensor of shape `Of` on a mesh with axes `Axes`; an axis that is not named is B. */
export type Layout<Axes extends string = string, Of extends Shape = Shape> = {
  readonly [A in Axes]?: `S(${Index<Of>})` | "B" | `P(${Reduction})`;
};

/** A layout with its order spelt out, outermost axis first, as attributes of ops hold it. */
export type OrderedLayout = readonly (readonly [axis: string, sbp: string])[];

/** Any layout object, axis names and SBPs as strings. */
export type UserLayout = Readonly<Record<string, string | undefined>>;

const order = Symbol("order");

/**
 * A layout whose order is not the mesh's: the axis named first is the outermost. The order counts where two axes split
 * one dim.
 *
 * @example
 * const mesh = placement("cpu", { data: 2, model: 2 });
 * layout(mesh, [["model", S(0)], ["data", S(0)]]); // halves over `model`, each half cut over `data`
 */
export function layout<
  Axes extends string,
  const E extends readonly (readonly [Axes, Layout<string>[string] & string])[],
>(mesh: Placement<Axes>, entries: E): { readonly [Pair in E[number] as Pair[0]]: Pair[1] } {
  checkPlacement("layout", mesh);
  if (!Array.isArray(entries))
    throw new LayoutError("SL1022", `its entries are ${showGiven(entries)}, not a list of pairs`, {
      subject: `layout on ${showPlacement(mesh.data)}`,
      at: userLine(),
      hint: 'write layout(mesh, [["model", S(0)], ["data", S(0)]]); where the order does not count, { data: S(0) } is a layout',
    });
  return inOrder(mesh.data, checkEntries(mesh.data, entries)) as { readonly [Pair in E[number] as Pair[0]]: Pair[1] };
}

/** Pairs of an axis and an SBP: what `layout` takes, and what a layout whose order is not the mesh's is in JSON. */
function checkEntries(placement: PlacementData, entries: readonly unknown[]): OrderedLayout {
  const subject = `layout on ${showPlacement(placement)}`;
  const isPair = (entry: unknown) =>
    Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === "string");
  const wrong = entries.findIndex((entry) => !isPair(entry));
  const given = entries[wrong];
  const axis = Array.isArray(given) && given.length === 2 && typeof given[0] === "string" ? given[0] : undefined;
  if (wrong >= 0)
    throw new LayoutError(
      "SL1022",
      axis === undefined
        ? `entry ${wrong} is ${showGiven(given)}, not an axis with its SBP`
        : `${showGiven((given as readonly unknown[])[1])} on axis "${axis}" is not an SBP`,
      {
        subject,
        at: userLine(),
        choices: placement.axes.map(({ name }) => `["${name}", S(0)]`),
      },
    );
  const pairs = entries as OrderedLayout;
  const twice = pairs.find(([axis], i) => pairs.findIndex(([other]) => other === axis) < i);
  if (twice)
    throw new LayoutError("SL1020", `axis "${twice[0]}" is named twice`, {
      subject,
      at: userLine(),
      hint: "give each mesh axis one SBP",
    });
  return pairs;
}

/** Would the layout mean another thing in the mesh's order? */
function orderCounts({ axes }: PlacementData, entries: OrderedLayout): boolean {
  const placed = entries.flatMap(([axis, text]) => {
    const sbp = parseSbp(text);
    return sbp ? [{ sbp, place: axes.findIndex(({ name }) => name === axis) }] : [];
  });
  return placed.some((one, i) =>
    placed.slice(i + 1).some((other) => other.place < one.place && orderMatters(one.sbp, other.sbp)),
  );
}

/** A layout object that keeps the order of its entries; where that counts, in JSON too: there it is the entries. */
function inOrder(placement: PlacementData, entries: OrderedLayout): UserLayout {
  const object = Object.fromEntries(entries);
  Object.defineProperty(object, order, { value: entries.map(([axis]) => axis) });
  if (orderCounts(placement, entries)) Object.defineProperty(object, "toJSON", { value: () => entries });
  return object;
}

/**
 * The entries of a layout, outermost first: as they stand where they are a list, the JSON of a layout; of an object in the
 * order given to `layout`, else in the mesh's. Throws LayoutError SL1022 for neither.
 */
export function ordered(
  placement: PlacementData,
  user: UserLayout | OrderedLayout,
  subject = `layout on ${showPlacement(placement)}`,
): OrderedLayout {
  if (Array.isArray(user)) return checkEntries(placement, user);
  if (typeof user !== "object" || user === null)
    throw new LayoutError("SL1022", `a layout is an object, got ${showGiven(user)}`, {
      subject,
      at: userLine(),
      choices: placement.axes.map(({ name }) => `{ ${name}: S(0) }`),
    });
  const names = placement.axes.map(({ name }) => name);
  const own = (user as { readonly [order]?: readonly string[] })[order];
  // Unknown axes go last: they stay in, so that they are complained about.
  const sorted = own ?? [...names.filter((n) => n in user), ...Object.keys(user).filter((n) => !names.includes(n))];
  const sbps = user as UserLayout;
  return sorted.flatMap((axis) => (sbps[axis] === undefined ? [] : [[axis, sbps[axis]] as const]));
}

/** A layout as users write it, for a layout of a compiled plan. */
export const userLayout = (layout: IrLayout, placement: PlacementData): UserLayout =>
  inOrder(
    placement,
    layout.map(([axis, sbp]) => [axis, showSbp(sbp)]),
  );

/**
 * The canonical IR layout of a tensor, or a LayoutError: SL1021 unknown axis, SL1022 no such SBP, SL1023 a dim that the
 * tensor does not have, SL1024 unknown monoid, SL1025 a partition that does not fit. `subject` names the tensor.
 */
export function toLayout(
  placement: PlacementData,
  user: UserLayout | OrderedLayout,
  shape: AnyShape,
  subject: string,
  at?: string,
): IrLayout {
  const entries = ordered(placement, user, subject);
  const names = placement.axes.map(({ name }) => name);
  const layout = entries.map(([axis, text]) => {
    const parts = { subject, at, choices: legal(shape) };
    if (!names.includes(axis)) {
      const [meant] = nearest(axis, names);
      throw new LayoutError("SL1021", `the mesh ${showPlacement(placement)} has no axis "${axis}"`, {
        ...parts,
        choices: names,
        hint: meant === undefined ? "name an axis of the mesh" : `did you mean "${meant}"?`,
      });
    }
    const sbp = typeof text === "string" ? parseSbp(text) : undefined;
    if (!sbp) throw new LayoutError("SL1022", `${showGiven(text)} on axis "${axis}" is not an SBP`, parts);
    checkSbp(sbp, axis, shape, parts);
    return [axis, sbp] as const;
  });
  checkPartitions(layout, placement, shape, subject, at);
  return canonical(layout, placement);
}

/** As `toLayout`, for a tensor whose dtype is known: LayoutError SL2004 for a partial layout that cannot be reduced. */
export function checkLayout(
  placement: PlacementData,
  user: UserLayout | OrderedLayout,
  { shape, dtype }: TensorType,
  subject: string,
  at: string | undefined,
): IrLayout {
  const layout = toLayout(placement, user, shape, subject, at);
  placed(subject, at, () => checkReductions(layout, shape, dtype));
  return layout;
}

/**
 * `{data: S(0), model: B}`: every axis of the mesh, those not named last. Where the order is not the mesh's and counts, what
 * would have to be written for it.
 */
export function showOrdered(placement: PlacementData, entries: OrderedLayout): string {
  if (orderCounts(placement, entries))
    return `layout(mesh, [${entries.map(([axis, sbp]) => `["${axis}", "${sbp}"]`).join(", ")}])`;
  const rest = placement.axes.filter(({ name }) => !entries.some(([axis]) => axis === name));
  return `{${[...entries, ...rest.map(({ name }) => [name, "B"] as const)].map((pair) => pair.join(": ")).join(", ")}}`;
}

/** Gives a LayoutError of `src/sbp` the tensor and the user's line, and another code if one is given. */
function placed(subject: string, at: string | undefined, check: () => void, code?: "SL1025"): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof LayoutError)) throw error;
    const { what, choices, hint } = error;
    throw new LayoutError(code ?? error.code, what, { subject, at, choices, ...(hint && { hint }), cause: error });
  }
}

const legal = (shape: AnyShape) => [
  ...[...shape.keys()].map((dim) => `S(${dim})`),
  "B",
  ...monoidNames.map((name) => `P(${name})`),
];

function checkSbp(sbp: Sbp, axis: string, shape: AnyShape, parts: object): void {
  if (sbp.kind === "S" && sbp.dim >= shape.length)
    throw new LayoutError(
      "SL1023",
      `${showSbp(sbp)} on axis "${axis}": the tensor [${shape.join(",")}] has ${shape.length} dims`,
      parts,
    );
  if (sbp.kind === "P" && !monoidNames.includes(sbp.monoid))
    throw new LayoutError("SL1024", `${showSbp(sbp)} on axis "${axis}": no such reduction`, parts);
}

/** Splits by hand must fit the extents that they meet; names are checked once they are bound. */
function checkPartitions(
  layout: IrLayout,
  placement: PlacementData,
  shape: AnyShape,
  subject: string,
  at: string | undefined,
): void {
  const byHand = layout.some(([, sbp]) => sbp.kind === "S" && sbp.part);
  if (!byHand || !shape.every((dim) => typeof dim === "number")) return;
  const check = () => {
    for (const member of placement.ranks.keys()) region(layout, shape as number[], placement, member);
  };
  placed(subject, at, check, "SL1025");
}
