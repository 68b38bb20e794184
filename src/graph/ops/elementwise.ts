/**
 * @file Ops that work element by element: they say which kernel does it, and this makes the calls. The compiler asks for the
 * same kernel when several of them follow one another and are worked block by block.
 */
import type { Operand } from "../../ir/program.ts";
import { count } from "../dims.ts";
import type { ElementKernel, OpDef } from "../op.ts";
import { addressOf, broadcastStrides, stridesOf, walks } from "./lowering.ts";

/** A kernel that takes all elements in one row: `before`, their number, `after`, addresses. */
export const inRow = (
  kernel: string,
  before: readonly Operand[] = [],
  after: readonly Operand[] = [],
): ElementKernel => ({
  kernel,
  before,
  extents: "count",
  after,
});

/** A kernel that takes four extents and the inputs' strides, so inputs may repeat along some dims. */
export const inWalk = (kernel: string, before: readonly Operand[]): ElementKernel => ({
  kernel,
  before,
  extents: "walk",
  after: [],
});

export const elementwise = (
  kernelOf: NonNullable<OpDef["elementwise"]>,
): Required<Pick<OpDef, "elementwise" | "lower">> => ({
  elementwise: kernelOf,
  lower(site) {
    const { ins, outs } = site;
    const y = outs[0]!;
    const { kernel, before, extents, after } = kernelOf(site);
    if (extents === "count") {
      const n = count(y.shape);
      return n ? [{ kernel, args: [...before, n, ...after, ...ins.map(({ arg }) => arg), y.arg] }] : [];
    }
    const strides = [...ins.map((x) => broadcastStrides(x.shape, y.shape)), stridesOf(y.shape)];
    return walks(y.shape, strides).map((walk) => {
      const at = [...ins, y].map((t, i) => addressOf(t, walk.starts[i]!));
      return { kernel, args: [...before, ...walk.extents, ...walk.strides.slice(0, -1).flat(), ...after, ...at] };
    });
  },
});
