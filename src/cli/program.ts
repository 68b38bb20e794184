/**
 * @file What a program file holds: a mesh, the graph on it, how it is compiled and what it is fed. Data and functions of
 * sizes, so that one file can be run here, planned for another mesh, drawn and measured.
 */
import type { CompileOptions, DimNames } from "../compile.ts";
import type { Graph, Inputs, Outputs } from "../graph/graph.ts";
import type { Param } from "../graph/nn/parameter.ts";
import type { Placement } from "../graph/placement.ts";
import { userLine } from "../graph/source.ts";
import type { FeedFits } from "../graph/types/feed.ts";
import { checkOptions, checkWhole, OptionError, showGiven } from "../ir/errors.ts";

/** Sizes that a run has, as the program or the command line says. */
export interface RunSizes<Axes extends string = string, Dims = Readonly<Record<string, number>>> {
  readonly mesh: { readonly [A in Axes]: number };
  readonly dims: Dims;
  /** Counts from 0: how often the batches have been used up. */
  readonly epoch: number;
}

/** A program whose types are checked: what commands work with. */
export interface Program {
  readonly mesh: Readonly<Record<string, number>>;
  readonly graph: (mesh: Placement) => Graph<string, Inputs, Outputs, Param>;
  readonly compile?: CompileOptions<string, Param> & { readonly dims?: Readonly<Record<string, number>> };
  readonly batches?: (sizes: RunSizes) => Iterable<object> | AsyncIterable<object>;
  readonly steps?: number;
  readonly samples?: { readonly unit: string; readonly size: number | string };
}

/** A program file's default export, as {@link defineProgram} takes it. */
export interface ProgramDefinition<
  Axes extends string,
  I extends Inputs,
  O extends Outputs,
  Q extends Param,
  Dims,
  F extends object,
> {
  /** Name and size of each mesh axis; `--mesh` replaces sizes. */
  readonly mesh: { readonly [A in Axes]: number };
  /** The graph on that mesh. */
  readonly graph: (mesh: Placement<Axes>) => Graph<Axes, I, O, Q>;
  /** What `compile` takes; `--dims` replaces sizes in `dims`. */
  readonly compile?: CompileOptions<NoInfer<Axes>, Q> & { readonly dims?: Dims };
  /**
   * Batches of one epoch, an object of arrays by input each. Called anew, with the next `epoch`, while steps are left. Only
   * `run`, `trace` and `bench` need them.
   */
  readonly batches?: (
    sizes: RunSizes<NoInfer<Axes>, NoInfer<Dims>>,
  ) => (Iterable<F> | AsyncIterable<F>) & FeedFits<F, NoInfer<I>, NoInfer<Dims>>;
  /** Steps of a run; `--steps` replaces them. Default: one epoch. */
  readonly steps?: number;
  /** What a step does `size` of: `{ unit: "images", size: "batch" }`. A name means the size of that dim. */
  readonly samples?: { readonly unit: string; readonly size: number | (keyof NoInfer<Dims> & string) };
}

const names = ["mesh", "graph", "compile", "batches", "steps", "samples"] satisfies (keyof Program)[];

/**
 * What the default export of a program file is, for `sluice run FILE` and the other commands. Nothing is run yet: the
 * commands call the functions, with the sizes that they are given. Returns what it was given.
 *
 * Throws OptionError SL1074 and SL1075 for what is no program.
 *
 * @example
 * export default defineProgram({
 *   mesh: { data: 2 },
 *   graph: (mesh) => graph(mesh, { name: "mnist", model: net, inputs: inputsOn(mesh) }, build),
 *   compile: { dims: { batch: 128 } },
 *   batches: ({ dims, epoch }) => mnist().train.batches(dims.batch, { shuffle: { seed: 1, epoch } }),
 *   samples: { unit: "images", size: "batch" },
 * });
 */
export function defineProgram<
  Axes extends string,
  I extends Inputs,
  O extends Outputs,
  Q extends Param,
  F extends object,
  const Dims extends { readonly [N in DimNames<I>]: number } = { readonly [N in DimNames<I>]: number },
>(program: ProgramDefinition<Axes, I, O, Q, Dims, F>): ProgramDefinition<Axes, I, O, Q, Dims, F> {
  checkProgram(program, userLine);
  return program;
}

/** Throws OptionError SL1074 and SL1075. */
export function checkProgram(program: unknown, line: () => string | undefined): asserts program is Program {
  checkOptions("SL1074", "defineProgram", program, names, line);
  const { mesh, graph, compile, batches, steps, samples } = program as { readonly [K in keyof Program]?: unknown };
  const refuse = (option: string, value: unknown, choice: string) =>
    new OptionError("SL1075", `it is ${showGiven(value)}`, {
      subject: `defineProgram, option ${option}`,
      at: line(),
      choices: [choice],
    });
  if (typeof mesh !== "object" || mesh === null || Array.isArray(mesh)) throw refuse("mesh", mesh, "{ data: 2 }");
  for (const [axis, size] of Object.entries(mesh))
    if (!Number.isSafeInteger(size) || size < 1) throw refuse(`mesh, ${axis}`, size, "a whole number ≥ 1");
  if (typeof graph !== "function") throw refuse("graph", graph, "(mesh) => graph(mesh, …)");
  if (compile !== undefined && (typeof compile !== "object" || compile === null))
    throw refuse("compile", compile, "{ dims: { batch: 128 } }");
  if (batches !== undefined && typeof batches !== "function")
    throw refuse("batches", batches, "({ dims }) => train.batches(dims.batch)");
  checkWhole("SL1075", "defineProgram, option steps", steps, 1, line);
  if (samples === undefined) return;
  checkOptions("SL1074", "defineProgram, option samples", samples, ["unit", "size"], line);
  const { unit, size } = samples as { readonly unit?: unknown; readonly size?: unknown };
  if (typeof unit !== "string") throw refuse("samples, unit", unit, '"images"');
  const dims = (compile as Program["compile"])?.dims ?? {};
  const sizes = [...Object.keys(dims).map((name) => JSON.stringify(name)), "a whole number ≥ 1"].join(", ");
  const named = typeof size === "string" && Object.hasOwn(dims, size);
  if (!named && !(Number.isSafeInteger(size) && (size as number) >= 1)) throw refuse("samples, size", size, sizes);
}
