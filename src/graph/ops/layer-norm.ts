/**
 * @file Layer norm and RMS norm over the last `attrs.dims` dims: (x − mean) / √(variance + ε) · gain + bias, or without
 * mean and bias. Sources: Ba, Kiros and Hinton, "Layer normalization", 2016; Zhang and Sennrich, "Root mean square layer
 * normalization", 2019.
 *
 * Rows are independent, so the leading dims may be split; the gradients of gain and bias are then partial sums. Where a
 * normalised dim is split see split-norm.ts.
 */
import type { DType } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, TensorType } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import type { LocalType, Rule, Site } from "../../sbp/rule.ts";
import { count, range, sameShape, showShape } from "../dims.ts";
import type { LowerSite, OpDef } from "../op.ts";
import { emit, type Tensor } from "../tensor.ts";
import { checkFloats, checkSame } from "./checks.ts";
import { callOn } from "./lowering.ts";
import { splitNorm, splitNormGrad, splitNormGradGain } from "./split-norm.ts";

/** Two passes for the moments, one for the result: about this many operations an element. */
const flopsPerElement = 8;
const flops = ([x]: readonly LocalType[]) => flopsPerElement * count(x!.shape);

/** The dims that are normalised over: those of the gain. */
const tail = ({ shape }: TensorType, attrs: Attrs) => shape.slice(-(attrs.dims as number));
const sum = P("sum");

function checkOperands(x: TensorType, affine: readonly TensorType[], attrs: Attrs): DType {
  const dims = attrs.dims as number;
  const dtype = checkFloats([x, ...affine]);
  if (!Number.isInteger(dims) || dims < 1 || dims > x.shape.length)
    throw new ShapeError("SL1100", `cannot normalise the last ${dims} dims of ${showShape(x.shape)}`, {
      hint: `give a number from 1 to ${x.shape.length}`,
    });
  const other = affine.find(({ shape }) => !sameShape(shape, tail(x, attrs)));
  if (other)
    throw new ShapeError(
      "SL1101",
      `${showShape(x.shape)} over its last ${dims} dims wants gain and bias ${showShape(tail(x, attrs))}, got ${showShape(other.shape)}`,
      { hint: "give both the shape of the dims that are normalised" },
    );
  return dtype;
}

/** x and tensors like it are split along a leading dim; the others are replicated. */
const byRow = ({ ins, attrs }: Site, like: readonly boolean[], out: (dim: number) => Rule["outs"][number]): Rule[] =>
  range(ins[0]!.shape.length - (attrs.dims as number)).map((dim) => ({
    ins: like.map((split) => (split ? S(dim) : B)),
    outs: [out(dim)],
  }));

/** Kernel arguments that all share: rows, elements of a row, ε. */
function rowsOf({ ins: [x], attrs }: Pick<LowerSite, "ins" | "attrs">): [rows: number, columns: number, eps: number] {
  const split = x!.shape.length - (attrs.dims as number);
  return [count(x!.shape.slice(0, split)), count(x!.shape.slice(split)), attrs.eps as number];
}

/** The sum of a gradient over the leading dims. */
const overRows = (g: Tensor, attrs: Attrs): Tensor => {
  const dims = range(g.shape.length - (attrs.dims as number));
  return dims.length ? emit("sum", [g], { dims, keep: false }) : g;
};

/** `layerNorm(x, gain, bias)` is centred, `rmsNorm(x, gain)` is not. */
const forward = (kind: string, centred: boolean): OpDef => ({
  kind,
  infer([x, ...affine], attrs) {
    return [{ shape: x!.shape, dtype: checkOperands(x!, affine, attrs) }];
  },
  // Linear in gain and bias together. The bias is only added: a largest or a least part of it passes.
  rules: (site) => [
    ...byRow(site, centred ? [true, false, false] : [true, false], S),
    { ins: [B, sum, ...(centred ? [sum] : [])], outs: [sum] },
    ...(centred ? ["max", "min"].map((monoid) => ({ ins: [B, B, P(monoid)], outs: [P(monoid)] })) : []),
  ],
  expansions: splitNorm(centred),
  gradient: ({ ins: [x, gain], grads: [g], attrs }) => [
    () => emit(`${kind}Grad`, [x!, gain!, g!], attrs),
    () => emit(`${kind}GradGain`, [x!, g!], attrs),
    () => overRows(g!, attrs),
  ],
  lower(site) {
    const [x, gain, bias] = site.ins;
    const [rows, columns, eps] = rowsOf(site);
    if (rows * columns === 0) return [];
    const args = [x!.arg, gain!.arg, bias?.arg ?? null, site.outs[0]!.arg];
    return [callOn(x!.dtype, "layer_norm", Number(centred), rows, columns, eps, ...args)];
  },
  flops,
});

/** (x, gain, dy) → dx. */
const gradient = (kind: string, centred: boolean): OpDef => ({
  kind,
  infer([x, gain, dy], attrs) {
    checkOperands(x!, [gain!], attrs);
    checkSame(x!, dy!);
    return [{ shape: x!.shape, dtype: checkFloats([x!, dy!]) }];
  },
  rules: (site) => [
    ...byRow(site, [true, false, true], S),
    { ins: [B, sum, B], outs: [sum] },
    { ins: [B, B, sum], outs: [sum] },
  ],
  expansions: splitNormGrad(centred),
  lower(site) {
    const [rows, columns, eps] = rowsOf(site);
    if (rows * columns === 0) return [];
    const args = [...site.ins, ...site.outs].map(({ arg }) => arg);
    return [callOn(site.outs[0]!.dtype, "layer_norm_grad", Number(centred), rows, columns, eps, ...args)];
  },
  followed: (rank, attrs) => [rank - (attrs.dims as number), attrs.dims as number],
  flops,
});

/** (x, dy) → dgain. */
const gradientOfGain = (kind: string, centred: boolean): OpDef => ({
  kind,
  infer([x, dy], attrs) {
    checkOperands(x!, [], attrs);
    checkSame(x!, dy!);
    return [{ shape: tail(x!, attrs), dtype: checkFloats([x!, dy!]) }];
  },
  rules: (site) => [...byRow(site, [true, true], () => sum), { ins: [B, sum], outs: [sum] }],
  expansions: splitNormGradGain(centred),
  lower(site) {
    const [rows, columns, eps] = rowsOf(site);
    if (columns === 0) return [];
    const args = [...site.ins, ...site.outs].map(({ arg }) => arg);
    return [callOn(site.outs[0]!.dtype, "layer_norm_grad_gain", Number(centred), rows, columns, eps, ...args)];
  },
  flops,
});

export const layerNorm = forward("layerNorm", true);
export const layerNormGrad = gradient("layerNormGrad", true);
export const layerNormGradGain = gradientOfGain("layerNormGradGain", true);
export const rmsNorm = forward("rmsNorm", false);
export const rmsNormGrad = gradient("rmsNormGrad", false);
export const rmsNormGradGain = gradientOfGain("rmsNormGradGain", false);
