/**
 * @file Draws: `random` makes numbers, `dropout` zeroes elements. Both are functions of the seed, the step (their int32
 * operand), `attrs.key` and the element's index in the whole tensor; so any split of them is the split of the whole.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs, Shape, TensorType } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import { seedKey, streamOf } from "../../ir/philox.ts";
import type { Call, Operand } from "../../ir/program.ts";
import { boxesOf } from "../../sbp/boxes.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import type { LocalType, Site } from "../../sbp/rule.ts";
import { count, range, showShape } from "../dims.ts";
import type { LocalTensor, OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { checkDType, checkFloats } from "./checks.ts";
import { addressOf, callOn, stridesOf, walks } from "./lowering.ts";

/** Kinds of the `random` kernel. */
const code = { uniform: 0, normal: 1, dropout: 3 };

function checkStep(step: TensorType): void {
  checkDType(step, "int32");
  if (step.shape.length)
    throw new ShapeError("SL1106", `the step is one number, got ${showShape(step.shape)}`, {
      hint: "take the step that the graph counts",
    });
}

/** The number of the step is replicated, the rest split alike. */
const splits = ({ ins, outs }: Site) =>
  range(outs[0]!.shape.length).map((dim) => ({
    ins: ins.map((_, i) => (i < ins.length - 1 ? S(dim) : B)),
    outs: [S(dim)],
  }));

/** Ten rounds of Philox for four elements. */
const flops = (_: readonly LocalType[], [y]: readonly LocalType[]) => 16 * count(y!.shape);

/** Calls for each box that this rank holds: where it lies in the whole tensor, and where locally. */
function draw(
  kind: keyof typeof code,
  [a, b]: readonly [number, number],
  { attrs, seed }: { readonly attrs: Attrs; readonly seed: number },
  step: LocalTensor,
  x: LocalTensor | undefined,
  y: LocalTensor,
): Call[] {
  const [whole, local] = [stridesOf(y.global), stridesOf(y.shape)];
  const numbers = [code[kind], a, b, ...seedKey(seed), streamOf(attrs.key as string)];
  return boxesOf(y.region).flatMap((box) => {
    const base = box.reduce((sum, [lo], d) => sum + lo * whole[d]!, 0);
    const start = box.reduce((sum, [lo], d) => sum + placeOf(y.region[d]!, lo) * local[d]!, 0);
    const extents = box.map(([lo, hi]) => hi - lo);
    return walks(extents, [whole, local]).map(({ extents: n, strides: [sw, sl], starts }) => {
      const at = (tensor: LocalTensor): Operand => addressOf(tensor, start + starts[1]!);
      return callOn(
        y.dtype,
        "random",
        ...numbers,
        ...n,
        ...sw!,
        ...sl!,
        base + starts[0]!,
        step.arg,
        x ? at(x) : null,
        at(y),
      );
    });
  });
}

/** Place of a global index in a local list of intervals. */
function placeOf(list: LocalTensor["region"][number], index: number): number {
  const at = list.findIndex(([lo, hi]) => lo <= index && index < hi);
  return list.slice(0, at).reduce((sum, [lo, hi]) => sum + hi - lo, 0) + index - list[at]![0];
}

/** (step) → numbers of shape `attrs.shape`: uniform in [a, b), or normal with mean a and deviation b. */
export const random: OpDef = {
  kind: "random",
  infer([step], attrs) {
    checkStep(step!);
    const wrong = (attrs.shape as Shape).find(
      (dim) => typeof dim === "number" && !(Number.isSafeInteger(dim) && dim >= 0),
    );
    if (wrong !== undefined)
      throw new ShapeError("SL1001", `${wrong} is not a dim`, { hint: "give whole numbers, or names" });
    return [{ shape: attrs.shape as Shape, dtype: "float32" }];
  },
  rules: splits,
  lower(site) {
    const { attrs, ins, outs } = site;
    const kind = attrs.distribution as "uniform" | "normal";
    return draw(kind, [attrs.a as number, attrs.b as number], site, ins[0]!, undefined, outs[0]!);
  },
  flops,
};

/** (x, step) → x with each element zeroed with probability `attrs.rate`, the others scaled to keep the mean. */
export const dropout: OpDef = {
  kind: "dropout",
  infer([x, step], { rate }) {
    checkFloats([x!]);
    checkStep(step!);
    if (!((rate as number) >= 0 && (rate as number) < 1))
      throw new ShapeError("SL1107", `cannot drop with probability ${rate}`, {
        hint: "give a number from 0 on, below 1",
      });
    return [x!];
  },
  // The mask does not depend on x: an element is scaled up or it is 0, in every part alike.
  rules: (site) => [...splits(site), ...monoidNames.map((monoid) => ({ ins: [P(monoid), B], outs: [P(monoid)] }))],
  gradient: ({ ins: [, step], grads: [g], attrs }) => [() => emit("dropout", [g!, step!], attrs), undefined],
  lower(site) {
    const rate = site.attrs.rate as number;
    return draw("dropout", [rate, 1 / (1 - rate)], site, site.ins[1]!, site.ins[0], site.outs[0]!);
  },
  flops,
};
