/**
 * @file A tensor of the logical graph, as users hold it: a value of a graph under construction, with methods that add
 * ops. The types carry shape and dtype; the class behind them is the same for all.
 *
 * The methods take the shape from `this`, so that `Tensor` itself stays a plain covariant record: comparing two tensor
 * types compares their shapes and never looks into the methods. In element-wise ops equal shapes take the first
 * overload, which has no conditional type: it is cheap and works in functions that are generic over dims. The second
 * broadcasts and carries the message.
 */
import type { Attr, Attrs } from "../ir/graph.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Builder } from "./builder.ts";
import { checkDim, range } from "./dims.ts";
import { type Layout, ordered, type UserLayout } from "./layout.ts";
import type { Placement } from "./placement.ts";
import type {
  Behind,
  Broadcast,
  BroadcastFits,
  Dim,
  DimOf,
  DType,
  Insert,
  MatMul,
  MatMulFits,
  Permuted,
  Reduced,
  Shape,
  Splice,
  Transposed,
} from "./types/shape.ts";

type Num = "float32" | "int32";

/** Element-wise, with NumPy's broadcasting, or with a number. */
interface Comparison<Op extends string, Takes extends DType = Num> {
  <S extends Shape, D extends Takes>(
    this: Tensor<S, D>,
    other: Tensor<NoInfer<S>, NoInfer<D>> | number,
  ): Tensor<S, "bool">;
  <S extends Shape, D extends Takes, S2 extends Shape>(
    this: Tensor<S, D>,
    other: Tensor<S2, NoInfer<D>> & BroadcastFits<Op, S, S2>,
  ): Tensor<Broadcast<S, S2>, "bool">;
}
interface Logic<Op extends string> {
  <S extends Shape>(this: Tensor<S, "bool">, other: Tensor<NoInfer<S>, "bool">): Tensor<S, "bool">;
  <S extends Shape, S2 extends Shape>(
    this: Tensor<S, "bool">,
    other: Tensor<S2, "bool"> & BroadcastFits<Op, S, S2>,
  ): Tensor<Broadcast<S, S2>, "bool">;
}

