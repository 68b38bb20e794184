/**
 * @file `attrs.value` around a tensor: `attrs.before[i]` and `attrs.after[i]` elements of it along dim `attrs.dims[i]`.
 * A value that is the identity of a monoid stands around every share of a split dim alike: a partial value.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Attrs } from "../../ir/graph.ts";
import { P, S } from "../../ir/layout.ts";
import type { Operand } from "../../ir/program.ts";
import { checkDim, range } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { copyBlock, fillWith, interval } from "./blocks.ts";
import { checkNumbers, checkScalar } from "./checks.ts";
import { pass } from "./rules.ts";

const lists = ({ dims, before, after }: Attrs) => ({
  dims: dims as readonly number[],
  before: before as readonly number[],
  after: after as readonly number[],
});

const identityOf = ({ value }: Attrs) => ({ 0: ["sum"], "-Infinity": ["max"], Infinity: ["min"] })[String(value)] ?? [];

export const pad: OpDef = {
  kind: "pad",
  moves: true,
  infer([x], attrs) {
    const { dims, before, after } = lists(attrs);
    checkNumbers([x!]);
    checkScalar(x!, Number(attrs.value));
    const shape = [...x!.shape];
    dims.forEach((dim, i) => {
      checkDim(x!, dim);
      const [extent, more] = [shape[dim]!, [before[i]!, after[i]!]];
      if (!more.every((n) => Number.isSafeInteger(n) && n >= 0))
        throw new ShapeError("SL1084", `cannot pad dim ${dim} with ${more.join(" and ")} elements`, {
          hint: "give whole numbers from 0 on; .slice cuts",
        });
      if (typeof extent === "string") {
        if (more.some((n) => n > 0)) throw named(dim, extent);
      } else shape[dim] = extent + more[0]! + more[1]!;
    });
    return [{ shape, dtype: x!.dtype }];
  },
  rules: ({ ins: [x], attrs }) => [
    ...range(x!.shape.length).flatMap((dim) => {
      if (!lists(attrs).dims.includes(dim)) return [{ ins: [S(dim)], outs: [S(dim)] }];
      return identityOf(attrs).map((monoid) => ({ ins: [S(dim)], outs: [P(monoid)] }));
    }),
    // Of a sum every rank adds its padding: 0, and infinities, stay what they are.
    ...(attrs.value === 0 || !Number.isFinite(attrs.value) ? [pass("sum")] : []),
    pass("max"), // a value is the largest, and the least, of its copies
    pass("min"),
  ],
  gradient: ({ ins: [x], grads: [g], attrs }) => [
    () => {
      const { dims, before } = lists(attrs);
      return emit("slice", [g!], { dims, starts: before, sizes: dims.map((dim) => x!.shape[dim]!) });
    },
  ],
  lower({ ins, outs, attrs }) {
    const [x, y] = [ins[0]!, outs[0]!];
    const { dims, before } = lists(attrs);
    const at = x.shape.map((_, dim) => (dims.includes(dim) ? before[dims.indexOf(dim)]! + interval(x, dim)[0] : 0));
    const covers = x.shape.every((extent, dim) => extent === y.shape[dim]);
    const origin = x.shape.map(() => 0);
    return [...(covers ? [] : fillWith(y, attrs.value as Operand)), ...copyBlock(x.shape, x, origin, y, at)];
  },
  flops: () => 0,
};

/** Dims with names are not added to. */
export const named = (dim: number, name: string) =>
  new ShapeError("SL1085", `dim ${dim} is "${name}", a name: nothing can be added to it`, {
    hint: "give this dim of the input as a number",
  });
