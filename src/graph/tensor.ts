/**
 * @file A tensor of the logical graph, as users hold it: a value of a graph under construction, with methods that add
 * ops. The types carry shape and dtype; the class behind them is the same for all.
 *
 * The methods take the shape from `this`, so that `Tensor` itself stays a plain covariant record: comparing two tensor
 * types compares their shapes and never looks into the methods.
 */

import { boundsOf, isInteger, promote } from "../ir/dtype.ts";
import { ShapeError } from "../ir/errors.ts";
import type { Attrs } from "../ir/graph.ts";
import type { PlacementData } from "../ir/placement.ts";
import { byName } from "../ir/program.ts";
import type { Builder } from "./builder.ts";
import { checkDim, range } from "./dims.ts";
import { type Layout, ordered, type UserLayout } from "./layout.ts";
import { checkPlacement, checkTensors, isTensor } from "./operand.ts";
import type { Placement } from "./placement.ts";
import type { ArrayMethods } from "./types/arrays.ts";
import type { ElementMethods } from "./types/elements.ts";
import type { Dim, DType, Shape } from "./types/shape.ts";

interface TensorMethods extends ElementMethods, ArrayMethods {}

/** A tensor of the logical graph: what it is, nothing about where its bytes lie. */
export interface Tensor<out S extends Shape = Shape, out D extends DType = DType> extends TensorMethods {
  readonly shape: S;
  readonly dtype: D;
  /** By structure: `fc1.matmul`. */
  readonly name: string;
  readonly placement: PlacementData;
  /** Id of the value in the logical graph. */
  readonly id: number;
  /** The graph that it belongs to. */
  readonly builder: Builder;
}

/** Adds an op with one output. The placement is that of the inputs. */
export function emit(kind: string, ins: readonly [Tensor, ...Tensor[]], attrs: Attrs = {}): Tensor {
  checkTensors(kind, ins);
  return ins[0].builder.apply(kind, ins, attrs)[0]!;
}

/** One number, as a tensor of no dims where this one lives; `call` is what the user gave it to. */
export function constantLike(x: Tensor, value: number, dtype: DType, call: string): Tensor {
  const written = { kind: call, beside: value, ins: [x] };
  const attrs = { value: byName(value), shape: [], dtype };
  return x.builder.apply("constant", [], attrs, { placement: x.placement, written })[0]!;
}

const as = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : emit("cast", [x], { dtype }));

/** Two tensors in the dtype that holds both; what is no tensor is left for `emit` to refuse. */
export function promoted(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (![a, b].every(isTensor)) return [a, b];
  const dtype = promote(a.dtype, b.dtype);
  return [as(a, dtype), as(b, dtype)];
}
/** Whole numbers as floats: their quotients are none. */
const divisible = (x: Tensor): Tensor => (isTensor(x) && isInteger(x.dtype) ? as(x, "float32") : x);

const comparison = (kind: string) =>
  function (this: Tensor, other: Tensor | number): Tensor {
    return emit(
      kind,
      typeof other === "number" ? [this, constantLike(this, other, this.dtype, kind)] : promoted(this, other),
    );
  };
/** x · mul + add, for a method that the user called with a number. */
const affine = (kind: string, x: Tensor, number: number, attrs: Attrs): Tensor =>
  x.builder.apply("affine", [x], attrs, { written: { kind, beside: number } })[0]!;
const arithmetic = (kind: string, scalar: (x: number, dtype: DType) => Attrs) =>
  function (this: Tensor, other: Tensor | number): Tensor {
    if (typeof other !== "number") return emit(kind, promoted(this, other));
    return affine(kind, this, other, scalar(other, this.dtype));
  };
/** −x, which of int32's least number is itself, as sums wrap round. */
const opposite = (x: number, dtype: DType) => (dtype === "int32" && x === boundsOf(dtype)[0] ? x : -x);
const pair = (kind: string) =>
  function (this: Tensor, other: Tensor): Tensor {
    return emit(kind, promoted(this, other));
  };
const unary = (kind: string) =>
  function (this: Tensor): Tensor {
    return emit(kind, [this]);
  };
const reduction = (kind: string) =>
  function (this: Tensor, dim?: number): Tensor {
    return emit(kind, [this], { dims: dim === undefined ? range(this.shape.length) : [dim], keep: false });
  };
const alongDim = (kind: string) =>
  function (this: Tensor, dim: number): Tensor {
    return emit(kind, [this], { dim });
  };

/** Another shape, order or extent. */
const shaping = {
  reshape(this: Tensor, shape: Shape): Tensor {
    return emit("reshape", [this], { shape });
  },
  squeeze(this: Tensor, dim: number): Tensor {
    this.builder.check("squeeze", [this], () => checkDim(this, dim));
    return emit("reshape", [this], { shape: this.shape.toSpliced(dim, 1) });
  },
  unsqueeze(this: Tensor, dim: number): Tensor {
    this.builder.check("unsqueeze", [this], () => checkDim({ ...this, shape: [...this.shape, 1] }, dim));
    return emit("reshape", [this], { shape: this.shape.toSpliced(dim, 0, 1) });
  },
  transpose(this: Tensor): Tensor {
    const last = this.shape.length - 1;
    this.builder.check("transpose", [this], () => {
      if (last < 1)
        throw new ShapeError("SL1082", `it swaps the last two dims, the tensor has ${last + 1}`, {
          hint: "give it a dim more with .unsqueeze(0)",
        });
    });
    return emit("transpose", [this], { dims: [...range(last - 1), last, last - 1] });
  },
  permute(this: Tensor, dims: readonly number[]): Tensor {
    return emit("transpose", [this], { dims });
  },
  slice(this: Tensor, dim: number, start: number, stop?: number): Tensor {
    this.builder.check("slice", [this], () => checkDim(this, dim));
    const end = stop ?? this.shape[dim]!;
    return emit("slice", [this], { dims: [dim], starts: [start], sizes: [(end as number) - start] });
  },
  pad(this: Tensor, dim: number, before: number, after: number, value = 0): Tensor {
    return emit("pad", [this], { dims: [dim], before: [before], after: [after], value: byName(value) });
  },
};

