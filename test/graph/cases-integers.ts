/**
 * @file Cases of ops on integers, where rules differ from those of floats: the identity of the maximum is the least
 * number, and what is added to it wraps. int32 stands for int64 too, whose ends the reference's doubles do not hold. See
 * cases.ts.
 */
import type { Attrs } from "../../src/ir/graph.ts";
import type { Case } from "./cases.ts";

const of = (kind: string, shapes: Case["shapes"], attrs: Attrs = {}): Case => ({
  kind,
  shapes,
  attrs,
  dtypes: shapes.map(() => "int32"),
});
const pair = [
  [5, 3],
  [5, 3],
];

export const integerCases: readonly Case[] = [
  ...["add", "sub", "mul", "maximum", "minimum"].map((kind) => of(kind, pair)),
  ...["neg", "abs", "square", "relu", "sign"].map((kind) => of(kind, [[5, 3]])),
  ...[2, -2, 1].map((mul) => of("affine", [[5, 3]], { mul, add: 0 })),
  of("affine", [[5, 3]], { mul: 1, add: -2 }),
  of("clamp", [[5, 3]], { low: -1, high: 2 }),
  ...["sum", "max", "min"].map((kind) => of(kind, [[5, 2, 3]], { dims: [1], keep: false })),
  of("argmax", [[5, 3]], { dim: 1 }),
  of("topK", [[5, 3]], { k: 2, dim: 0 }),
  of("cumsum", [[5, 3]], { dim: 0, reverse: false }),
  of("pad", [[5, 3]], { dims: [0], before: [1], after: [2], value: 1 }),
];
