/**
 * @file Reverse-mode differentiation on the logical graph: every `minimize` becomes a backward pass, written as ops like
 * any other, and the optimizer's updates. The gradient of an op is that op's own; this file only walks backwards and
 * adds up. The dims are numbers by now.
 */
import { type DType, isFloat, isHalf } from "../ir/dtype.ts";
import { GraphError, nearest } from "../ir/errors.ts";
import type { LogicalGraph, Op } from "../ir/graph.ts";
import { Builder } from "./builder.ts";
import { inOrder } from "./in-order.ts";
import type { Scaling } from "./loss-scale.ts";
import type { OpDef } from "./op.ts";
import { clipped } from "./optim/clipping.ts";
import { movedTo } from "./optim/everywhere.ts";
import { rounded, type Trained, unscaled } from "./optim/gradients.ts";
import { beginUpdates } from "./optim/rules.ts";
import { beginScaling } from "./optim/scaling.ts";
import type { Optimizer } from "./optim/update.ts";
import { isGlob, matcher } from "./patterns.ts";
import { opDef } from "./registry.ts";
import { emit, type Tensor } from "./tensor.ts";

/**
 * The graph with every `minimize` written out; a graph without one as it is. Gradients of parameters travel as `wire`.
 *
 * Throws GraphError: SL1050 an op between the loss and a parameter has no gradient, SL1051 the loss reaches no
 * parameter, SL1052 two losses train one parameter, SL1053 a pattern of what is frozen means no parameter.
 */
export function expandMinimize(graph: LogicalGraph, wire?: DType): LogicalGraph {
  const losses = graph.ops.filter(({ kind }) => kind === "minimize");
  if (losses.length === 0) return graph;
  const builder = Builder.from(graph, ["minimize"]);
  const trained = new Map<string, string>();
  const uses = new Map<string, number>();
  /** What a scaled loss and clipped gradients give, by the value that has stood for it. */
  const known = new Map<number, Tensor>();
  for (const [nthLoss, op] of losses.entries()) {
    const optimizer = op.attrs.optimizer as unknown as Optimizer;
    const loss = builder.tensor(op.inputs[0]!);
    const nth = uses.get(optimizer.kind) ?? 0;
    uses.set(optimizer.kind, nth + 1);
    const name = nth ? `${optimizer.kind}_${nth}` : optimizer.kind;
    const scaling = op.attrs.lossScale as unknown as Scaling | undefined;
    const at = { absolute: true, at: op.at };
    const scaler =
      scaling &&
      builder.within(
        "lossScale",
        () => beginScaling(builder, nthLoss ? `lossScale_${nthLoss}` : "lossScale", scaling, loss.placement),
        at,
      );
    const found = backward(builder, graph, loss, op, scaler?.scale);
    checkTrainedOnce(trained, found, op);
    const short = wire && isHalf(wire) ? found.map((each) => rounded(builder, each, wire, op)) : found;
    const whole = scaler ? unscaled(builder, short, scaler.scale, op) : short;
    const skipped =
      scaler && builder.within("lossScale", () => scaler.skipped(whole.map(({ gradient }) => gradient)), at);
    if (scaler && skipped) {
      known.set(
        op.outputs[0]!,
        builder.within("lossScale", () => emit("stopGradient", [scaler.scale]), at),
      );
      known.set(op.outputs[1]!, skipped);
    }
    const clipNorm = op.attrs.clipNorm as number | undefined;
    const clip = clipNorm === undefined ? undefined : clipped(builder, whole, clipNorm, loss.placement, op);
    if (clip) known.set(op.outputs.at(-1)!, clip.norm);
    const gradients = clip?.gradients ?? whole;
    builder.within(
      "",
      () => {
        const update = beginUpdates(optimizer.kind, {
          builder,
          name,
          options: optimizer.options,
          home: loss.placement,
          ...(skipped && { skipped: movedTo(builder, skipped, "lossScale.skipped") }),
        });
        for (const { parameter, gradient } of gradients) update(parameter, gradient);
      },
      { absolute: true, at: op.at },
    );
  }
  const written = builder.finish(graph.inputs, graph.outputs);
  return known.size ? inOrder(written, known) : written;
}

/** Gradients of all parameters that the loss reaches, in the order in which they were first used. */
function backward(builder: Builder, graph: LogicalGraph, loss: Tensor, minimize: Op, scale?: Tensor): Trained[] {
  const frozen = frozenIn(graph, minimize);
  const learns = dependents(graph, frozen);
  const found = new Map<number, Tensor[]>();
  const trained: Trained[] = [];
  const add = (value: number, gradient: Tensor) => found.set(value, [...(found.get(value) ?? []), gradient]);
  if (learns.has(loss.id)) {
    const attrs = { value: 1, shape: [], dtype: loss.dtype };
    const options = { placement: loss.placement, name: `${loss.name}.grad`, at: minimize.at };
    const start = () => builder.apply("constant", [], attrs, options)[0]!;
    const scaled = () => builder.apply("cast", [scale!], { dtype: loss.dtype }, options)[0]!;
    add(loss.id, scale ? scaled() : start());
  }
  for (const op of graph.ops.toReversed()) {
    if (!op.outputs.some((id) => found.has(id))) continue;
    const outs = op.outputs.map((id) => builder.tensor(id));
    const grads = outs.map((out) => total(builder, out, found.get(out.id) ?? [], op));
    if (op.kind === "state") {
      trained.unshift({ parameter: outs[0]!, gradient: grads[0]! });
      continue;
    }
    const ins = op.inputs.map((id) => builder.tensor(id));
    const makers = gradientOf(opDef(op.kind), op)({ ins, outs, grads, attrs: op.attrs });
    ins.forEach((input, i) => {
      if (!learns.has(input.id)) return;
      const make = makers[i];
      if (!make) throw noGradient(op);
      const name = `${op.name}.grad${label(graph, ins, i, learns)}`;
      const scope = { absolute: true, flat: true, at: op.at };
      add(
        input.id,
        builder.towards(input.name, () => builder.within(name, make, scope)),
      );
    });
  }
  if (trained.length === 0) throw noParameter(graph, frozen, loss, minimize);
  return trained;
}

