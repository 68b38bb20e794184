/** @file Element-wise ops on two tensors with NumPy's broadcasting. */
import { isFloat } from "../../ir/dtype.ts";
import type { TensorType } from "../../ir/graph.ts";
import { B, P, S, type Sbp, showSbp } from "../../ir/layout.ts";
import type { Rule, Site } from "../../sbp/rule.ts";
import { adjoining, broadcastShapes, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit, type Tensor } from "../tensor.ts";
import { checkFloats, checkNumbers } from "./checks.ts";
import { elementwise, inWalk } from "./elementwise.ts";
import { kernelFor } from "./lowering.ts";

/** Opcodes of the `binary` kernel. */
const code = { add: 0, sub: 1, mul: 2, div: 3, maximum: 4, minimum: 5 };

const infer =
  (check: typeof checkNumbers): OpDef["infer"] =>
  (ins) => [{ dtype: check(ins), shape: broadcastShapes(ins.map(({ shape }) => shape)) }];

/**
 * Split where operands have the dim, the others repeating. An extent of 1 may stand for a dim that is repeated or for one
 * that earlier axes have cut down to 1; where the output's is 1 too, either reading is right.
 */
export function splits({ ins, outs }: Site): Rule[] {
  const { shape } = outs[0]!;
  return range(shape.length).flatMap((out) => {
    const choices = ins.map((x): Sbp[] => {
      const at = out - shape.length + x.shape.length;
      if (at < 0) return [B];
      return [...(x.shape[at] === shape[out] ? [S(at)] : []), ...(x.shape[at] === 1 ? [B] : [])];
    });
    const all = choices.reduce<Sbp[][]>(
      (rules, each) => rules.flatMap((rule) => each.map((sbp) => [...rule, sbp])),
      [[]],
    );
    return all.filter((rule) => rule.some(({ kind }) => kind === "S")).map((ins) => ({ ins, outs: [S(out)] }));
  });
}

/** A gradient of the broadcast shape, summed back to the shape of the operand; inner dims first, which a chain can do. */
export function sumTo(gradient: Tensor, { shape }: TensorType): Tensor {
  const extra = gradient.shape.length - shape.length;
  const repeated = range(shape.length).filter((dim) => shape[dim] === 1 && gradient.shape[extra + dim] !== 1);
  let sum = gradient;
  for (const dims of adjoining(repeated).reverse())
    sum = emit("sum", [sum], { dims: dims.map((dim) => extra + dim), keep: true });
  return extra > 0 ? emit("sum", [sum], { dims: range(extra), keep: false }) : sum;
}

type Partial = readonly [a: Sbp, b: Sbp, y: Sbp];

/**
 * Rules of a sum that hold where the axes before have made an operand partial: the identity of one operand's maximum, −∞,
 * must not meet that of the other's minimum. Such two would make the sum partial by maximum and by minimum. And none for
 * integers, whose least number is their identity: added to, it wraps.
 */
function addends(rules: readonly Partial[], { ins: [x], partial = [] }: Site): readonly Partial[] {
  const becomes = (operand: 0 | 1, by: string) =>
    rules.find((rule) => showSbp(rule[operand]) === `P(${by})` && rule[1 - operand]!.kind === "B")?.[2];
  return rules.filter(([a, b, y]) => {
    if (a.kind === "P" && b.kind === "P") return true;
    const other = a.kind === "P" ? 1 : 0;
    return isFloat(x!.dtype) && (partial[other] ?? []).every((by) => [y, undefined].includes(becomes(other, by)));
  });
}

const binary = (
  kind: keyof typeof code,
  partial: readonly Partial[],
  gradient: NonNullable<OpDef["gradient"]>,
  check = checkNumbers,
): OpDef => ({
  kind,
  infer: infer(check),
  rules(site) {
    const rules = kind === "add" || kind === "sub" ? addends(partial, site) : partial;
    return [...splits(site), ...rules.map(([a, b, y]) => ({ ins: [a, b], outs: [y] }))];
  },
  ...elementwise(({ outs: [y] }) => inWalk(kernelFor(y!.dtype, "binary"), [code[kind]])),
  gradient,
});

const [sum, max, min] = [P("sum"), P("max"), P("min")];

export const add = binary(
  "add",
  [
    [sum, sum, sum],
    [max, B, max],
    [B, max, max],
    [min, B, min],
    [B, min, min],
  ],
  ({ ins, grads: [g] }) => ins.map((x) => () => sumTo(g!, x)),
);

export const sub = binary(
  "sub",
  [
    [sum, sum, sum],
    [max, B, max],
    [B, max, min],
    [min, B, min],
    [B, min, max],
  ],
  ({ ins: [a, b], grads: [g] }) => [() => sumTo(g!, a!), () => sumTo(emit("neg", [g!]), b!)],
);

export const mul = binary(
  "mul",
  [
    [sum, B, sum],
    [B, sum, sum],
  ],
  ({ ins: [a, b], grads: [g] }) => [() => sumTo(emit("mul", [g!, b!]), a!), () => sumTo(emit("mul", [g!, a!]), b!)],
);

/** Of floats; whole numbers are cast by the tensor's method, as their quotient is none. */
export const div = binary(
  "div",
  [[sum, B, sum]],
  ({ ins: [a, b], outs: [y], grads: [g] }) => [
    () => sumTo(emit("div", [g!, b!]), a!),
    () => sumTo(emit("neg", [emit("div", [emit("mul", [g!, y!]), b!])]), b!),
  ],
  checkFloats,
);

/** The operand that was taken gets the gradient; equals share it, half each, as in PyTorch and JAX. */
const toTheTaken =
  (wins: string, ties: string): NonNullable<OpDef["gradient"]> =>
  ({ ins: [a, b], grads: [g] }) => {
    const share = (own: Tensor, other: Tensor) => {
      const [won, tied] = [wins, ties].map((kind) => emit("cast", [emit(kind, [own, other])], { dtype: g!.dtype }));
      return emit("affine", [emit("add", [won!, tied!])], { mul: 0.5, add: 0 });
    };
    return [() => sumTo(emit("mul", [g!, share(a!, b!)]), a!), () => sumTo(emit("mul", [g!, share(b!, a!)]), b!)];
  };

// maximum and minimum distribute over each other, so a partial of either kind passes beside a replicated operand.
export const maximum = binary(
  "maximum",
  [
    [max, max, max],
    [max, B, max],
    [B, max, max],
    [min, B, min],
    [B, min, min],
  ],
  toTheTaken("greater", "greaterEqual"),
);

export const minimum = binary(
  "minimum",
  [
    [min, min, min],
    [min, B, min],
    [B, min, min],
    [max, B, max],
    [B, max, max],
  ],
  toTheTaken("less", "lessEqual"),
);
