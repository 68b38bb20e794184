/**
 * @file A model of ONNX while it is written: nodes in order, constants (equal ones once), names that nobody else has, and
 * what only the model's inputs know, the extents of dims that are names.
 */
import type { DType } from "../../ir/dtype.ts";
import { toElements } from "../../ir/element.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { Dim, Shape } from "../../ir/graph.ts";
import type { OnnxAttrs, OnnxNode, OnnxTensor } from "./messages.ts";

/** Where the extent of a named dim can be read. */
export interface DimSource {
  readonly input: string;
  readonly dim: number;
}

function free(base: string, taken: Set<string>): string {
  let name = base;
  for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
  taken.add(name);
  return name;
}

export class Draft {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #constants = new Map<string, string>();
  readonly #extents = new Map<string, string>();
  readonly #taken: Set<string>;
  /** Nodes have names of their own, which may be those of tensors. */
  readonly #nodeNames = new Set<string>();
  readonly #sources: Readonly<Record<string, DimSource>>;

  /** `taken`: names that mean something already. */
  constructor(taken: Iterable<string>, sources: Readonly<Record<string, DimSource>>) {
    this.#taken = new Set(taken);
    this.#sources = sources;
  }

  /** `base`, or that with a number: for a tensor. */
  unique(base: string): string {
    return free(base, this.#taken);
  }

  /** Appends a node, and gives its outputs. */
  node(type: string, base: string, inputs: readonly string[], attrs: OnnxAttrs, outputs = 1): readonly string[] {
    const name = free(base, this.#nodeNames);
    const made = Array.from({ length: outputs }, (_, i) => this.unique(outputs > 1 ? `${name}.${i}` : `${name}.out`));
    this.nodes.push({ type, name, inputs, outputs: made, attrs });
    return made;
  }

  /** A tensor that is part of the model. */
  add(tensor: OnnxTensor): void {
    this.initializers.push(tensor);
  }

  /** Numbers that are part of the model. */
  constant(dtype: DType, shape: readonly number[], values: readonly (number | bigint)[]): string {
    const key = `${dtype}[${shape}] ${values.map((x) => (Object.is(x, -0) ? "-0" : String(x)))}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.unique(`constant.${this.#constants.size}`);
    this.#constants.set(key, name);
    this.add({ name, dtype, shape, data: toElements(dtype, values) });
    return name;
  }

  /** Dims, sizes or places: a list of int64. */
  ints(values: readonly number[]): string {
    return this.constant("int64", [values.length], values);
  }

  /** A dim's extent, a list of one int64. */
  extent(dim: Dim): string {
    if (typeof dim === "number") return this.ints([dim]);
    const known = this.#extents.get(dim);
    if (known !== undefined) return known;
    const source = this.#sources[dim];
    if (!source)
      throw new ShapeError("SL1040", `dim "${dim}" is not bound to a number, and no input has it`, {
        hint: `toOnnx(graph, { dims: { ${dim}: … } })`,
      });
    const [name] = this.node("Shape", `extent.${dim}`, [source.input], { start: source.dim, end: source.dim + 1 });
    this.#extents.set(dim, name!);
    return name!;
  }

  /** A shape, a list of int64. */
  shape(shape: Shape): string {
    if (shape.every((dim) => typeof dim === "number")) return this.ints(shape);
    const extents = shape.map((dim) => this.extent(dim));
    return extents.length === 1 ? extents[0]! : this.node("Concat", "shape", extents, { axis: 0 })[0]!;
  }

  /** Calls what `from` is by another name. */
  rename(from: string, to: string): void {
    const called = (name: string) => (name === from ? to : name);
    // What makes it was added last, and all that reads it came after.
    const first = this.nodes.findLastIndex(({ outputs }) => outputs.includes(from));
    for (let i = first; i < this.nodes.length; i++) {
      const node = this.nodes[i]!;
      this.nodes[i] = { ...node, inputs: node.inputs.map(called), outputs: node.outputs.map(called) };
    }
  }
}
