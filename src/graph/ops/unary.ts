/** @file Element-wise functions of one tensor. */
import { type DType, isInteger } from "../../ir/dtype.ts";
import type { Rule } from "../../sbp/rule.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { floats, numbers } from "./checks.ts";
import { elementwise, inRow } from "./elementwise.ts";
import { kernelFor } from "./lowering.ts";
import { alike, pass } from "./rules.ts";

/** Opcodes of the `unary` kernel. */
const code = {
  relu: 0,
  exp: 1,
  neg: 2,
  sqrt: 3,
  log: 4,
  abs: 6,
  square: 7,
  tanh: 8,
  sigmoid: 9,
  sign: 10,
  reciprocal: 11,
  gelu: 12,
  floor: 13,
  ceil: 14,
  round: 15,
  sin: 16,
  cos: 17,
  erf: 18,
};

const unary = (
  kind: keyof typeof code,
  partial: readonly Rule[] | ((dtype: DType) => readonly Rule[]),
  gradient?: OpDef["gradient"],
  infer: OpDef["infer"] = floats,
): OpDef => ({
  kind,
  infer,
  rules: (site) => [...alike(site), ...(typeof partial === "function" ? partial(site.ins[0]!.dtype) : partial)],
  ...(gradient && { gradient }),
  ...elementwise(({ outs: [y] }) => inRow(kernelFor(y!.dtype, "unary"), [code[kind]])),
});

/** Of functions that never fall, on all numbers. */
const monotone = [pass("max"), pass("min")];

export const relu = unary("relu", monotone, ({ outs: [y], grads: [g] }) => [() => emit("reluGrad", [y!, g!])], numbers);

export const exp = unary("exp", monotone, ({ outs: [y], grads: [g] }) => [() => emit("mul", [g!, y!])]);

export const neg = unary(
  "neg",
  // The least integer has no opposite, and it is the identity of the maximum; that of the minimum has one.
  (dtype) => [pass("sum"), pass("min", "max"), ...(isInteger(dtype) ? [] : [pass("max", "min")])],
  ({ grads: [g] }) => [() => emit("neg", [g!])],
  numbers,
);

// sqrt and log never fall either, but only where they are numbers: all parts of a minimum are, if it is; of a maximum a
// part may be negative, and then NaN would spread.
export const sqrt = unary("sqrt", [pass("min")], ({ outs: [y], grads: [g] }) => [
  () => emit("affine", [emit("div", [g!, y!])], { mul: 0.5, add: 0 }),
]);

export const log = unary("log", [pass("min")], ({ ins: [x], grads: [g] }) => [() => emit("div", [g!, x!])]);

/** At 0 the gradient is 0. */
export const abs = unary(
  "abs",
  [],
  ({ ins: [x], grads: [g] }) => [() => emit("mul", [g!, emit("sign", [x!])])],
  numbers,
);

export const square = unary(
  "square",
  [],
  ({ ins: [x], grads: [g] }) => [() => emit("affine", [emit("mul", [g!, x!])], { mul: 2, add: 0 })],
  numbers,
);

export const tanh = unary("tanh", monotone, ({ outs: [y], grads: [g] }) => [
  () => emit("mul", [g!, emit("affine", [emit("square", [y!])], { mul: -1, add: 1 })]),
]);

export const sigmoid = unary("sigmoid", monotone, ({ outs: [y], grads: [g] }) => [
  () => emit("mul", [g!, emit("mul", [y!, emit("affine", [y!], { mul: -1, add: 1 })])]),
]);

/** −1, 0 or 1. A step has no slope, so nothing is learnt through it. */
export const sign: OpDef = { ...unary("sign", monotone, undefined, numbers), stopsGradient: true };

/** Steps between whole numbers: nothing is learnt through these either. */
const steps = (kind: "floor" | "ceil" | "round"): OpDef => ({ ...unary(kind, monotone), stopsGradient: true });
export const floor = steps("floor");
export const ceil = steps("ceil");
/** To the nearest whole number, from the middle to the even one. */
export const round = steps("round");

export const sin = unary("sin", [], ({ ins: [x], grads: [g] }) => [() => emit("mul", [g!, emit("cos", [x!])])]);

export const cos = unary("cos", [], ({ ins: [x], grads: [g] }) => [
  () => emit("neg", [emit("mul", [g!, emit("sin", [x!])])]),
]);

/** 2/√π · ∫₀ˣ e^(−t²) dt */
export const erf = unary("erf", monotone, ({ ins: [x], grads: [g] }) => [
  () => {
    const slope = emit("exp", [emit("neg", [emit("square", [x!])])]);
    return emit("affine", [emit("mul", [g!, slope])], { mul: 2 / Math.sqrt(Math.PI), add: 0 });
  },
]);

export const reciprocal = unary("reciprocal", [], ({ outs: [y], grads: [g] }) => [
  () => emit("neg", [emit("mul", [g!, emit("square", [y!])])]),
]);

/** In the form with tanh: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016. It falls before it rises. */
export const gelu = unary("gelu", [], ({ ins: [x], grads: [g] }) => [() => emit("geluGrad", [x!, g!])]);
