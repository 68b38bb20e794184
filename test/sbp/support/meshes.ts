/** @file Meshes and layouts for tests, by hand and at random. */
import fc from "fast-check";
import { B, type Layout, P, S, type Sbp } from "../../../src/ir/layout.ts";
import type { PlacementData } from "../../../src/ir/placement.ts";
import type { Side } from "../../../src/sbp/boxing.ts";

export const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** A mesh with axes a, b, c … */
export function mesh(sizes: readonly number[], ranks?: readonly number[]): PlacementData {
  const axes = sizes.map((size, i) => ({ name: "abcdef"[i]!, size }));
  return { device: "cpu", axes, ranks: ranks ?? [...new Array(product(sizes)).keys()] };
}

/** One SBP an axis, outermost first in the mesh's order, or in another order of the axes. */
export const layoutOn = (on: PlacementData, sbps: readonly Sbp[], order?: readonly number[]): Layout =>
  (order ?? [...sbps.keys()]).map((i) => [on.axes[i]!.name, sbps[i]!] as const);

export const tuples = <T>(items: readonly T[], length: number): T[][] =>
  length === 0 ? [[]] : tuples(items, length - 1).flatMap((head) => items.map((item) => [...head, item]));

/** Numbers in [0, 1), the same for the same seed (Park and Miller's minimal standard). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Parts of an axis dealt front and back: 0 and 3, 1 and 2. */
export const zigzag = (parts: number) => ({
  chunks: 2 * parts,
  of: Array.from({ length: parts }, (_, i) => [i, 2 * parts - 1 - i]),
});

export interface Case {
  readonly shape: readonly number[];
  readonly on: PlacementData;
  readonly from: Layout;
  readonly to: Layout;
}

const axisSizes = fc.constantFrom([1], [2], [3], [4], [2, 2], [3, 2], [2, 1, 2], [2, 2, 2]);
const shapes = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 3 });

function anyLayout(shape: readonly number[], on: PlacementData): fc.Arbitrary<Layout> {
  const splits = shape.flatMap((_, dim) => [S(dim), S(dim)]);
  const sbps = fc.tuple(
    ...on.axes.map(({ size }) =>
      fc.constantFrom(...splits, ...shape.map((_, dim) => S(dim, zigzag(size))), B, P(), P("max"), P("min")),
    ),
  );
  const order = fc.shuffledSubarray([...on.axes.keys()], { minLength: on.axes.length });
  return fc.tuple(sbps, order).map(([each, by]) => layoutOn(on, each, by));
}

/** Shapes with empty and uneven dims, any order of the axes, zigzag, mixed monoids, ranks that do not start at 0. */
export const anyCase: fc.Arbitrary<Case> = fc.tuple(shapes, axisSizes, fc.boolean()).chain(([shape, sizes, away]) => {
  const on = mesh(sizes, away ? [...new Array(product(sizes)).keys()].map((r) => 2 * r + 3) : undefined);
  return fc.record({
    shape: fc.constant(shape),
    on: fc.constant(on),
    from: anyLayout(shape, on),
    to: anyLayout(shape, on),
  });
});

/** A tensor that goes from one placement and layout to another. */
export interface Pair {
  readonly shape: readonly number[];
  readonly from: Side;
  readonly to: Side;
}

const ranks = [...new Array(10).keys()];
const anyMesh = axisSizes.chain((sizes) => {
  const count = product(sizes);
  return fc.shuffledSubarray(ranks, { minLength: count, maxLength: count }).map((of) => mesh(sizes, of));
});
const side = (shape: readonly number[], placement: PlacementData): fc.Arbitrary<Side> =>
  anyLayout(shape, placement).map((layout) => ({ placement, layout }));

/** Sizes by hand, of balanced splits moved about; alone on its dim, as they must fit what is cut. */
const byHand = ({ placement, layout }: Side, shape: readonly number[], moved: number): Side => ({
  placement,
  layout: layout.map(([axis, sbp]) => {
    const parts = placement.axes.find(({ name }) => name === axis)!.size;
    const alone =
      layout.filter(([, other]) => other.kind === "S" && sbp.kind === "S" && other.dim === sbp.dim).length === 1;
    if (sbp.kind !== "S" || !alone) return [axis, sbp];
    const cuts = Array.from({ length: parts - 1 }, (_, i) => (moved * (2 * i + 3)) % (shape[sbp.dim]! + 1)).sort(
      (a, b) => a - b,
    );
    const sizes = [...cuts, shape[sbp.dim]!].map((cut, i) => cut - (cuts[i - 1] ?? 0));
    return [axis, S(sbp.dim, { sizes })];
  }),
});

/**
 * Pairs on the same, disjoint and partly overlapping ranks, in any order, on meshes of one to three axes; shapes with
 * empty and uneven dims, and none; any order of axes, zigzag, sizes by hand, mixed monoids.
 */
export const anyPair: fc.Arbitrary<Pair> = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 3 }), anyMesh, anyMesh, fc.nat(3))
  .chain(([shape, source, other, same]) =>
    fc
      .tuple(side(shape, source), side(shape, same === 0 ? source : other), fc.nat(9), fc.nat(9))
      .map(([from, to, a, b]) => ({
        shape,
        from: a < 2 ? byHand(from, shape, a + 1) : from,
        to: b < 2 ? byHand(to, shape, b + 1) : to,
      })),
  );