/** Kernels take int32 ids; no dim is longer than these reach. */
export function asIds(ids: Tensor): Tensor {
  if (!isTensor(ids) || ids.dtype !== "int64") return ids;
  const [, most] = boundsOf("int32");
  return as(emit("clamp", [ids], { low: -1, high: most }), "int32"); // an id beyond int32 stays none
}

/** By integer ids. */
const indexing = {
  gather(this: Tensor, ids: Tensor, dim = 0): Tensor {
    return emit("gather", [this, asIds(ids)], { dim });
  },
  scatterAdd(this: Tensor, ids: Tensor, size: Dim): Tensor {
    checkTensors("scatterAdd", [this, ids]);
    return emit("scatterAdd", [this, asIds(ids)], { dim: 0, shape: [size, ...this.shape.slice(ids.shape.length)] });
  },
  takeAlong(this: Tensor, ids: Tensor, dim: number): Tensor {
    return emit("takeAlong", [this, asIds(ids)], { dim });
  },
  oneHot(this: Tensor, depth: number): Tensor {
    return emit("oneHot", [asIds(this)], { depth, dtype: "float32" });
  },
  topK(this: Tensor, k: number, dim: number): { readonly values: Tensor; readonly indices: Tensor } {
    const [values, indices] = this.builder.apply("topK", [this], { k, dim });
    return { values: values!, indices: indices! };
  },
  argmin(this: Tensor, dim: number): Tensor {
    // The least integer has no opposite, but −x − 1 turns the order of all of them round.
    const turned = isInteger(this.dtype) ? emit("affine", [this], { mul: -1, add: -1 }) : emit("neg", [this]);
    return emit("argmax", [turned], { dim });
  },
};

/** What every tensor can do at run time; the types say which of it fits. */
const methods = {
  add: arithmetic("add", (c) => ({ mul: 1, add: c })),
  sub: arithmetic("sub", (c, dtype) => ({ mul: 1, add: opposite(c, dtype) })),
  mul: arithmetic("mul", (c) => ({ mul: c, add: 0 })),
  div(this: Tensor, other: Tensor | number): Tensor {
    const x = divisible(this);
    if (typeof other !== "number") return emit("div", promoted(x, divisible(other)));
    // A product with the reciprocal is fast, a quotient is exact: float64 is there for checks.
    if (x.dtype === "float64") return emit("div", [x, constantLike(x, other, x.dtype, "div")]);
    return affine("div", x, other, { mul: 1 / other, add: 0 });
  },
  maximum: pair("maximum"),
  minimum: pair("minimum"),
  equal: comparison("equal"),
  notEqual: comparison("notEqual"),
  less: comparison("less"),
  lessEqual: comparison("lessEqual"),
  greater: comparison("greater"),
  greaterEqual: comparison("greaterEqual"),
  logicalAnd: pair("logicalAnd"),
  logicalOr: pair("logicalOr"),
  logicalNot: unary("logicalNot"),
  matmul(this: Tensor, other: Tensor): Tensor {
    return emit("matmul", [this, other], { transposeA: false, transposeB: false });
  },
  neg: unary("neg"),
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  relu: unary("relu"),
  abs: unary("abs"),
  square: unary("square"),
  tanh: unary("tanh"),
  sigmoid: unary("sigmoid"),
  gelu: unary("gelu"),
  floor: unary("floor"),
  ceil: unary("ceil"),
  round: unary("round"),
  sin: unary("sin"),
  cos: unary("cos"),
  erf: unary("erf"),
  sign: unary("sign"),
  reciprocal: unary("reciprocal"),
  stopGradient: unary("stopGradient"),
  pow(this: Tensor, exponent: number): Tensor {
    return emit("power", [this], { exponent });
  },
  clamp(this: Tensor, low: number, high: number): Tensor {
    return emit("clamp", [this], { low: byName(low), high: byName(high) });
  },
  cumsum(this: Tensor, dim: number): Tensor {
    return emit("cumsum", [this], { dim, reverse: false });
  },
  ...shaping,
  ...indexing,
  cast(this: Tensor, dtype: DType): Tensor {
    return emit("cast", [this], { dtype });
  },
  sum: reduction("sum"),
  mean: reduction("mean"),
  max: reduction("max"),
  min: reduction("min"),
  argmax(this: Tensor, dim: number): Tensor {
    return emit("argmax", [this], { dim });
  },
  softmax: alongDim("softmax"),
  logSoftmax: alongDim("logSoftmax"),
  to(this: Tensor, placement: Placement, layout?: Layout): Tensor {
    checkPlacement("to", placement);
    const attrs = { layout: layout ? ordered(placement.data, layout as UserLayout) : null };
    return this.builder.apply("to", [this], attrs, { placement: placement.data })[0]!;
  },
} satisfies Record<keyof TensorMethods, unknown>;

/** Only for the builder, which alone makes values. */
export function makeTensor(fields: Omit<Tensor, keyof TensorMethods>): Tensor {
  return Object.freeze(Object.assign(Object.create(methods), fields)) as Tensor;
}
