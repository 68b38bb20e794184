/** @file `compile`: the typed door to the compiler. Names of dims, axes and parameters are checked while typing. */
import { compileGraph } from "./compiler/compile.ts";
import { checkSchedule } from "./compiler/pipeline/check.ts";
import type { ScheduleName } from "./compiler/pipeline/schedule.ts";
import type { StagesAs } from "./compiler/stages/cut.ts";
import type { Graph, Inputs, Outputs } from "./graph/graph.ts";
import type { Layout } from "./graph/layout.ts";
import type { Param } from "./graph/nn/parameter.ts";
import { userLine } from "./graph/source.ts";
import type { Names, ShapeError } from "./graph/types/shape.ts";
import { checkOptions, checkWhole, OptionError, showGiven } from "./ir/errors.ts";
import type { Schedule } from "./ir/pipeline.ts";
import { type LinkModels, modelOf } from "./links.ts";
import { Plan } from "./plan.ts";
import { type Precision, precisionOf } from "./precision.ts";
import { checkDevice, type DeviceModel } from "./simulate.ts";

export type DimNames<I extends Inputs> = { [K in keyof I]: Names<I[K]["shape"]> }[keyof I];

type Strip<K extends string> = K extends `.${infer R}` ? R : K;
/** Parameter names are checked; a key with a `*` is a pattern and is matched when the plan is compiled. */
export type Sharding<Axes extends string, Params extends Param> = {
  readonly [Q in Params as Strip<Q["path"]>]?: Layout<Axes, Q["shape"]>;
} & { readonly [pattern: `${string}*${string}`]: Layout<Axes> };

export interface CompileOptions<Axes extends string, Params extends Param> {
  /**
   * By parameter name, or by pattern: `"blocks.*.qkv.weight"`. The first that matches counts. One that matches nothing, or
   * only what others before it do, is an error.
   */
  readonly sharding?: Sharding<Axes, Params>;
  /** The same by regular expression, after `sharding`. */
  readonly rules?: readonly (readonly [RegExp, Layout<Axes>])[];
  /** Seeds initialisation and everything random in the plan: an integer ≥ 0. Default 0. */
  readonly seed?: number;
  /** Copies of what passes between tasks: 2 let a producer work ahead of its consumers. Default 2. */
  readonly slots?: number;
  /**
   * Cuts the batch into parts that are worked on one after the other, `{ batch: 8 }`: without a pipeline a step keeps an
   * eighth of what it kept for its backward pass; in one it is as the schedule says. Gradients, losses and means are added
   * up over the parts, so they are those of the whole batch; batch norm takes the statistics of each part by itself. Parts
   * differ by one row at most. Default: one part.
   */
  readonly microBatches?: { readonly [dim: string]: number };
  /**
   * The mesh axis along which the graph is cut into the stages of a pipeline, where the graph does not say them itself by
   * `.to(…)`: `"stage"` on a mesh `{ stage: 4, data: 2 }` gives four stages of two ranks each that take about as long by
   * the model of the device, or eight with a schedule of two chunks a rank; fewer where the graph has fewer ops than that.
   * Parameters live where they are first used. A second graph over the same parameters is cut as the plan of the first is:
   * `{ axis: "stage", as: plan }`.
   */
  readonly stages?: Axes | { readonly axis: Axes; readonly as: Pick<Plan, "data"> };
  /**
   * With micro-batches, and tensors that go from one placement to the next: in which order these stages of a pipeline work.
   * By name, or as data that `parseSchedule` reads or a program makes. Default `"1f1b"`, or what fits where stages lie
   * otherwise: `"interleaved"`, `"zbv"`.
   */
  readonly schedule?: ScheduleName | Schedule;
  /**
   * Bytes that the plan may use on a rank: layouts are chosen so that it fits. Default: what the device has, shared by
   * the ranks; a CPU's ranks share the 4 GiB of one process.
   */
  readonly memory?: number;
  /**
   * `"auto"` boxes a tensor where an op does not take it as it lies. With `"explicit"` that is an error, which names the
   * `.to(mesh, …)` that would do it; gradients and updates follow the forward pass and are boxed as before. Default `"auto"`.
   */
  readonly boxing?: "auto" | "explicit";
  /**
   * `"bfloat16"` or `"float16"`: mixed precision. Products are computed from operands of 16 bits and added up in float32;
   * what passes between ops, and is kept for the backward pass, is stored in 16 bits. Parameters, what optimizers keep,
   * norms, sums and losses stay float32, and outputs have the dtypes that the graph says. With float16 small gradients
   * vanish: give `minimize` a `lossScale`. Default `"float32"`.
   */
  readonly precision?: Precision;
  /** What layouts are chosen and tensors boxed by: how fast ranks talk. Default: they share one host's memory. */
  readonly links?: LinkModels;
  /** What layouts and stages are chosen by: how fast a rank computes. Default: as a core of a CPU. */
  readonly devices?: DeviceModel;
  /** Called after each pass with printers of the draft before and after it. */
  readonly onPass?: (pass: string, before: () => string, after: () => string) => void;
}