interface TensorMethods {
  /** Element-wise, with NumPy's broadcasting; or with a number. */
  add<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32"> | number): Tensor<S, "float32">;
  add<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"add", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  sub<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32"> | number): Tensor<S, "float32">;
  sub<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"sub", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  mul<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32"> | number): Tensor<S, "float32">;
  mul<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"mul", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  /** By a number: multiplied by its reciprocal. */
  div<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32"> | number): Tensor<S, "float32">;
  div<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"div", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  /** The larger of two elements. Equals share the gradient, half each. */
  maximum<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32">): Tensor<S, "float32">;
  maximum<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"maximum", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;
  /** The smaller of two elements. Equals share the gradient, half each. */
  minimum<S extends Shape>(this: Tensor<S, "float32">, other: Tensor<NoInfer<S>, "float32">): Tensor<S, "float32">;
  minimum<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & BroadcastFits<"minimum", S, S2>,
  ): Tensor<Broadcast<S, S2>, "float32">;

  neg<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  exp<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** Natural logarithm. */
  log<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  sqrt<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  relu<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** To another dtype. Floats go to integers towards zero; to bool, as "not zero". */
  cast<S extends Shape, D extends DType>(this: Tensor<S>, dtype: D): Tensor<S, D>;
  readonly equal: Comparison<"equal", DType>;
  readonly notEqual: Comparison<"notEqual", DType>;
  readonly less: Comparison<"less">;
  readonly lessEqual: Comparison<"lessEqual">;
  readonly greater: Comparison<"greater">;
  readonly greaterEqual: Comparison<"greaterEqual">;
  readonly logicalAnd: Logic<"logicalAnd">;
  readonly logicalOr: Logic<"logicalOr">;
  logicalNot<S extends Shape>(this: Tensor<S, "bool">): Tensor<S, "bool">;

  abs<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  square<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  tanh<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** 1 / (1 + e^−x) */
  sigmoid<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))) */
  gelu<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** −1, 0 or 1. Nothing is learnt through it. */
  sign<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** 1 / x */
  reciprocal<S extends Shape>(this: Tensor<S, "float32">): Tensor<S, "float32">;
  /** To a fixed power. Negative elements have whole powers only, others are NaN. */
  pow<S extends Shape>(this: Tensor<S, "float32">, exponent: number): Tensor<S, "float32">;
  /** Held within bounds, which may be infinite. The gradient passes within them and on them. */
  clamp<S extends Shape>(this: Tensor<S, "float32">, low: number, high: number): Tensor<S, "float32">;
  /** Running sums along a dim. */
  cumsum<S extends Shape>(this: Tensor<S, "float32">, dim: DimOf<S>): Tensor<S, "float32">;
  /** The same values, through which nothing is learnt. */
  stopGradient<S extends Shape, D extends DType>(this: Tensor<S, D>): Tensor<S, D>;

  /** The same elements in the same order under another shape. Names of dims must stay. */
  reshape<S extends Shape, D extends DType, const T extends Shape>(
    this: Tensor<S, D>,
    shape: readonly [...T],
  ): Tensor<T, D>;
  /** Without a dim, which has extent 1. */
  squeeze<S extends Shape, D extends DType, I extends DimOf<S>>(
    this: Tensor<S, D>,
    dim: I,
  ): Tensor<Splice<S, I, []>, D>;
  /** With a new dim of extent 1 before dim `dim`, or at the end. */
  unsqueeze<S extends Shape, D extends DType, I extends DimOf<[...S, 1]>>(
    this: Tensor<S, D>,
    dim: I,
  ): Tensor<Insert<S, I, 1>, D>;
  /** The last two dims swapped. */
  transpose<S extends Shape, D extends DType>(this: Tensor<S, D>): Tensor<Transposed<S>, D>;
  /** Dim i of the result is dim `dims[i]`. */
  permute<S extends Shape, D extends DType, const P extends readonly DimOf<S>[]>(
    this: Tensor<S, D>,
    dims: P,
  ): Tensor<Permuted<S, P>, D>;
  /** Elements [start, stop) of a dim; to its end without `stop`. */
  slice<S extends Shape, D extends DType, I extends DimOf<S>, const Start extends number, Stop extends number = number>(
    this: Tensor<S, D>,
    dim: I,
    start: Start,
    stop?: Stop,
  ): Tensor<Splice<S, I, [[Start] extends [0] ? Stop : number]>, D>;
  /** `value`, 0 unless given, before and after a dim. */
  pad<S extends Shape, D extends Num, I extends DimOf<S>>(
    this: Tensor<S, D>,
    dim: I,
    before: number,
    after: number,
    value?: number,
  ): Tensor<Splice<S, I, [number]>, D>;

  /** Rows by id: the ids' shape in the place of dim `dim`, the first unless given. An id that is no row reads zeros. */
  gather<S extends Shape, D extends Num, Ids extends Shape, I extends DimOf<S> = 0 & DimOf<S>>(
    this: Tensor<S, D>,
    ids: Tensor<Ids, "int32">,
    dim?: I,
  ): Tensor<Splice<S, I, Ids>, D>;
  /** Rows `[...ids, ...row]` added up to `[size, ...row]` where their ids say; an id that is no row is left out. */
  scatterAdd<S extends Shape, Ids extends Shape, N extends Dim>(
    this: Tensor<S, "float32">,
    ids: Tensor<Ids, "int32">,
    size: N,
  ): Tensor<[N, ...Behind<S, Ids>], "float32">;
  /** An id for each element: the ids have this tensor's other dims. An id that is not there reads 0. */
  takeAlong<S extends Shape, D extends Num, Ids extends Shape>(
    this: Tensor<S, D>,
    ids: Tensor<Ids, "int32">,
    dim: DimOf<S>,
  ): Tensor<Ids, D>;
  /** 1 where the id stands in a new last dim, else 0. */
  oneHot<S extends Shape, N extends number>(this: Tensor<S, "int32">, depth: N): Tensor<[...S, N], "float32">;
  /** The k largest elements along a dim, in falling order, and their indices; of equals the first comes first. */
  topK<S extends Shape, K extends number, I extends DimOf<S>>(
    this: Tensor<S, "float32">,
    k: K,
    dim: I,
  ): {
    readonly values: Tensor<Splice<S, I, [K]>, "float32">;
    readonly indices: Tensor<Splice<S, I, [K]>, "int32">;
  };
  /** Index of the smallest element along a dim, the first of equals. */
  argmin<S extends Shape, I extends DimOf<S>>(this: Tensor<S, "float32">, dim: I): Tensor<Reduced<S, I>, "int32">;

  /** `[..., M, K] x [..., K, N]`, leading dims broadcast. */
  matmul<S extends Shape, S2 extends Shape>(
    this: Tensor<S, "float32">,
    other: Tensor<S2, "float32"> & MatMulFits<S, S2>,
  ): Tensor<MatMul<S, S2>, "float32">;

  /** Over one dim, or over all. */
  sum<S extends Shape, I extends DimOf<S> = never>(
    this: Tensor<S, "float32">,
    dim?: I,
  ): Tensor<Reduced<S, I>, "float32">;
  /** Over one dim, or over all: the sum over the count of the whole tensor. */
  mean<S extends Shape, I extends DimOf<S> = never>(
    this: Tensor<S, "float32">,
    dim?: I,
  ): Tensor<Reduced<S, I>, "float32">;
  /** Over one dim, or over all. Equals share the gradient in equal parts. */
  max<S extends Shape, I extends DimOf<S> = never>(
    this: Tensor<S, "float32">,
    dim?: I,
  ): Tensor<Reduced<S, I>, "float32">;
  /** Over one dim, or over all. Equals share the gradient in equal parts. */
  min<S extends Shape, I extends DimOf<S> = never>(
    this: Tensor<S, "float32">,
    dim?: I,
  ): Tensor<Reduced<S, I>, "float32">;
  /** Index of the largest element along a dim, the first of equals. */
  argmax<S extends Shape, I extends DimOf<S>>(this: Tensor<S, "float32">, dim: I): Tensor<Reduced<S, I>, "int32">;

  /** `e^x / Σ e^x` along a dim. */
  softmax<S extends Shape, I extends DimOf<S>>(this: Tensor<S, "float32">, dim: I): Tensor<S, "float32">;
  /** Logarithm of the softmax along a dim. */
  logSoftmax<S extends Shape, I extends DimOf<S>>(this: Tensor<S, "float32">, dim: I): Tensor<S, "float32">;

  /** Moves the tensor: other ranks, another layout, or both. Without a layout the compiler chooses it. */
  to<S extends Shape, D extends DType, Axes extends string>(
    this: Tensor<S, D>,
    placement: Placement<Axes>,
    layout?: Layout<Axes, S>,
  ): Tensor<S, D>;
}

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
export const emit = (kind: string, ins: readonly [Tensor, ...Tensor[]], attrs: Attrs = {}): Tensor =>
  ins[0].builder.apply(kind, ins, attrs)[0]!;

