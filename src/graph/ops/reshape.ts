/**
 * @file The same elements, in the same row-major order, under another shape: `attrs.shape`.
 *
 * A split of a dim holds, in flat indices, runs of equal length at equal distances. It stays a split, of an output dim,
 * when on **every** rank the two hold the same runs; on uneven cuts this is rarer than "the dim divides" would have it:
 * (9,9,8) → (81,8) cut at 5 of 9 rows is at 45, but 81 would be cut at 41.
 */
import { ShapeError, showGiven } from "../../ir/errors.ts";
import type { Dim, Shape } from "../../ir/graph.ts";
import { S } from "../../ir/layout.ts";
import { balanced } from "../../sbp/boxes.ts";
import { monoidNames } from "../../sbp/monoid.ts";
import type { Rule, Site } from "../../sbp/rule.ts";
import { count, range, showShape } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { pass } from "./rules.ts";
import { to } from "./to.ts";

/** What a rank holds of a tensor, in flat indices: a run in each period. All and nothing have one spelling each. */
function runs(shape: readonly number[], dim: number, parts: number, rank: number): string {
  const inner = count(shape.slice(dim + 1));
  const [lo, hi] = balanced(shape[dim]!, parts, rank);
  if ((hi - lo) * count(shape.toSpliced(dim, 1)) === 0) return "nothing";
  if (hi - lo === shape[dim]) return "all";
  return [lo * inner, hi * inner, shape[dim]! * inner].join();
}

function rules({ ins: [x], outs: [y], parts }: Site): Rule[] {
  const held = (shape: readonly number[]) =>
    shape.map((_, dim) =>
      range(parts)
        .map((rank) => runs(shape, dim, parts, rank))
        .join(" "),
    );
  const after = held(y!.shape);
  const splits = held(x!.shape).flatMap((own, dim) =>
    after.flatMap((other, at) => (own === other ? [{ ins: [S(dim)], outs: [S(at)] }] : [])),
  );
  return [...splits, ...monoidNames.map((monoid) => pass(monoid))];
}

/** Names and the product of the numbers: equal for shapes that hold as many elements, whatever the names stand for. */
function size(shape: Shape): string {
  const names = shape.filter((dim) => typeof dim === "string").sort();
  const numbers = shape.filter((dim) => typeof dim === "number").reduce((n, dim) => n * dim, 1);
  return [...names, numbers].join(" × ");
}

/** −1 for "the rest", as NumPy has it, would be a dim that the types do not know. */
function inferred(from: Shape, to: Shape): ShapeError {
  const rest = [...from.filter((dim) => !to.includes(dim) || typeof dim === "number")];
  const known = to.filter((dim) => typeof dim === "number" && dim !== -1) as number[];
  const n = rest.every((dim) => typeof dim === "number") ? count(rest as number[]) / count(known) : Number.NaN;
  const single = to.filter((dim) => dim === -1).length === 1 && Number.isSafeInteger(n);
  return new ShapeError("SL1081", `${showShape(to)}: a dim of -1 is not filled in`, {
    hint: single ? `write ${showShape(to.map((dim) => (dim === -1 ? n : dim)))}` : "write every dim as it is",
  });
}

export const reshape: OpDef = {
  kind: "reshape",
  moves: true,
  infer([x], attrs) {
    const shape = attrs.shape as readonly Dim[];
    if (!Array.isArray(shape))
      throw new ShapeError("SL1001", `the new shape is ${showGiven(shape)}, not a list of dims`, {
        hint: `write reshape(${showShape(x!.shape)}), say`,
      });
    if (shape.includes(-1)) throw inferred(x!.shape, shape);
    const wrong = shape.find((dim) => typeof dim === "number" && !(Number.isSafeInteger(dim) && dim >= 0));
    if (wrong !== undefined || size(x!.shape) !== size(shape))
      throw new ShapeError(
        "SL1081",
        `${showShape(x!.shape)} has ${size(x!.shape)} elements, ${showShape(shape)} ${size(shape)}`,
        { hint: "give dims with the same product, and the same names as they are" },
      );
    return [{ shape, dtype: x!.dtype }];
  },
  rules,
  gradient: ({ ins: [x], grads: [g] }) => [() => emit("reshape", [g!], { shape: x!.shape })],
  lower: to.lower,
  flops: () => 0,
};