const optionNames = [
  "dims",
  "sharding",
  "rules",
  "seed",
  "slots",
  "microBatches",
  "stages",
  "schedule",
  "memory",
  "boxing",
  "precision",
  "links",
  "devices",
  "onPass",
] satisfies (keyof CompileOptions<string, Param> | "dims")[];

/**
 * Compiles a graph: binds its dims, differentiates, chooses the layouts that are left open, inserts the collectives and
 * plans memory. Pure: the same graph and options give the same plan, hash and all.
 *
 * Throws ShapeError (SL10xx) for dims that do not fit, LayoutError (SL10xx, SL30xx) for layouts that cannot be,
 * GraphError (SL105x) for what cannot be trained, PlacementError for tensors on different ranks, OptionError SL1074 and
 * SL1075 and SL3041 for options, SL1143 for what is no graph. LayoutError SL3040 when nothing fits the memory, SL3042 for
 * an implicit boxing in explicit mode. With micro-batches and stages OptionError SL5001 to SL5003, SL5021 and SL5027,
 * ScheduleError SL5011, SL5012 and SL5025, LayoutError SL5022 to SL5024 and SL5026.
 *
 * @example
 * const plan = compile(training, {
 *   dims: { batch: 128 },
 *   sharding: { "fc1.weight": { model: S(1) }, "fc2.weight": { model: S(0) } },
 * });
 */
export function compile<
  A extends string,
  I extends Inputs,
  O extends Outputs,
  Q extends Param,
  const Dims extends { readonly [N in DimNames<I>]: number },
>(
  graph: Graph<A, I, O, Q>,
  options: CompileOptions<NoInfer<A>, Q> & {
    readonly dims?: Dims & {
      readonly [N in Exclude<keyof Dims & string, DimNames<I>>]: ShapeError<`compile: no input has a dim "${N}"`>;
    };
  } & ([DimNames<I>] extends [never] ? unknown : { readonly dims: unknown }),
): Plan<I, O, Dims>;
/** Without named dims there is nothing to bind. */
export function compile<I extends Inputs, O extends Outputs>(
  graph: Graph<string, I, O, Param> &
    ([DimNames<I>] extends [never] ? unknown : ShapeError<`compile: bind the dims: { dims: { ${DimNames<I>}: … } }`>),
): Plan<I, O, object>;
export function compile(graph: Graph<string, Inputs, Outputs, Param>, given: AnyOptions = {}): Plan {
  return made(graph, given, false);
}

/**
 * As `compile`, but for a plan that is not launched, only simulated, explained and asked: memory, communication. At 1,024
 * ranks it takes seconds where a plan with every rank's programs takes minutes. Its hash is its own; what ranks with empty
 * shards use at one time is said to be as much as the first rank does.
 */
export const compileDry = (graph: Graph<string, Inputs, Outputs, Param>, given: AnyOptions = {}): Plan =>
  made(graph, given, true);

type AnyOptions = CompileOptions<string, Param> & { readonly dims?: Readonly<Record<string, number>> };

