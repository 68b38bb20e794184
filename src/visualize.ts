/**
 * @file `visualize`: which rank holds which block of a tensor, as text for a terminal. The idea is that of JAX's
 * `debug.visualize_array_sharding`; here it is a function that returns text, as `plan.explain()` does.
 */
import { checkLayout, type OrderedLayout, ordered, type UserLayout } from "./graph/layout.ts";
import type { Placement } from "./graph/placement.ts";
import { userLine } from "./graph/source.ts";
import { type DType, itemSize } from "./ir/dtype.ts";
import { checkOptions, nearest, OptionError, showGiven } from "./ir/errors.ts";
import { type Layout, showLayout } from "./ir/layout.ts";
import type { PlacementData } from "./ir/placement.ts";
import type { PlanData } from "./ir/plan.ts";
import { regions, size } from "./sbp/boxes.ts";
import { drawBlocks } from "./view/blocks-text.ts";
import { ranges } from "./view/format.ts";
import { expectGiven, planGiven } from "./view/given.ts";

/** A tensor by how it lies: a global tensor, an input of a graph, or just these. */
export interface LaidOut {
  readonly shape: readonly (number | string)[];
  readonly placement: Placement | PlacementData;
  /** By mesh axis; an axis that is not named is B. */
  readonly layout?: UserLayout | OrderedLayout | null;
  /** Default float32. */
  readonly dtype?: DType;
}

export interface VisualizeOptions {
  /** Default: whether `process.stdout` is a terminal, and the environment variable NO_COLOR empty. */
  readonly color?: boolean;
}

/**
 * Draws which rank holds which block: of a tensor, or of a value of a plan by its name, be it a parameter, an input, an
 * output or what an op gives. One dim is a row or a column, two dims are a table, of more the last two that are split are,
 * once for each block of the others. A box lists all ranks that hold it. Beyond 12 blocks of a dim its middle is left out.
 *
 * Throws LayoutError SL1020 to SL1025 and SL2004 for a layout; OptionError SL1072 for a name without a plan, SL1074 and
 * SL1075 for options, for what is no tensor, a shape that is not known, and a name that the plan does not have.
 *
 * @example
 * const mesh = placement("cpu", { data: 2, model: 2 });
 * console.log(visualize({ shape: [6, 4], placement: mesh, layout: { data: S(0) } }));
 * // float32[6, 4] {data: S(0), model: B} on cpu {data: 2, model: 2}, ranks 0–3
 * //       ┌─────┐
 * //   0:3 │ 0,1 │
 * //       ├─────┤
 * //   3:6 │ 2,3 │
 * //       └─────┘
 * console.log(visualize(plan, "fc1.weight"));
 */
export function visualize(tensor: LaidOut, options?: VisualizeOptions): string;
export function visualize(plan: { readonly data: PlanData }, tensor: string, options?: VisualizeOptions): string;
export function visualize(
  given: LaidOut | { readonly data: PlanData },
  nameOrOptions?: string | VisualizeOptions,
  further?: VisualizeOptions,
): string {
  const named = typeof nameOrOptions === "string";
  const options = (named ? further : nameOrOptions) ?? {};
  checkOptions("SL1074", "visualize", options, ["color"], userLine);
  expectGiven([undefined, true, false].includes(options.color), options.color, "visualize, option color", [
    "true",
    "false",
  ]);
  const { color = process.stdout.isTTY === true && !process.env.NO_COLOR } = options;
  const laid = named ? inPlan(planGiven("visualize", given), nameOrOptions) : checked(given as LaidOut);
  return [
    `${named ? `${nameOrOptions}: ` : ""}${titleOf(laid)}`,
    ...drawBlocks(laid, color),
    ...notes(laid).map((line) => `  ${line}`),
  ].join("\n");
}

interface Typed {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly layout: Layout;
  readonly placement: PlacementData;
}

function titleOf({ shape, dtype, layout, placement: { device, axes, ranks } }: Typed): string {
  const mesh = `${device} {${axes.map(({ name, size }) => `${name}: ${size}`).join(", ")}}`;
  const names = axes.map(({ name }) => name);
  return `${dtype}[${shape.join(", ")}] ${showLayout(layout, names)} on ${mesh}, rank${ranks.length > 1 ? "s" : ""} ${ranges(ranks)}`;
}

/** What the boxes do not say. */
function notes({ shape, layout, placement }: Typed): string[] {
  const partial = layout.flatMap(([axis, sbp]) =>
    sbp.kind === "P" ? [`partial along ${axis}: the value is the ${sbp.monoid} of what its ranks hold`] : [],
  );
  const held = regions(layout, shape, placement);
  const idle = placement.ranks.filter((_, member) => size(held[member]!) === 0);
  const rest = shape.some((extent) => extent === 0) || idle.length === 0 ? [] : idle;
  return [...partial, ...(rest.length > 0 ? [`rank${rest.length > 1 ? "s" : ""} ${ranges(rest)}: nothing`] : [])];
}

function checked(given: LaidOut): Typed {
  const at = userLine();
  const { shape, placement, layout, dtype = "float32" } = given ?? {};
  const data =
    placement && ("data" in Object(placement) ? (placement as Placement).data : (placement as PlacementData));
  const wrong = !Array.isArray(shape)
    ? `it is ${showGiven(given)}`
    : !shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)
      ? `its shape has the dim ${showGiven(shape.find((dim) => !(Number.isSafeInteger(dim) && dim >= 0)))}`
      : !(Array.isArray(data?.axes) && Array.isArray(data.ranks))
        ? `its placement is ${showGiven(placement)}`
        : !Object.hasOwn(itemSize, dtype)
          ? `its dtype is ${showGiven(dtype)}`
          : undefined;
  if (wrong !== undefined)
    throw new OptionError("SL1075", wrong, {
      subject: "visualize, the tensor",
      at,
      choices: [
        "{ shape: [6, 4], placement, layout: { data: S(0) } }",
        "a global tensor",
        'a plan and a name: visualize(plan, "fc1.weight")',
      ],
    });
  const numbers = shape as readonly number[];
  const type = { shape: numbers, dtype };
  return { ...type, placement: data, layout: checkLayout(data, ordered(data, layout ?? {}), type, "visualize", at) };
}

function inPlan(plan: PlanData, name: string): Typed {
  const { states, inputs, outputs, placements, graph, layouts } = plan;
  const port = [...states, ...inputs, ...outputs].find((each) => each.name === name);
  if (port) return { ...port, placement: placements[port.placement]! };
  const value = graph.values.find((each) => each.name === name);
  if (value)
    return {
      ...value,
      shape: value.shape as readonly number[],
      layout: layouts[value.id]!,
      placement: graph.placements[value.placement]!,
    };
  const names = [...new Set([...states, ...inputs, ...outputs, ...graph.values].map((each) => each.name))];
  const [meant] = nearest(name, names);
  throw new OptionError("SL1075", `the plan has no tensor "${name}"`, {
    subject: `visualize, plan ${plan.name}`,
    at: userLine(),
    choices: names.slice(0, 20),
    hint: meant === undefined ? "plan.explain() lists all of them" : `did you mean "${meant}"?`,
  });
}
