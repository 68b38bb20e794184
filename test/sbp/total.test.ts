import fc from "fast-check";
import { describe, test } from "vitest";
import { B, P, S, type Sbp } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import type { Model } from "../../src/sbp/link.ts";
import { sharedMemory } from "../../src/sbp/link.ts";
import { anyPair, layoutOn, mesh, tuples } from "./support/meshes.ts";
import { bytes, check, checked, hosts, models } from "./support/plans.ts";

const on = (placement: PlacementData, sbps: readonly Sbp[], order?: readonly number[]) => ({
  placement,
  layout: layoutOn(placement, sbps, order),
});
const plain = [S(0), S(1), B, P()];
const each = [...plain, P("max"), P("min")];
/** All pairs of layouts between two meshes, or one in so many. */
function checkAll(
  shape: readonly number[],
  source: PlacementData,
  target: PlacementData,
  sbps: readonly Sbp[],
  { model, every = 1 }: { readonly model?: Model; readonly every?: number } = {},
): void {
  let count = 0;
  const side = (placement: PlacementData) => tuples(sbps, placement.axes.length).map((l) => on(placement, l));
  for (const from of side(source))
    for (const to of side(target)) if (count++ % every === 0) check({ shape, from, to }, model);
}

describe("every pair of the public tables", () => {
  const sets: readonly (readonly [readonly number[], readonly number[]])[] = [
    [
      [0, 1],
      [0, 1, 3],
    ],
    [
      [0, 1],
      [0, 1, 2, 3],
    ],
    [
      [1, 2, 3],
      [0, 1, 3],
    ],
    [
      [1, 2, 3],
      [0, 1, 2, 3],
    ],
    [
      [0, 1, 2, 3],
      [0, 1, 3],
    ],
    [
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ],
    [
      [0, 1],
      [2, 3, 4],
    ],
  ];
  test.each([[[4, 4]], [[6, 8]], [[5, 7]]])(
    "one axis, overlapping rank sets, P(max) and P(min) on top: %j",
    (shape) => {
      for (const [source, target] of sets)
        for (const model of [sharedMemory, hosts, bytes])
          checkAll(shape, mesh([source.length], source), mesh([target.length], target), each, { model });
    },
  );

  test("a 2 × 2 mesh, (8,8,16): all 256 pairs, and those to another mesh of the same and of other ranks", () => {
    for (const target of [mesh([2, 2]), mesh([2, 2], [3, 2, 1, 0]), mesh([2, 2], [2, 3, 4, 5])])
      checkAll([8, 8, 16], mesh([2, 2]), target, plain);
  });

  test("splits of dims 2 to 4", () => {
    const shape = [2, 2, 4, 6, 5];
    for (const [source, target] of [
      [mesh([2]), mesh([3], [1, 2, 3])],
      [mesh([2, 2]), mesh([4])],
    ] as const)
      checkAll(shape, source, target, [S(2), S(3), S(4)]);
  });

  test.each([
    [[17, 5], 1],
    [[13, 2, 13], 1],
    [[33, 16, 8, 1], 59],
  ])("uneven: %j, every pair or one in %i", (shape, every) => {
    const sbps = [...shape.map((_, dim) => S(dim)), B, P()];
    checkAll(shape, mesh([2, 2]), mesh([2, 2]), sbps, { every });
    checkAll(shape, mesh([4]), mesh([2, 2], [2, 3, 4, 5]), sbps, { every });
  });

  test("a 2 × 2 × 2 mesh: one dim split by all axes, from every order to every other", () => {
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    const cube = mesh([2, 2, 2]);
    for (const n of [8, 17])
      for (const a of orders)
        for (const b of orders) {
          const side = (order: readonly number[]) => on(cube, [S(0), S(0), S(0)], order);
          check({ shape: [n], from: side(a), to: side(b) });
        }
  });

  test("three axes to two, one and three of other ranks, with P on either side", () => {
    const cube = mesh([2, 2, 2]);
    const layouts = tuples([S(0), S(1), B, P()], 3).map((sbps) => on(cube, sbps));
    for (const target of [
      mesh([8]),
      mesh([4, 2], [4, 5, 6, 7, 8, 9, 10, 11]),
      mesh([2, 2, 2], [7, 6, 5, 4, 3, 2, 1, 0]),
    ]) {
      const others = tuples([S(0), S(1), B, P()], target.axes.length).map((sbps) => on(target, sbps));
      for (const [i, from] of layouts.entries())
        for (const k of [1, 5, 11]) check({ shape: [6, 5], from, to: others[(i * k + 3) % others.length]! });
    }
  });
});

describe("random pairs", () => {
  const runs = process.env.LONG ? 25_000 : 2_000;
  test(`${runs}: any ranks, uneven, empty, scalar, any order, zigzag, sizes by hand, mixed monoids`, () => {
    const seed = Number(process.env.SEED ?? 1);
    fc.assert(
      fc.property(anyPair, fc.constantFrom(...models), (pair, model) => {
        check(pair, model);
      }),
      { numRuns: runs, seed },
    );
    const { pairs, planned, slowest, kinds } = checked;
    console.info(
      `seed ${seed}, ${runs} random pairs; ${pairs} in all, ${(planned / pairs).toFixed(2)} ms a plan, slowest ${slowest.toFixed(0)} ms`,
      Object.fromEntries(kinds),
    );
  });
});