function made(graph: Graph<string, Inputs, Outputs, Param>, given: AnyOptions, dry: boolean): Plan {
  if (!Array.isArray((graph as Partial<typeof graph> | null | undefined)?.logical?.ops))
    throw new OptionError("SL1143", `compile takes a graph, got ${showGiven(graph)}`, {
      at: userLine(),
      hint: "give what graph(mesh, …) returned",
    });
  checkOptions("SL1074", "compile", given, optionNames, userLine);
  checkWhole("SL1075", "compile, option seed", given.seed, 0, userLine);
  checkWhole("SL1075", "compile, option slots", given.slots, 1, userLine);
  checkWhole("SL1075", "compile, option memory", given.memory, 1, userLine);
  if (given.dims !== undefined && (typeof given.dims !== "object" || given.dims === null))
    throw new OptionError("SL1075", `it is ${showGiven(given.dims)}`, {
      subject: "compile, option dims",
      at: userLine(),
      choices: ["{ batch: 128 }"],
    });
  if (given.onPass !== undefined && typeof given.onPass !== "function")
    throw new OptionError("SL1075", `it is ${showGiven(given.onPass)}`, {
      subject: "compile, option onPass",
      at: userLine(),
      choices: ["(pass, before, after) => { … }"],
    });
  const { schedule } = given as AnyOptions;
  if (schedule !== undefined && typeof schedule !== "string")
    checkSchedule("compile, option schedule", schedule, ['a name, such as "1f1b"']);
  if (given.boxing !== undefined && given.boxing !== "auto" && given.boxing !== "explicit")
    throw new OptionError("SL3041", `it is ${JSON.stringify(given.boxing)}`, {
      subject: "compile, option boxing",
      at: userLine(),
      choices: ['"auto"', '"explicit"'],
    });
  const { sharding, rules, links, devices, precision: asked, stages, ...options } = given;
  const precision = precisionOf(asked);
  const model = links !== undefined && { model: modelOf(links, "compile", graph.logical.placements) };
  return new Plan(
    compileGraph(graph.logical, {
      ...options,
      ...(dry && { dry }),
      ...(stages !== undefined && { stages: stagesOf(stages) }),
      ...(precision && { precision }),
      ...model,
      ...(devices !== undefined && { speed: checkDevice("compile", devices) }),
      sharding: layoutsByName(sharding, rules) as never,
    }),
  );
}

function stagesOf(given: NonNullable<AnyOptions["stages"]>): string | StagesAs {
  if (typeof given === "string") return given;
  const { axis, as } = (given ?? {}) as Partial<typeof given>;
  if (typeof axis === "string" && Array.isArray(as?.data?.states)) return { axis, as: as.data };
  throw new OptionError("SL1075", `it is ${showGiven(given)}`, {
    subject: "compile, option stages",
    at: userLine(),
    choices: ['an axis of the mesh: "stage"', 'as another plan is cut: { axis: "stage", as: plan }'],
  });
}

/** Both ways to say layouts by name, in the order in which they count. */
function layoutsByName(sharding: unknown = {}, rules: unknown = []): readonly unknown[] {
  const refuse = (option: string, what: string, choice: string) =>
    new OptionError("SL1075", what, { subject: `compile, option ${option}`, at: userLine(), choices: [choice] });
  if (typeof sharding !== "object" || sharding === null || Array.isArray(sharding))
    throw refuse("sharding", `it is ${showGiven(sharding)}`, '{ "fc1.weight": { model: S(1) } }');
  const example = "[[/weight$/, { model: S(1) }]]";
  if (!Array.isArray(rules)) throw refuse("rules", `it is ${showGiven(rules)}, not a list of pairs`, example);
  const wrong = rules.findIndex(
    (rule) => !Array.isArray(rule) || rule.length !== 2 || !(rule[0] instanceof RegExp || typeof rule[0] === "string"),
  );
  if (wrong >= 0) {
    const text = `rule ${wrong} is ${showGiven(rules[wrong])}, not a pair of a regular expression and a layout`;
    throw refuse("rules", text, example);
  }
  return [...Object.entries(sharding).filter(([, layout]) => layout !== undefined), ...rules];
}
