/** @file Element-wise functions of one tensor. */
import type { Rule } from "../../sbp/rule.ts";
import { count } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { floats } from "./checks.ts";
import { call } from "./lowering.ts";
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
};

const unary = (kind: keyof typeof code, partial: readonly Rule[], gradient?: OpDef["gradient"]): OpDef => ({
  kind,
  infer: floats,
  rules: (site) => [...alike(site), ...partial],
  ...(gradient && { gradient }),
  lower({ ins: [x], outs: [y] }) {
    const n = count(y!.shape);
    return n ? [call("unary", code[kind], n, x!.arg, y!.arg)] : [];
  },
});

/** Of functions that never fall, on all numbers. */
const monotone = [pass("max"), pass("min")];

export const relu = unary("relu", monotone, ({ outs: [y], grads: [g] }) => [() => emit("reluGrad", [y!, g!])]);

export const exp = unary("exp", monotone, ({ outs: [y], grads: [g] }) => [() => emit("mul", [g!, y!])]);

export const neg = unary("neg", [pass("sum"), pass("max", "min"), pass("min", "max")], ({ grads: [g] }) => [
  () => emit("neg", [g!]),
]);

// sqrt and log never fall either, but only where they are numbers: all parts of a minimum are, if it is; of a maximum a
// part may be negative, and then NaN would spread.
export const sqrt = unary("sqrt", [pass("min")], ({ outs: [y], grads: [g] }) => [
  () => emit("affine", [emit("div", [g!, y!])], { mul: 0.5, add: 0 }),
]);

export const log = unary("log", [pass("min")], ({ ins: [x], grads: [g] }) => [() => emit("div", [g!, x!])]);

/** At 0 the gradient is 0. */
export const abs = unary("abs", [], ({ ins: [x], grads: [g] }) => [() => emit("mul", [g!, emit("sign", [x!])])]);

export const square = unary("square", [], ({ ins: [x], grads: [g] }) => [
  () => emit("affine", [emit("mul", [g!, x!])], { mul: 2, add: 0 }),
]);

export const tanh = unary("tanh", monotone, ({ outs: [y], grads: [g] }) => [
  () => emit("mul", [g!, emit("affine", [emit("square", [y!])], { mul: -1, add: 1 })]),
]);

export const sigmoid = unary("sigmoid", monotone, ({ outs: [y], grads: [g] }) => [
  () => emit("mul", [g!, emit("mul", [y!, emit("affine", [y!], { mul: -1, add: 1 })])]),
]);

/** −1, 0 or 1. A step has no slope, so nothing is learnt through it. */
export const sign: OpDef = { ...unary("sign", monotone), stopsGradient: true };

export const reciprocal = unary("reciprocal", [], ({ outs: [y], grads: [g] }) => [
  () => emit("neg", [emit("mul", [g!, emit("square", [y!])])]),
]);

/** In the form with tanh: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016. It falls before it rises. */
export const gelu = unary("gelu", [], ({ ins: [x], grads: [g] }) => [() => emit("geluGrad", [x!, g!])]);
