/** @file From a program file and the sizes on the command line to a compiled plan. */
import { type CompileOptions, compile, compileDry } from "../compile.ts";
import type { Graph, Inputs, Outputs } from "../graph/graph.ts";
import type { Param } from "../graph/nn/parameter.ts";
import { placement } from "../graph/placement.ts";
import { InternalError, OptionError, SluiceError } from "../ir/errors.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Plan } from "../plan.ts";
import { sizes } from "./arguments.ts";
import { loadProgram } from "./load.ts";
import type { Program, RunSizes } from "./program.ts";

type Options = CompileOptions<string, Param>;
type Built = Graph<string, Inputs, Outputs, Param>;
type Sizes = Omit<RunSizes, "epoch">;
type Given = { readonly mesh?: string; readonly dims?: string };

/** A program at certain sizes: its graph is built, and can be compiled. */
export interface Prepared {
  readonly program: Program;
  readonly sizes: Sizes;
  readonly placements: readonly PlacementData[];
  /** What a step does, and how much of it. */
  readonly samples: { readonly unit: string; readonly size: number };
  /** With these options over the program's own. */
  compile(over?: Options): Plan;
  /** The same, to be looked at and simulated but not launched: much faster on many ranks. */
  sketch(over?: Options): Plan;
}

/**
 * Throws what loading does, OptionError SL8003 and SL8005 for sizes, and what the program and the compiler throw; so do the
 * functions that it returns.
 */
export async function prepare(file: string, given: Given, cwd: string): Promise<Prepared> {
  const program = await loadProgram(file, cwd);
  const own: Sizes = { mesh: program.mesh, dims: program.compile?.dims ?? {} };
  const at: Sizes = {
    mesh: sizes("mesh", given.mesh, own.mesh),
    dims: sizes("dims", given.dims, own.dims),
  };
  const build = ({ mesh }: Sizes) => program.graph(placement("cpu", mesh)) as Built;
  const bound = ({ dims }: Sizes, over: Options = {}) => ({ ...program.compile, ...over, dims });
  /** What goes wrong at the sizes of the command line, and not at the program's own, is their fault. */
  const atSizes = <T>(make: () => T): T => {
    try {
      return make();
    } catch (error) {
      if ((given.mesh ?? given.dims) === undefined || !isOf(error)) throw error;
      try {
        compileDry(build(own), bound(own));
      } catch {
        throw error;
      }
      throw wrongSizes(given, own, error);
    }
  };
  const graph = atSizes(() => build(at));
  const { unit, size } = program.samples ?? { unit: "steps", size: 1 };
  return {
    program,
    sizes: at,
    placements: graph.logical?.placements ?? [],
    samples: { unit, size: typeof size === "string" ? at.dims[size]! : size },
    compile: (over) => atSizes(() => compile(graph, bound(at, over))),
    sketch: (over) => atSizes(() => compileDry(graph, bound(at, over))),
  };
}

/** Is it about the program? Memory that does not suffice, and our own bugs, are no fault of its sizes. */
const isOf = (error: unknown): error is SluiceError =>
  error instanceof SluiceError && !(error instanceof InternalError) && error.code !== "SL3040";

function wrongSizes({ mesh, dims }: Given, own: Sizes, cause: SluiceError): OptionError {
  const said = (["mesh", "dims"] as const).flatMap((option) => {
    const given = { mesh, dims }[option];
    const text = Object.entries(own[option]).map(([name, size]) => `${name}=${size}`);
    return given === undefined ? [] : [{ given: `--${option} ${given}`, own: text.join(",") }];
  });
  const its = said.map((each) => each.own).join(" and ");
  return new OptionError("SL8005", `the program compiles with its own ${its}, but not so`, {
    subject: said.map((each) => each.given).join(" "),
    details: cause.message.split("\n"),
    hint: "give other sizes",
    cause,
  });
}
