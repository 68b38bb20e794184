/**
 * @file Reductions over dims that lie side by side: `attrs.dims`, in order; `attrs.keep` leaves them in with extent 1.
 * A mean is a sum scaled by the count of the *whole* tensor, so it is right on uneven and empty shards; of nothing it is
 * 0 · ∞, which is NaN. With `attrs.perMicroBatch` each micro-batch has its own, of its own rows.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, Shape, TensorType } from "../../ir/graph.ts";
import { P, S } from "../../ir/layout.ts";
import { byName } from "../../ir/program.ts";
import type { Rule, Site } from "../../sbp/rule.ts";
import { checkDim, count, range } from "../dims.ts";
import type { LowerSite, OpDef } from "../op.ts";
import { emit, type Tensor } from "../tensor.ts";
import { checkFloats, checkNumbers } from "./checks.ts";
import { callOn, kernelFor } from "./lowering.ts";

/** Opcodes of the `reduce` kernel, which are those of its monoids. */
const code = { sum: 0, max: 1, min: 2 };
type Monoid = keyof typeof code;

const dimsOf = (attrs: Attrs) => attrs.dims as readonly number[];

const reducedShape = (shape: Shape, attrs: Attrs): Shape =>
  attrs.keep
    ? shape.map((dim, d) => (dimsOf(attrs).includes(d) ? 1 : dim))
    : shape.filter((_, d) => !dimsOf(attrs).includes(d));

function infer(check: typeof checkNumbers, [x]: readonly TensorType[], attrs: Attrs): TensorType[] {
  const dtype = check([x!]);
  const dims = dimsOf(attrs);
  for (const dim of dims) checkDim(x!, dim);
  if (dims.some((dim, i) => dim !== dims[0]! + i))
    throw new ShapeError("SL1014", `dims ${dims.join(",")} do not lie side by side`, {
      hint: "reduce in several steps",
    });
  return [{ shape: reducedShape(x!.shape, attrs), dtype }];
}

/** A split of a kept dim stays, that of a reduced one leaves a part on each rank. */
const rules =
  (monoid: Monoid) =>
  ({ ins: [x], attrs }: Site): Rule[] => {
    const dims = dimsOf(attrs);
    const partial = P(monoid);
    const moved = (dim: number) => (attrs.keep ? dim : dim - dims.filter((d) => d < dim).length);
    const split = range(x!.shape.length).map(
      (dim): Rule => ({
        ins: [S(dim)],
        outs: [dims.includes(dim) ? partial : S(moved(dim))],
      }),
    );
    return [...split, { ins: [partial], outs: [partial] }];
  };

type Scale = (site: Pick<LowerSite, "ins" | "attrs">) => number;

function lower(monoid: Monoid, scale: Scale, site: LowerSite) {
  const [x, y] = [site.ins[0]!, site.outs[0]!];
  const dims = dimsOf(site.attrs);
  const first = dims[0] ?? 0;
  const outer = count(x.shape.slice(0, first));
  const inner = count(x.shape.slice(first + dims.length));
  if (outer * inner === 0) return [];
  const mid = count(x.shape.slice(first, first + dims.length));
  return [callOn(x.dtype, "reduce", code[monoid], outer, mid, inner, byName(scale(site)), x.arg, y.arg)];
}

/** Elements of the whole tensor that one mean is over. */
const globalCount: Scale = ({ ins: [x], attrs }) => count(dimsOf(attrs).map((dim) => x!.global[dim]!));

/** The gradient of a sum: that of the output, repeated along the reduced dims. */
function spread(g: Tensor, x: Tensor, attrs: Attrs): Tensor {
  const kept = range(x.shape.length).filter((dim) => attrs.keep || !dimsOf(attrs).includes(dim));
  return emit("broadcastTo", [g], { shape: x.shape, dims: kept });
}

const one = () => 1;
const reduction = (kind: string, monoid: Monoid, scale: Scale, check = checkNumbers): OpDef => ({
  kind,
  infer: (ins, attrs) => infer(check, ins, attrs),
  rules: rules(monoid),
  lower: (site) => lower(monoid, scale, site),
  lines: (site) => ({
    kernel: kernelFor(site.ins[0]!.dtype, "reduce"),
    before: [code[monoid]],
    after: [1, byName(scale(site))],
  }),
  flops: ([x]) => count(x!.shape),
});

export const sum: OpDef = {
  ...reduction("sum", "sum", one),
  gradient: ({ ins: [x], grads: [g], attrs }) => [() => spread(g!, x!, attrs)],
};

export const mean: OpDef = {
  ...reduction("mean", "sum", (site) => 1 / globalCount(site), checkFloats),
  gradient: ({ ins: [x], grads: [g], attrs }) => [
    () => {
      const elements = count(dimsOf(attrs).map((dim) => x!.shape[dim] as number));
      const own = attrs.perMicroBatch ? { perMicroBatch: true } : {};
      return spread(emit("affine", [g!], { mul: 1 / Math.max(1, elements), add: 0, ...own }), x!, attrs);
    },
  ],
};

/** The elements that were taken share the gradient in equal parts: the same under every layout, unlike "the first". */
const toTheTaken: NonNullable<OpDef["gradient"]> = ({ ins: [x], outs: [y], grads: [g], attrs }) => [
  () => {
    const taken = emit("cast", [emit("equal", [x!, spread(y!, x!, attrs)])], { dtype: g!.dtype });
    const share = emit("div", [g!, emit("sum", [taken], attrs)]);
    return emit("mul", [taken, spread(share, x!, attrs)]);
  },
];

export const max: OpDef = { ...reduction("max", "max", one), gradient: toTheTaken };
export const min: OpDef = { ...reduction("min", "min", one), gradient: toTheTaken };
