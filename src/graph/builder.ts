/**
 * @file A logical graph under construction. `graph(…)` makes one for the user's function; autodiff continues one. It
 * alone appends ops, so here every op gets its types, its unique name and the user's line.
 */
import { showType } from "../ir/dtype.ts";
import { GraphError, InternalError, PlacementError } from "../ir/errors.ts";
import type { Attrs, Init, LogicalGraph, Op, StateDecl, Value } from "../ir/graph.ts";
import { type PlacementData, samePlacement, showPlacement } from "../ir/placement.ts";
import { checkCall, givenLayout, inferTypes, type Shown } from "./infer.ts";
import { checkLayout, type OrderedLayout } from "./layout.ts";
import { checkOperands, showTensors } from "./operands.ts";
import { userLine } from "./source.ts";
import { makeTensor, type Tensor } from "./tensor.ts";
import type { Shape } from "./types/shape.ts";

export interface ApplyOptions {
  /** Base of the op's name; the default is the scope and the kind. Made unique. */
  readonly name?: string;
  /** Where the outputs live; the default is where the inputs do, which must then agree. */
  readonly placement?: PlacementData;
  /** What the user called, where it is not the op by its kind: `div(x, 2)` is an affine op. Its operands, where they are others. */
  readonly written?: { readonly kind: string; readonly beside?: number; readonly ins?: readonly Tensor[] };
  /** For each output the state that it becomes. */
  readonly writes?: readonly (string | null)[];
  /** The user's line, when it is not the line running now. */
  readonly at?: string | undefined;
}

export interface ScopeOptions {
  /** The path is written out, not from the current scope on. */
  readonly absolute?: boolean;
  /** Ops are named by the path alone, without their kind. */
  readonly flat?: boolean;
  /** The user's line of all ops in it. */
  readonly at?: string | undefined;
}

interface Scope {
  readonly path: string;
  readonly flat: boolean;
  readonly at?: string | undefined;
}

export class Builder {
  readonly name: string;
  readonly #placements: PlacementData[] = [];
  readonly #values: Value[] = [];
  readonly #ops: Op[] = [];
  readonly #states = new Map<string, StateDecl>();
  /** The value that reads a state. */
  readonly #reads = new Map<string, Tensor>();
  /** States by the values that they have on other placements. */
  readonly #moved = new Map<Tensor, string>();
  readonly #tensors: Tensor[] = [];
  readonly #names = new Set<string>();
  /** States that an op writes. */
  readonly #written = new Set<string>();
  readonly #training: boolean;
  /** All that may be lived on; any, when it is not said. */
  readonly #meshes: readonly PlacementData[] | undefined;
  #scope: Scope = { path: "", flat: false };
  #asked = false;

  constructor(name: string, training = false, meshes?: readonly PlacementData[]) {
    this.name = name;
    this.#training = training;
    this.#meshes = meshes;
  }

  /** Do modules behave as in training? Whoever asks builds a graph of this mode alone. */
  get training(): boolean {
    this.#asked = true;
    return this.#training;
  }

  /** Has anybody asked about the mode? */
  get modeMatters(): boolean {
    return this.#asked;
  }

  /** A builder that continues a finished graph, without the ops of the kinds left out (which must have no outputs). */
  static from(graph: LogicalGraph, leaveOut: readonly string[] = []): Builder {
    const builder = new Builder(graph.name);
    builder.#placements.push(...graph.placements);
    for (const value of graph.values) builder.#add(value);
    for (const op of graph.ops) {
      if (leaveOut.includes(op.kind)) continue;
      builder.#names.add(op.name);
      builder.#ops.push({ ...op, id: builder.#ops.length });
      for (const state of op.writes ?? []) if (state !== null) builder.#written.add(state);
      if (op.kind === "state") builder.#reads.set(op.attrs.state as string, builder.tensor(op.outputs[0]!));
    }
    for (const state of graph.states) builder.#states.set(state.name, state);
    return builder;
  }

  /** Ops so far. */
  get opCount(): number {
    return this.#ops.length;
  }

  tensor(id: number): Tensor {
    return this.#tensors[id]!;
  }

