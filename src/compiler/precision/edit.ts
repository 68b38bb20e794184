/**
 * @file A graph under change of its dtypes: values keep their ids, so whoever takes one takes it as it has become. Ops are
 * put down one after the other, with casts between them.
 */
import type { DType } from "../../ir/dtype.ts";
import type { LogicalGraph, Op, Value } from "../../ir/graph.ts";

/** Ops after which a cast is made once more, rather than its result kept in memory for so long. */
const near = 16;

interface CastOptions {
  /** The op's name; default: the value's with the dtype behind it. */
  readonly name?: string;
  /** The value that it becomes; default: a new one. */
  readonly becomes?: number;
  readonly at?: string | undefined;
  /** Parts of a sum may be rounded each by itself. */
  readonly parts?: boolean;
}

export class Edit {
  readonly #graph: LogicalGraph;
  readonly #values: Value[];
  readonly #ops: Op[] = [];
  readonly #names: Set<string>;
  /** By value and dtype the cast that was made last, and how many ops there were then. */
  readonly #made = new Map<string, { readonly value: number; readonly at: number }>();

  constructor(graph: LogicalGraph) {
    this.#graph = graph;
    this.#values = [...graph.values];
    this.#names = new Set(graph.ops.map(({ name }) => name));
  }

  dtypeOf(value: number): DType {
    return this.#values[value]!.dtype;
  }

  retype(value: number, dtype: DType): void {
    this.#values[value] = { ...this.#values[value]!, dtype };
  }

  /** A new value like this one. */
  like(value: number, dtype: DType, name: string): number {
    this.#values.push({ ...this.#values[value]!, id: this.#values.length, dtype, name });
    return this.#values.length - 1;
  }

  put(op: Op): void {
    this.#ops.push({ ...op, id: this.#ops.length });
  }

  cast(from: number, dtype: DType, { name, becomes, at, parts }: CastOptions = {}): number {
    const named = name ?? this.#unique(`${this.#values[from]!.name}.${dtype}`);
    const to = becomes ?? this.like(from, dtype, named);
    const attrs = parts ? { dtype, parts } : { dtype };
    this.put({
      id: 0,
      kind: "cast",
      name: named,
      inputs: [from],
      outputs: [to],
      attrs,
      ...(at !== undefined && { at }),
    });
    return to;
  }

  /**
   * The value as this dtype: itself, or a cast of it. One made shortly before is taken again; `"ever"`: however long ago;
   * `"never"`: not for one who reads what is cast in the same pass.
   */
  as(value: number, dtype: DType, at: string | undefined, again: "near" | "ever" | "never" = "near"): number {
    if (this.dtypeOf(value) === dtype) return value;
    const key = `${value} ${dtype}`;
    const known = this.#made.get(key);
    if (known && (again === "ever" || (again === "near" && this.#ops.length - known.at <= near))) return known.value;
    const made = { value: this.cast(value, dtype, { at }), at: this.#ops.length };
    if (again !== "never") this.#made.set(key, made);
    return made.value;
  }

  finish(outputs = this.#graph.outputs): LogicalGraph {
    return { ...this.#graph, values: this.#values, ops: this.#ops, outputs };
  }

  #unique(base: string): string {
    let name = base;
    for (let i = 1; this.#names.has(name); i++) name = `${base}_${i}`;
    this.#names.add(name);
    return name;
  }
}
