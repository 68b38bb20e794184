/** @file Reductions over axes, which need not lie side by side, and what is made of them. */
import { emit, type Loose } from "../loose.ts";
import { dimOf, type Entry, range, type Site, type Table } from "../site.ts";

/** The dims of a node: an attribute until opset 12 or 17, an input since then; all of them by default. */
function dims(s: Site): readonly number[] {
  const given = s.has(1) ? s.data(1) : s.ints("axes");
  const rank = s.shape(0).length;
  if (given?.length) return given.map((axis) => dimOf(axis, rank)).sort((a, b) => a - b);
  return s.int("noop_with_empty_axes", 0) ? [] : range(rank);
}

/** Dims that lie side by side, in groups, the last first. */
function groups(sorted: readonly number[]): number[][] {
  const found: number[][] = [];
  for (const dim of sorted) {
    const last = found.at(-1);
    if (last && last.at(-1) === dim - 1) last.push(dim);
    else found.push([dim]);
  }
  return found.reverse();
}

/** One reduction after another. */
export const reduceOver = (kind: string, x: Loose, sorted: readonly number[], keep: boolean): Loose =>
  groups(sorted).reduce((y, each) => emit(kind, [y], { dims: each, keep }), x);

const unchanged = (x: Loose) => x;

const reduction =
  (kind: string, before: (x: Loose) => Loose = unchanged, after: (x: Loose) => Loose = unchanged): Entry =>
  (s) => {
    const over = dims(s);
    const x = over.length ? before(s.x(0)) : emit("to", [before(s.x(0))], { layout: null });
    return after(reduceOver(kind, x, over, s.int("keepdims", 1) === 1));
  };

/** The product of a dim's elements, its slices multiplied. */
function productAlong(x: Loose, dim: number): Loose {
  const slices = range(x.shape[dim]!).map((i) => x.slice(dim, i, i + 1));
  return slices.reduce((a, b) => a.mul(b));
}

export const reductions: Table = {
  ReduceL1: reduction("sum", (x) => x.abs()),
  ReduceL2: reduction(
    "sum",
    (x) => x.square(),
    (x) => x.sqrt(),
  ),
  ReduceLogSum: reduction("sum", unchanged, (x) => x.log()),
  ReduceLogSumExp(s) {
    const [x, over] = [s.x(0), dims(s)];
    const most = reduceOver("max", x, over, true);
    const kept = reduceOver("sum", x.sub(most).exp(), over, true).log().add(most);
    return s.int("keepdims", 1) ? kept : kept.reshape(kept.shape.filter((_, dim) => !over.includes(dim)));
  },
  ReduceMax: reduction("max"),
  ReduceMean: reduction("mean"),
  ReduceMin: reduction("min"),
  ReduceProd(s) {
    const over = dims(s);
    const kept = over.reduce(productAlong, s.x(0));
    return s.int("keepdims", 1) ? kept : kept.reshape(kept.shape.filter((_, dim) => !over.includes(dim)));
  },
  ReduceSum: reduction("sum"),
  ReduceSumSquare: reduction("sum", (x) => x.square()),
};
