/**
 * @file From an ONNX test to a graph of ours with the value of every tensor in it: the nodes go one by one through the
 * table, and what they add is computed at once, on whole tensors, by the engine; so an input that is a parameter for us
 * may be the result of nodes before it.
 */
import { placement, ShapeError } from "sluice";
import { start } from "../../src/compiler/draft.ts";
import { widen } from "../../src/compiler/widen.ts";
import { Builder } from "../../src/graph/builder.ts";
import { opDef } from "../../src/graph/registry.ts";
import { type DType, isDType, isHalf } from "../../src/ir/dtype.ts";
import type { LogicalGraph, Op } from "../../src/ir/graph.ts";
import { onWhole } from "../../src/testing/apply.ts";
import { onEngine } from "../../src/testing/engine.ts";
import type { Value } from "../../src/testing/value.ts";
import { type Loose, loose } from "./loose.ts";
import { absent, table } from "./ops/index.ts";
import type { OnnxAttr, OnnxNode } from "./proto.ts";
import { type Result, type Site, Uncovered } from "./site.ts";
import type { OnnxTest } from "./suite.ts";
import type { OnnxTensor } from "./tensors.ts";

export const mesh = placement("cpu", { a: 2 });

export interface Built {
  readonly graph: LogicalGraph;
  /** By id: what the engine makes of whole tensors. */
  readonly values: ReadonlyMap<number, Value>;
  /** Ids of the outputs, in the test's order. */
  readonly outputs: readonly number[];
}

interface Known {
  readonly tensor?: Loose;
  readonly constant?: OnnxTensor;
}

const isTensor = (result: Result): result is Loose => "id" in result;

class Build {
  readonly builder: Builder;
  readonly values = new Map<number, Value>();
  readonly #known = new Map<string, Known>();
  readonly #fed: Record<string, number> = {};
  #done = 0;

  constructor(name: string) {
    this.builder = new Builder(name);
  }

  constant(name: string, constant: OnnxTensor): void {
    this.#known.set(name, { constant });
  }

  input(name: string, dtype: string, shape: readonly number[], data: Float64Array | null): Loose {
    if (!isDType(dtype) || !data) throw new Uncovered(`no dtype ${dtype}`);
    const attrs = { name, shape, dtype, layout: null };
    const [tensor] = this.builder.apply("input", [], attrs, { name, placement: mesh.data });
    this.values.set(tensor!.id, { shape, dtype, data });
    this.#fed[tensor!.name] = tensor!.id;
    return loose(tensor!);
  }

  tensor(name: string): Loose {
    const known = this.#get(name);
    if (known.tensor) return known.tensor;
    const { dtype, shape, data } = known.constant!;
    const tensor = this.input(name, dtype, shape, data);
    this.#known.set(name, { ...known, tensor });
    return tensor;
  }

  /** The type of a value, whether it is a tensor or numbers. */
  type(name: string): { readonly shape: readonly number[]; readonly dtype: string } {
    const { tensor, constant } = this.#get(name);
    return (tensor ?? constant)!;
  }

  data(name: string): number[] {
    const { tensor, constant } = this.#get(name);
    if (!constant) this.run();
    const data = constant ? constant.data : this.values.get(tensor!.id)?.data;
    if (!data) throw new Uncovered(constant ? `no dtype ${constant.dtype}` : "a parameter in 16 bits");
    return [...data];
  }