  /** A tensor as messages show it. */
  shown(id: number): Shown {
    const graph = { ops: this.#ops, values: this.#values, placements: this.#placements };
    return { ...this.#values[id]!, layout: givenLayout(graph, id) };
  }

  /** Runs a check of what is about to become an op; a ShapeError that it throws gets the call and the user's line. */
  check(kind: string, ins: readonly Tensor[], check: () => void): void {
    checkCall(
      () => showTensors(kind, ins),
      () => this.#scope.at ?? userLine(),
      check,
    );
  }

  /** Path that new ops are named under. */
  get scope(): string {
    return this.#scope.path;
  }

  /** Runs `body` with new ops named under `path`. */
  within<T>(path: string, body: () => T, { absolute = false, flat = false, at }: ScopeOptions = {}): T {
    const outer = this.#scope;
    const full = absolute ? path : [outer.path, path].filter((part) => part !== "").join(".");
    this.#scope = { path: full, flat, at: at ?? outer.at };
    try {
      return body();
    } finally {
      this.#scope = outer;
    }
  }

  /**
   * Appends an op and gives its outputs. Throws the op's ShapeError, PlacementError SL1030 for operands on different
   * placements, SL1035 for ranks that are none of the graph's, GraphError SL1037 for an operand that is no tensor, SL1031 for a tensor of another graph, SL1033 for a second op that writes a state.
   */
  apply(kind: string, ins: readonly Tensor[], attrs: Attrs = {}, options: ApplyOptions = {}): readonly Tensor[] {
    const at = options.at ?? this.#scope.at ?? userLine();
    checkOperands(this, kind, ins, options.placement === undefined, at);
    const placement = this.#intern(options.placement ?? ins[0]?.placement, () => {
      const subject = kind === "input" ? `input "${String(attrs.name)}"` : (options.name ?? this.#nameFor(kind));
      return { subject, at };
    });
    const types = inferTypes(kind, ins, attrs, at, () =>
      showTensors(options.written?.kind ?? kind, options.written?.ins ?? ins, options.written?.beside),
    );
    const name = this.#unique(options.name ?? this.#nameFor(kind));
    if (kind === "to" && attrs.layout)
      checkLayout(this.#placements[placement]!, attrs.layout as unknown as OrderedLayout, types[0]!, name, at);
    const outputs = types.map((type, i) => {
      const suffix = types.length > 1 ? `.${i}` : "";
      return this.#add({ ...type, id: this.#values.length, name: `${name}${suffix}`, placement });
    });
    for (const state of options.writes ?? []) if (state !== null) this.#claim(state, name, at);
    this.#ops.push({
      id: this.#ops.length,
      kind,
      name,
      inputs: ins.map((t) => t.id),
      outputs: outputs.map((t) => t.id),
      attrs,
      ...(options.writes && { writes: options.writes }),
      ...(at !== undefined && { at }),
    });
    return outputs;
  }

  /**
   * The tensor that reads a state, declared by the first call. A state has one home: met on another placement, it is
   * moved there. Throws GraphError SL1032 when the name is taken by a state of another kind or shape.
   */
  state(declared: Omit<StateDecl, "placement">, placement: PlacementData): Tensor {
    const known = this.#states.get(declared.name);
    if (!known) {
      const decl = {
        ...declared,
        placement: this.#intern(placement, () => ({ subject: `state "${declared.name}"`, at: userLine() })),
      };
      this.#states.set(decl.name, decl);
      const attrs = { state: decl.name, shape: [...decl.shape], dtype: decl.dtype };
      const [read] = this.apply("state", [], attrs, { placement, name: decl.name });
      this.#reads.set(decl.name, read!);
      return read!;
    }
    if (
      known.kind !== declared.kind ||
      String(known.shape) !== String(declared.shape) ||
      known.dtype !== declared.dtype
    )
      throw new GraphError("SL1032", `there is a ${known.kind} of this name already, ${showType(known)}`, {
        subject: `state "${declared.name}"`,
        at: userLine(),
        hint: "give one of the two another name",
      });
    const read = this.#reads.get(declared.name)!;
    if (samePlacement(read.placement, placement)) return read;
    const attrs = { layout: null, state: declared.name };
    const [moved] = this.apply("to", [read], attrs, { placement, name: `${declared.name}.to` });
    this.#moved.set(moved!, declared.name);
    return moved!;
  }

