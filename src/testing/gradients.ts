/**
 * @file Gradients against finite differences: the loss is a random weighting of the op's outputs, so that its gradient is
 * the op's own with these weights as gradients of the outputs. Both sides run as they would in a plan, op by op.
 */
import { Builder } from "../graph/builder.ts";
import { placement } from "../graph/placement.ts";
import { opDef } from "../graph/registry.ts";
import type { Tensor } from "../graph/tensor.ts";
import { isFloat } from "../ir/dtype.ts";
import type { Attrs, LogicalGraph } from "../ir/graph.ts";
import { onWhole, type Run } from "./apply.ts";
import { draw, type Value } from "./value.ts";

/** Step of the differences, and how far a gradient may be from them, relative to 1 or more. */
export interface Precision {
  readonly step: number;
  readonly slope: number;
}

export interface WrongGradient {
  readonly input: number;
  /** Flat index. */
  readonly at: number;
  readonly got: number;
  readonly wanted: number;
}

const one = placement("cpu", { a: 1 }).data;
/** Of a larger input only some elements are moved. */
const mostElements = 64;

export interface Checked {
  /** Inputs whose gradient was compared. */
  readonly inputs: number;
  readonly wrong?: WrongGradient;
}

/** The first gradient that is wrong. Outputs of integers have none; of several outputs each is also left out once. */
export function checkGradients(
  kind: string,
  ins: readonly Value[],
  attrs: Attrs,
  random: () => number,
  run: Run,
  precision: Precision,
): Checked {
  const def = opDef(kind);
  if (!def.gradient || def.stopsGradient) return { inputs: 0 };
  const outs = onWhole(kind, ins, attrs, run);
  const floats = outs.flatMap(({ dtype }, i) => (isFloat(dtype) ? [i] : []));
  const all = draw(outs, { from: -1, to: 1 }, random);
  const choices = floats.length > 1 ? [floats, ...floats.map((i) => [i])] : [floats];
  const checked = new Set<number>();
  for (const chosen of choices) {
    const weights = all.map((value, i) => (chosen.includes(i) ? value : undefined));
    for (const [input, gradient] of gradientsOf(kind, ins, attrs, weights, run)) {
      checked.add(input);
      const wrong = compare({ kind, ins, attrs, weights, run, precision }, input, gradient);
      if (wrong) return { inputs: checked.size, wrong };
    }
  }
  return { inputs: checked.size };
}

/** What the op's own rule gives, by input; `weights` are the gradients of the outputs. Nothing for an op without one. */
export function gradientsOf(
  kind: string,
  ins: readonly Value[],
  attrs: Attrs,
  weights: readonly (Value | undefined)[],
  run: Run,
): Map<number, Value> {
  const builder = new Builder("gradients");
  const given = new Map<number, Value>();
  const input = (value: Value, name: string): Tensor => {
    const attrs = { name, shape: value.shape, dtype: value.dtype, layout: null };
    const tensor = builder.apply("input", [], attrs, { name, placement: one })[0]!;
    given.set(tensor.id, value);
    return tensor;
  };
  const xs = ins.map((value, i) => input(value, `x${i}`));
  const outs = builder.apply(kind, xs, attrs, { placement: one });
  const grads = weights.map((value, i) => (value && isFloat(value.dtype) ? input(value, `g${i}`) : undefined));
  const makers = opDef(kind).gradient?.({ ins: xs, outs, grads, attrs }) ?? [];
  const made = makers.flatMap((make, i) => (make && isFloat(ins[i]!.dtype) ? [[i, make().id] as const] : []));
  const values = evaluate(builder.finish({}, {}), given, run);
  return new Map(made.map(([i, id]) => [i, values[id]!]));
}

/** Every value of a graph, from those of its inputs and states by id. */
export function evaluate({ ops }: LogicalGraph, given: ReadonlyMap<number, Value>, run: Run): Value[] {
  const all: Value[] = [];
  for (const op of ops) {
    const known = given.get(op.outputs[0]!);
    if (known) all[op.outputs[0]!] = known;
    else {
      const ins = op.inputs.map((id) => all[id]!);
      for (const [i, out] of onWhole(op.kind, ins, op.attrs, run).entries()) all[op.outputs[i]!] = out;
    }
  }
  return all;
}

interface Site {
  readonly kind: string;
  readonly ins: readonly Value[];
  readonly attrs: Attrs;
  readonly weights: readonly (Value | undefined)[];
  readonly run: Run;
  readonly precision: Precision;
}

function compare(site: Site, input: number, gradient: Value): WrongGradient | undefined {
  const { step, slope: tolerance } = site.precision;
  const x = site.ins[input]!;
  const stride = Math.max(1, Math.ceil(x.data.length / mostElements));
  for (let at = 0; at < x.data.length; at += stride) {
    const [below, here, above] = [-step, 0, step].map((by) => outputs(site, input, at, by));
    const [left, right] = [rise(site, below!, here!) / step, rise(site, here!, above!) / step];
    const wanted = (left + right) / 2;
    const got = gradient.data[at]!;
    const near = tolerance * Math.max(1, Math.abs(wanted));
    // At a kink any slope between those of its sides will do.
    if (got >= Math.min(left, right) - near && got <= Math.max(left, right) + near) continue;
    return { input, at, got, wanted };
  }
  return undefined;
}

/** The op's outputs with one element of one input moved. */
function outputs({ kind, ins, attrs, run }: Site, input: number, at: number, by: number): Value[] {
  const x = ins[input]!;
  return onWhole(kind, ins.with(input, { ...x, data: x.data.with(at, x.data[at]! + by) }), attrs, run);
}

/** How much the loss rises from one to the other, in double precision. */
const rise = ({ weights }: Site, from: readonly Value[], to: readonly Value[]): number =>
  weights.reduce(
    (sum, weight, i) => weight?.data.reduce((s, w, k) => s + w * (to[i]!.data[k]! - from[i]!.data[k]!), sum) ?? sum,
    0,
  );