/** One number, as a tensor of no dims where this one lives. */
export const constantLike = ({ builder, placement }: Tensor, value: number, dtype: DType = "float32"): Tensor =>
  builder.apply("constant", [], { value, shape: [], dtype }, { placement })[0]!;

/** Attributes are JSON, which has no infinities: they go by their names. */
const named = (value: number): Attr => (Math.abs(value) === Number.POSITIVE_INFINITY ? String(value) : value);

const comparison = (kind: string) =>
  function (this: Tensor, other: Tensor | number): Tensor {
    return emit(kind, [this, typeof other === "number" ? constantLike(this, other, this.dtype) : other]);
  };
const arithmetic = (kind: string, scalar: (x: number) => Attrs) =>
  function (this: Tensor, other: Tensor | number): Tensor {
    return typeof other === "number" ? emit("affine", [this], scalar(other)) : emit(kind, [this, other]);
  };
const pair = (kind: string) =>
  function (this: Tensor, other: Tensor): Tensor {
    return emit(kind, [this, other]);
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
    checkDim(this, dim);
    return emit("reshape", [this], { shape: this.shape.toSpliced(dim, 1) });
  },
  unsqueeze(this: Tensor, dim: number): Tensor {
    checkDim({ ...this, shape: [...this.shape, 1] }, dim);
    return emit("reshape", [this], { shape: this.shape.toSpliced(dim, 0, 1) });
  },
  transpose(this: Tensor): Tensor {
    const last = this.shape.length - 1;
    return emit("transpose", [this], { dims: [...range(last - 1), last, last - 1] });
  },
  permute(this: Tensor, dims: readonly number[]): Tensor {
    return emit("transpose", [this], { dims });
  },
  slice(this: Tensor, dim: number, start: number, stop?: number): Tensor {
    checkDim(this, dim);
    const end = stop ?? this.shape[dim]!;
    return emit("slice", [this], { dims: [dim], starts: [start], sizes: [(end as number) - start] });
  },
  pad(this: Tensor, dim: number, before: number, after: number, value = 0): Tensor {
    return emit("pad", [this], { dims: [dim], before: [before], after: [after], value: named(value) });
  },
};