  /** The name of the state whose value a tensor is, at its home or moved to where it is met; else its own. */
  nameOf(tensor: Tensor): string {
    return this.#moved.get(tensor) ?? tensor.name;
  }

  /** The name of the state that a tensor reads. */
  stateOf(tensor: Tensor): string | undefined {
    return [...this.#reads].find(([, read]) => read === tensor)?.[0];
  }

  /** A float32 parameter with a random start, keyed by its name. */
  parameter(name: string, shape: readonly number[], init: Init, placement: PlacementData): Tensor {
    return this.state({ name, kind: "param", shape, dtype: "float32", init, checkpoint: true }, placement);
  }

  /** Runs `make`, and notes that what it adds serves the gradient of a value. */
  towards<T>(of: string, make: () => T): T {
    const first = this.#values.length;
    const made = make();
    for (let id = first; id < this.#values.length; id++) this.#values[id] = { ...this.#values[id]!, gradientOf: of };
    return made;
  }

  /** `target` computed anew with `to` in the place of `from`: the ops between the two are added once more. */
  substitute(target: Tensor, from: Tensor, to: Tensor): Tensor {
    const needed = new Set([target.id]);
    const path = this.#ops.toReversed().filter((op) => {
      const leads = op.outputs.some((id) => needed.has(id));
      if (leads) for (const id of op.inputs) needed.add(id);
      return leads;
    });
    const now = new Map([[from.id, to]]);
    for (const op of path.reverse()) {
      if (!op.inputs.some((id) => now.has(id))) continue;
      const outs = this.apply(
        op.kind,
        op.inputs.map((id) => now.get(id) ?? this.tensor(id)),
        op.attrs,
        { placement: this.tensor(op.outputs[0]!).placement, at: op.at },
      );
      for (const [i, id] of op.outputs.entries()) now.set(id, outs[i]!);
    }
    return now.get(target.id) ?? target;
  }

  finish(inputs: Readonly<Record<string, number>>, outputs: Readonly<Record<string, number>>): LogicalGraph {
    return {
      name: this.name,
      placements: [...this.#placements],
      values: [...this.#values],
      ops: [...this.#ops],
      states: [...this.#states.values()],
      inputs,
      outputs,
    };
  }

  #add(value: Value): Tensor {
    this.#values.push(value);
    const { id, name, shape, dtype } = value;
    const placement = this.#placements[value.placement]!;
    const tensor = makeTensor({ id, name, shape: shape as Shape, dtype, placement, builder: this });
    this.#tensors.push(tensor);
    return tensor;
  }

  #intern(placement: PlacementData | undefined, who: () => { subject: string; at: string | undefined }): number {
    if (!placement) throw new InternalError("an op without inputs needs a placement");
    const known = this.#placements.findIndex((p) => samePlacement(p, placement));
    if (known >= 0) return known;
    const ranks = new Set(this.#meshes?.flatMap((mesh) => mesh.ranks));
    if (this.#meshes && !placement.ranks.every((rank) => ranks.has(rank)))
      throw new PlacementError("SL1035", `it would live on ${showPlacement(placement)}, not all of them the graph's`, {
        ...who(),
        choices: this.#meshes.map(showPlacement),
        hint: "take one of these, or give graph(…) a list of all placements that it lives on",
      });
    return this.#placements.push(placement) - 1;
  }

  #nameFor(kind: string): string {
    const { path, flat } = this.#scope;
    if (path === "") return kind;
    return flat ? path : `${path}.${kind}`;
  }

  #unique(base: string): string {
    let name = base;
    for (let i = 1; this.#names.has(name); i++) name = `${base}_${i}`;
    this.#names.add(name);
    return name;
  }

  #claim(state: string, op: string, at: string | undefined): void {
    if (!this.#written.has(state)) {
      this.#written.add(state);
      return;
    }
    const writer = this.#ops.find(({ writes }) => writes?.includes(state))!;
    throw new GraphError("SL1033", `${writer.name} and ${op} both write it in one step`, {
      subject: `state "${state}"`,
      at,
      hint: "call a module that keeps statistics once in a graph that trains, or make one module for each call",
    });
  }
}
