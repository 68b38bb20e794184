/** @file `toOnnx`: the forward part of a graph as a file of ONNX, for whatever else runs models. */
import { bindSome } from "../../graph/bind.ts";
import { userLine } from "../../graph/source.ts";
import type { NdArray } from "../../ir/array.ts";
import { showType } from "../../ir/dtype.ts";
import { checkOptions, FeedError, GraphError, nearest, OptionError, showGiven } from "../../ir/errors.ts";
import type { LogicalGraph, Op, StateDecl } from "../../ir/graph.ts";
import { expectGiven } from "../given.ts";
import { forwardOf, trains } from "./forward.ts";
import { encode } from "./messages.ts";
import { modelOf, type StateValues } from "./model.ts";

/** Where the numbers of parameters come from: `session.states` is one. */
export interface StateSource {
  readonly names: readonly string[];
  read(name: string): Promise<NdArray>;
}

export interface OnnxOptions {
  /** Names of the graph's outputs that the model has. Default: all, of a graph that trains nothing. */
  readonly outputs?: readonly string[];
  /** Numbers for named dims. A name that is left stays one: the model takes any extent there. Default: none. */
  readonly dims?: { readonly [dim: string]: number };
  /** Whose parameters and statistics the file holds, `session.states`. Default: none, they are inputs of the model. */
  readonly states?: StateSource;
}

const optionNames = ["outputs", "dims", "states"] satisfies (keyof OnnxOptions)[];
/** A message of protobuf is shorter than this. */
const mostBytes = 2 ** 31;

/**
 * The forward part of a graph as a file of ONNX (IR version 9, operator set 20: ONNX 1.15): what its outputs need, as an
 * evaluation runs it. Nothing is said of placements and layouts; dropout passes its input on. Gradients and updates are no
 * part of it: of a graph that trains `outputs` names what is meant, and the file's `doc_string` says what was left out. Ids that
 * are none read 0 and count for nothing, as here. Inputs and outputs have the names that the graph gives them, states their
 * own.
 *
 * @returns the file's bytes
 * @throws GraphError SL6050 for an op that ONNX cannot say, SL6052 for batch norm of a graph that trains, SL6054 for an
 *   output by the name of an input, SL6055 for more than a file of ONNX can hold, SL6056 for a graph that trains without
 *   `outputs`
 * @throws OptionError SL1074 and SL1075 for options, SL6051 for an output that is not there, SL1143 for what is no graph
 * @throws FeedError SL6053 for a state that is not among `states`, or another there
 * @throws ShapeError SL1041 and SL1042 for `dims`, SL1040 for a dim that only `dims` can tell
 *
 * @example
 * await writeFile("net.onnx", await toOnnx(evaluation, { states: session.states }));
 */
export async function toOnnx(
  graph: { readonly logical: LogicalGraph },
  options: OnnxOptions = {},
): Promise<Uint8Array> {
  const at = userLine();
  if (!Array.isArray((graph as Partial<typeof graph> | null | undefined)?.logical?.ops))
    throw new OptionError("SL1143", `toOnnx takes a graph, got ${showGiven(graph)}`, {
      at,
      hint: "give what graph(mesh, …) returned",
    });
  checkOptions("SL1074", "toOnnx", options, optionNames, () => at);
  const logical = bindSome(graph.logical, dimsOf(options.dims, at));
  const outputs = outputsOf(logical, options.outputs, at);
  const ops = forwardOf(logical, outputs, at);
  if (options.outputs === undefined) checkForward(logical, at);
  expectGiven(isSource(options.states), options.states, "toOnnx, option states", ["session.states"], at);
  const states = options.states && (await read(statesOf(logical, ops), options.states, at));
  const model = modelOf(logical, ops, outputs, states);
  const bytes = model.initializers.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes >= mostBytes)
    throw new GraphError("SL6055", `its states are ${bytes} bytes, a file of ONNX holds less than ${mostBytes}`, {
      subject: `graph "${logical.name}"`,
      at,
      hint: "leave out `states`: they are inputs of the model then",
    });
  return encode(model);
}

const isSource = (given: Partial<StateSource> | null | undefined): boolean =>
  given === undefined || (Array.isArray(given?.names) && typeof given.read === "function");

/** A file cannot train: who exports a graph that does says which outputs are meant. Throws GraphError SL6056. */
function checkForward(graph: LogicalGraph, at: string | undefined): void {
  if (!trains(graph)) return;
  throw new GraphError("SL6056", "it trains, and a file of ONNX holds the forward part alone", {
    subject: `graph "${graph.name}"`,
    at,
    choices: Object.keys(graph.outputs).map((name) => `{ outputs: ${JSON.stringify([name])} }`),
    hint: 'name the outputs that you want, or export a graph of the same model with mode: "eval" and no minimize',
  });
}

function dimsOf(dims: unknown, at: string | undefined): Readonly<Record<string, number>> {
  if (dims === undefined) return {};
  if (typeof dims === "object" && dims !== null) return dims as Readonly<Record<string, number>>;
  throw new OptionError("SL1075", `it is ${showGiven(dims)}`, {
    subject: "toOnnx, option dims",
    at,
    choices: ["{ batch: 1 }"],
  });
}

function outputsOf(graph: LogicalGraph, given: unknown, at: string | undefined): readonly string[] {
  const known = Object.keys(graph.outputs);
  if (given === undefined) return known;
  const subject = "toOnnx, option outputs";
  if (!Array.isArray(given) || given.length === 0)
    throw new OptionError("SL1075", `it is ${showGiven(given)}, not a list of names`, { subject, at, choices: known });
  for (const name of given) {
    if (known.includes(name)) continue;
    const [meant] = nearest(String(name), known);
    throw new OptionError("SL6051", `graph "${graph.name}" has no output ${showGiven(name)}`, {
      subject,
      at,
      choices: known,
      hint: meant === undefined ? "take one of these" : `did you mean "${meant}"?`,
    });
  }
  return [...new Set(given as string[])];
}

/** The states that some ops read. */
const statesOf = (graph: LogicalGraph, ops: readonly Op[]): readonly StateDecl[] =>
  graph.states.filter(({ name }) => ops.some(({ kind, attrs }) => kind === "state" && attrs.state === name));

async function read(states: readonly StateDecl[], source: StateSource, at: string | undefined): Promise<StateValues> {
  const values = new Map<string, NdArray<number[]>>();
  for (const state of states) {
    const subject = `state "${state.name}"`;
    if (!source.names.includes(state.name)) {
      const [meant] = nearest(state.name, source.names);
      throw new FeedError("SL6053", "the graph reads it, and `states` has none of this name", {
        subject,
        at,
        choices: source.names,
        hint: `give \`session.states\` of a session that runs this model${meant === undefined ? "" : `; near it is "${meant}"`}`,
      });
    }
    const value = (await source.read(state.name)) as NdArray<number[]>;
    if (value.dtype !== state.dtype || String(value.shape) !== String(state.shape))
      throw new FeedError("SL6053", `it is ${showType(value)} in \`states\`, ${showType(state)} in the graph`, {
        subject,
        at,
        hint: "give the states of a session that runs this model",
      });
    values.set(state.name, value);
  }
  return values;
}