/** By integer ids. */
const indexing = {
  gather(this: Tensor, ids: Tensor, dim = 0): Tensor {
    return emit("gather", [this, ids], { dim });
  },
  scatterAdd(this: Tensor, ids: Tensor, size: Dim): Tensor {
    return emit("scatterAdd", [this, ids], { dim: 0, shape: [size, ...this.shape.slice(ids.shape.length)] });
  },
  takeAlong(this: Tensor, ids: Tensor, dim: number): Tensor {
    return emit("takeAlong", [this, ids], { dim });
  },
  oneHot(this: Tensor, depth: number): Tensor {
    return emit("oneHot", [this], { depth });
  },
  topK(this: Tensor, k: number, dim: number): { readonly values: Tensor; readonly indices: Tensor } {
    const [values, indices] = this.builder.apply("topK", [this], { k, dim });
    return { values: values!, indices: indices! };
  },
  argmin(this: Tensor, dim: number): Tensor {
    return emit("argmax", [emit("neg", [this])], { dim });
  },
};

/** What every tensor can do at run time; the types say which of it fits. */
const methods = {
  add: arithmetic("add", (c) => ({ mul: 1, add: c })),
  sub: arithmetic("sub", (c) => ({ mul: 1, add: -c })),
  mul: arithmetic("mul", (c) => ({ mul: c, add: 0 })),
  div: arithmetic("div", (c) => ({ mul: 1 / c, add: 0 })),
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
  sign: unary("sign"),
  reciprocal: unary("reciprocal"),
  stopGradient: unary("stopGradient"),
  pow(this: Tensor, exponent: number): Tensor {
    return emit("power", [this], { exponent });
  },
  clamp(this: Tensor, low: number, high: number): Tensor {
    return emit("clamp", [this], { low: named(low), high: named(high) });
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
    const attrs = { layout: layout ? ordered(placement.data, layout as UserLayout) : null };
    return this.builder.apply("to", [this], attrs, { placement: placement.data })[0]!;
  },
} satisfies Record<keyof TensorMethods, unknown>;

/** Only for the builder, which alone makes values. */
export function makeTensor(fields: Omit<Tensor, keyof TensorMethods>): Tensor {
  return Object.freeze(Object.assign(Object.create(methods), fields)) as Tensor;
}