  #get(name: string): Known {
    const known = this.#known.get(name);
    if (!known) throw new Uncovered("an input that is no tensor");
    return known;
  }

  /** Computes what has been added. */
  run(): void {
    const { ops } = this.builder.finish({}, {});
    for (const op of ops.slice(this.#done)) if (op.kind !== "input") compute(op, this.values);
    this.#done = ops.length;
  }

  node(node: OnnxNode): void {
    const entry = table[node.op];
    if (!entry) throw new Uncovered(this.#whyNot(node));
    const found = entry(this.#site(node));
    const results: readonly Result[] = Array.isArray(found) ? found : [found as Result];
    node.outputs.forEach((name, i) => {
      if (name === "") return;
      const result = results[i];
      if (!result) throw new Uncovered(`no output ${i} of ${node.op}`);
      this.#known.set(name, isTensor(result) ? { tensor: result } : { constant: result });
    });
  }

  /** Why there is no entry for a node: its dtypes, if they are the first thing in the way. */
  #whyNot({ op, inputs }: OnnxNode): string {
    const stranger = inputs.filter((name) => name !== "").find((name) => !isDType(this.type(name).dtype));
    return absent[op] ?? (stranger === undefined ? `no ${op}` : `no dtype ${this.type(stranger).dtype}`);
  }

  #site(node: OnnxNode): Site {
    const input = (i: number) => node.inputs[i]!;
    const attr = <T extends OnnxAttr>(name: string) => node.attrs[name] as T | undefined;
    return {
      node,
      has: (i) => i < node.inputs.length && input(i) !== "",
      x: (i) => this.tensor(input(i)),
      all: () => node.inputs.map((name) => this.tensor(name)),
      data: (i) => this.data(input(i)),
      shape: (i) => this.type(input(i)).shape,
      dtype: (i) => this.type(input(i)).dtype,
      feed: (dtype, shape, data) => this.input(`made${this.values.size}`, dtype, shape, Float64Array.from(data)),
      fill: (dtype: DType, shape, value) =>
        loose(this.builder.apply("constant", [], { value, shape, dtype }, { placement: mesh.data })[0]!),
      int: (name, otherwise) => attr<number>(name) ?? otherwise,
      float: (name, otherwise) => attr<number>(name) ?? otherwise,
      text: (name, otherwise) => attr<string>(name) ?? otherwise,
      ints: (name) => attr<readonly number[]>(name),
    };
  }

  finish(outputs: readonly (readonly [name: string, stored: OnnxTensor])[]): Built {
    const tensors = outputs.map(([name, stored]) => {
      const { tensor } = this.#get(name);
      if (!tensor) throw new Uncovered("known while the graph is built: nothing runs");
      // Indices are int32 in ours, int64 in ONNX's.
      return stored.dtype === "int64" && tensor.dtype === "int32" ? tensor.cast("int64") : tensor;
    });
    this.run();
    const named = Object.fromEntries(outputs.map(([name], i) => [name, tensors[i]!.id]));
    const narrow = this.builder.finish(this.#fed, named);
    if (narrow.ops.every(({ kind }) => kind === "input")) throw new Uncovered("nothing runs");
    const { graph } = widen(start(narrow, {}));
    const values = graph === narrow ? this.values : valuesOf(graph, narrow, this.values);
    return { graph, values, outputs: outputs.map(([name]) => graph.outputs[name]!) };
  }
}

/** An op on whole tensors. Nothing computes in 16 bits: `widen` will put casts round such an op. */
function compute(op: Op, values: Map<number, Value>): void {
  const ins = op.inputs.flatMap((id) => values.get(id) ?? []);
  const half = !opDef(op.kind).moves && ins.some(({ dtype }) => isHalf(dtype));
  if (half || ins.length < op.inputs.length) return;
  const attrs = op.kind === "to" ? { layout: null } : op.attrs;
  onWhole(op.kind, ins, attrs, onEngine).forEach((value, i) => {
    values.set(op.outputs[i]!, value);
  });
}

/** The values of a rewritten graph, its inputs having the values that they had before. */
function valuesOf(graph: LogicalGraph, before: LogicalGraph, known: ReadonlyMap<number, Value>): Map<number, Value> {
  const inputs = Object.entries(graph.inputs).map(([name, id]) => [id, known.get(before.inputs[name]!)!] as const);
  const values = new Map(inputs);
  for (const op of graph.ops) if (op.kind !== "input") compute(op, values);
  return values;
}

const cutOff = "stored with bits cut off, where ONNX says to round";

/** Tests whose stored outputs are not what their models say. */
const wrongData: Readonly<Record<string, string>> = {
  test_adam_multiple: "stored with epsilon = 0.01, which its model does not say",
  test_cast_FLOAT_to_BFLOAT16: cutOff,
  test_castlike_FLOAT_to_BFLOAT16: cutOff,
  test_castlike_FLOAT_to_BFLOAT16_expanded: cutOff,
};

/** The graph of a test. Throws Uncovered, with the reason, for one that we cannot build. */
export function build(test: OnnxTest): Built {
  const { model } = test;
  const wrong = wrongData[test.name];
  if (wrong) throw new Uncovered(wrong);
  const made = new Build(test.name);
  for (const side of ["inputs", "outputs"] as const) {
    const stranger = model[side].find((_, i) => test[side][i] === null);
    if (stranger) throw new Uncovered(`${stranger.kind} type`);
  }
  for (const tensor of model.initializers) made.constant(tensor.name, tensor);
  model.inputs.forEach(({ name }, i) => {
    made.constant(name, test.inputs[i]!);
  });
  try {
    for (const node of model.nodes) made.node(node);
    return made.finish(model.outputs.map(({ name }, i) => [name, test.outputs[i]!]));
  } catch (error) {
    // A dtype that an op does not take is a limit of ours; all else that it says of shapes would be a mistake here.
    if (error instanceof ShapeError && error.code === "SL1012") throw new Uncovered(`${kindOf(error)} ${error.what}`);
    throw error;
  }
}

const kindOf = ({ subject }: ShapeError): string => subject?.match(/^\w+/)?.[0] ?? "an op";