const parametersOf = (graph: LogicalGraph) =>
  graph.states.filter(({ kind }) => kind === "param").map(({ name }) => name);

/** Names of the parameters that this loss does not train. */
function frozenIn(graph: LogicalGraph, { attrs, at }: Op): ReadonlySet<string> {
  const parameters = parametersOf(graph);
  const patterns = (attrs.frozen ?? []) as readonly string[];
  const found = patterns.map((pattern) => parameters.filter(matcher(pattern)));
  const idle = patterns.find((_, i) => found[i]!.length === 0);
  if (idle === undefined) return new Set(found.flat());
  const [meant] = nearest(idle, parameters);
  throw new GraphError("SL1053", `"${idle}" is to be frozen, but there is no such parameter`, {
    subject: "minimize",
    at,
    choices: parameters,
    hint: isGlob(idle)
      ? "only * is a wildcard in names; several can be listed"
      : meant === undefined
        ? "correct the pattern or leave it out"
        : `did you mean "${meant}"?`,
  });
}

/** Float values that hang on a parameter which is trained. */
function dependents(graph: LogicalGraph, frozen: ReadonlySet<string>): ReadonlySet<number> {
  const parameters = new Set(parametersOf(graph).filter((name) => !frozen.has(name)));
  const learns = new Set<number>();
  for (const op of graph.ops) {
    const starts = op.kind === "state" && parameters.has(op.attrs.state as string);
    if (opDef(op.kind).stopsGradient || (!starts && !op.inputs.some((id) => learns.has(id)))) continue;
    for (const id of op.outputs) if (isFloat(graph.values[id]!.dtype)) learns.add(id);
  }
  return learns;
}

/** The sum of the gradients that came from a value's uses, in a fixed order. */
function total(builder: Builder, value: Tensor, parts: readonly Tensor[], { at }: Op): Tensor | undefined {
  return parts.reduce<Tensor | undefined>(
    (sum, part) => (sum ? builder.apply("add", [sum, part], {}, { name: `${value.name}.grad.total`, at })[0]! : part),
    undefined,
  );
}

/** Tells the gradients of an op's inputs apart: by the parameter's last name, else by a letter where there are several. */
function label(graph: LogicalGraph, ins: readonly Tensor[], i: number, learns: ReadonlySet<number>): string {
  const named = ins[i]!.name.replace(/\.b?float16$/, ""); // a parameter's copy of 16 bits
  const state = graph.states.find(({ name }) => name === named);
  if (state) return `.${state.name.split(".").at(-1)}`;
  return ins.filter(({ id }) => learns.has(id)).length > 1 ? `.${"xyz"[i] ?? i}` : "";
}

function gradientOf(def: OpDef, op: Op): NonNullable<OpDef["gradient"]> {
  if (!def.gradient) throw noGradient(op);
  return def.gradient;
}

const noGradient = (op: Op) =>
  new GraphError("SL1050", `${op.kind} has no gradient, and the loss reaches a parameter through it`, {
    subject: op.name,
    at: op.at,
    hint: "use another op between the loss and the parameters, or keep its result out of the loss",
  });

function noParameter(graph: LogicalGraph, frozen: ReadonlySet<string>, loss: Tensor, { at }: Op): GraphError {
  const parameters = parametersOf(graph).filter((name) => !frozen.has(name));
  return new GraphError("SL1051", "the loss reaches no parameter, there is nothing to train", {
    subject: `minimize(${loss.name})`,
    at,
    hint: parameters.length
      ? `make the loss depend on a parameter (the graph has ${parameters.join(", ")})`
      : frozen.size
        ? "leave one of the parameters out of what is frozen"
        : "call a module that has parameters on the way from the inputs to the loss",
  });
}

function checkTrainedOnce(trained: Map<string, string>, gradients: readonly Trained[], { at }: Op): void {
  for (const { parameter } of gradients) {
    const before = trained.get(parameter.name);
    if (before !== undefined)
      throw new GraphError("SL1052", `two losses train it, the other one at ${before}`, {
        subject: `parameter "${parameter.name}"`,
        at,
        hint: "add the losses up and minimize the sum",
      });
    trained.set(parameter.name, at ?? "another minimize");
  }
}
