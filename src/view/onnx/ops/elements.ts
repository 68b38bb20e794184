/** @file Ops that work element by element. */
import type { DType } from "../../../ir/dtype.ts";
import { dataType } from "../messages.ts";
import type { Site, Table, Write } from "../site.ts";

/** The operands as they are given to a node of the same meaning. */
const direct =
  (type: string): Write =>
  ({ ins, node }) =>
    node(
      type,
      ins.map(({ name }) => name),
    );

/** x·mul + add */
function affine({ ins: [x], attrs: { mul, add }, node, scalar }: Site): string {
  const scaled = mul === 1 ? x!.name : node("Mul", [x!.name, scalar(x!.dtype, mul as number)]);
  return add === 0 ? scaled : node("Add", [scaled, scalar(x!.dtype, add as number)]);
}

/** A bound that is infinite bounds nothing. */
function clamp({ ins: [x], attrs: { low, high }, node, scalar }: Site): string {
  const bounds = [Number(low), Number(high)].map((bound) => (Number.isFinite(bound) ? scalar(x!.dtype, bound) : ""));
  return node("Clip", [x!.name, ...bounds]);
}

export const cast = (node: Site["node"], name: string, dtype: DType): string =>
  node("Cast", [name], { to: dataType[dtype] });

export const elements: Table = {
  abs: direct("Abs"),
  add: direct("Add"),
  affine,
  cast: ({ ins: [x], outs: [y], node }) => cast(node, x!.name, y!.dtype),
  ceil: direct("Ceil"),
  clamp,
  cos: direct("Cos"),
  div: direct("Div"),
  equal: direct("Equal"),
  erf: direct("Erf"),
  exp: direct("Exp"),
  floor: direct("Floor"),
  gelu: ({ ins: [x], node }) => node("Gelu", [x!.name], { approximate: "tanh" }),
  greater: direct("Greater"),
  greaterEqual: direct("GreaterOrEqual"),
  less: direct("Less"),
  lessEqual: direct("LessOrEqual"),
  log: direct("Log"),
  logicalAnd: direct("And"),
  logicalNot: direct("Not"),
  logicalOr: direct("Or"),
  maximum: direct("Max"),
  minimum: direct("Min"),
  mul: direct("Mul"),
  neg: direct("Neg"),
  notEqual: ({ ins: [a, b], node }) => node("Not", [node("Equal", [a!.name, b!.name])]),
  power: ({ ins: [x], attrs: { exponent }, node, scalar }) =>
    node("Pow", [x!.name, scalar(x!.dtype, exponent as number)]),
  reciprocal: direct("Reciprocal"),
  relu: direct("Relu"),
  round: direct("Round"),
  sigmoid: direct("Sigmoid"),
  sign: direct("Sign"),
  sin: direct("Sin"),
  sqrt: direct("Sqrt"),
  square: ({ ins: [x], node }) => node("Mul", [x!.name, x!.name]),
  sub: direct("Sub"),
  tanh: direct("Tanh"),
  where: direct("Where"),
};
