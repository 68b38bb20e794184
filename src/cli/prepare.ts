/** @file From a program file and the sizes on the command line to a compiled plan. */
import { type CompileOptions, compile, compileDry } from "../compile.ts";
import type { Graph, Inputs, Outputs } from "../graph/graph.ts";
import type { Param } from "../graph/nn/parameter.ts";
import { placement } from "../graph/placement.ts";
import type { Plan } from "../plan.ts";
import { sizes } from "./arguments.ts";
import { loadProgram } from "./load.ts";
import type { Program, RunSizes } from "./program.ts";

type Options = CompileOptions<string, Param>;
type Bound = Options & { readonly dims: Readonly<Record<string, number>> };
type Sizes = Omit<RunSizes, "epoch">;

/** A program at certain sizes: its graph is built, and can be compiled. */
export interface Prepared {
  readonly program: Program;
  readonly sizes: Sizes;
  /** What a step does, and how much of it. */
  readonly samples: { readonly unit: string; readonly size: number };
  /** With these options over the program's own. */
  compile(over?: Options): Plan;
  /** The same, to be looked at and simulated but not launched: much faster on many ranks. */
  sketch(over?: Options): Plan;
}

/** Throws what loading does, OptionError SL8003 for sizes, and what the program and the compiler throw. */
export async function prepare(
  file: string,
  given: { readonly mesh?: string; readonly dims?: string },
  cwd: string,
): Promise<Prepared> {
  const program = await loadProgram(file, cwd);
  const at: Sizes = {
    mesh: sizes("mesh", given.mesh, program.mesh),
    dims: sizes("dims", given.dims, program.compile?.dims ?? {}),
  };
  const graph = program.graph(placement("cpu", at.mesh)) as Graph<string, Inputs, Outputs, Param>;
  const bound = (over: Options = {}): Bound => ({ ...program.compile, ...over, dims: at.dims });
  const { unit, size } = program.samples ?? { unit: "steps", size: 1 };
  return {
    program,
    sizes: at,
    samples: { unit, size: typeof size === "string" ? at.dims[size]! : size },
    compile: (over) => compile(graph, bound(over)),
    sketch: (over) => compileDry(graph, bound(over)),
  };
}
