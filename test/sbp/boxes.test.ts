import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LayoutError, PlacementError } from "../../src/ir/errors.ts";
import { B, P, S } from "../../src/ir/layout.ts";
import { balanced, boxes, localShape, overlap, region, regions, size } from "../../src/sbp/boxes.ts";
import { axisSize, coordinates, group, memberOf } from "../../src/sbp/mesh.ts";
import { indices } from "./support/arrays.ts";
import { anyCase, layoutOn, mesh, product, zigzag } from "./support/meshes.ts";

describe("the mesh", () => {
  test("members are in row-major order, a group differs on one axis alone", () => {
    const on = mesh([2, 3]);
    expect(on.ranks.map((_, m) => coordinates(on, m))).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    expect(group(on, 4, "a")).toEqual([1, 4]);
    expect(group(on, 4, "b")).toEqual([3, 4, 5]);
  });

  test("a rank has its place, whatever its number", () => {
    expect(memberOf(mesh([2], [7, 4]), 4)).toBe(1);
    expect(() => memberOf(mesh([2], [7, 4]), 0)).toThrow(PlacementError);
  });

  test("an unknown axis is answered with the ones there are", () => {
    const on = { device: "cpu", axes: [{ name: "data", size: 2 }], ranks: [0, 1] };
    expect(() => axisSize(on, "dta")).toThrow(/did you mean "data"/);
  });
});

describe("shards", () => {
  test.each([
    [10, 4, [3, 3, 2, 2]],
    [8, 4, [2, 2, 2, 2]],
    [3, 4, [1, 1, 1, 0]],
    [0, 2, [0, 0]],
    [5, 1, [5]],
  ])("%i in %i parts: the remainder goes to the first", (extent, parts, sizes) => {
    const cuts = sizes.map((_, i) => balanced(extent, parts, i));
    expect(cuts.map(([lo, hi]) => hi - lo)).toEqual(sizes);
    expect(cuts.map(([lo]) => lo)).toEqual(sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0)));
  });

  test("two axes on one dim: the outer one cuts first", () => {
    const on = mesh([2, 3]);
    const sbps = [S(0), S(0)];
    const at = (order: number[]) => on.ranks.map((_, m) => region(layoutOn(on, sbps, order), [7], on, m)[0]);
    expect(at([0, 1])).toEqual([[[0, 2]], [[2, 3]], [[3, 4]], [[4, 5]], [[5, 6]], [[6, 7]]]);
    expect(at([1, 0])).toEqual([[[0, 2]], [[3, 4]], [[5, 6]], [[2, 3]], [[4, 5]], [[6, 7]]]);
  });

  test("zigzag deals the front and the back to one rank, in two boxes", () => {
    const on = mesh([2]);
    const layout = layoutOn(on, [S(0, zigzag(2))]);
    expect(boxes(layout, [8, 3], on, 0)).toEqual([
      [
        [0, 2],
        [0, 3],
      ],
      [
        [6, 8],
        [0, 3],
      ],
    ]);
    expect(localShape(layout, [8, 3], on, 1)).toEqual([4, 3]);
  });

  test("a split inside a zigzag cuts the local range", () => {
    const on = mesh([2, 2]);
    const layout = layoutOn(on, [S(0, zigzag(2)), S(0)]);
    expect(on.ranks.map((_, m) => region(layout, [8], on, m)[0])).toEqual([[[0, 2]], [[6, 8]], [[2, 4]], [[4, 6]]]);
  });

  test("sizes by hand, empty ones too", () => {
    const on = mesh([3]);
    const layout = layoutOn(on, [S(0, { sizes: [4, 0, 1] })]);
    expect(on.ranks.map((_, m) => localShape(layout, [5], on, m))).toEqual([[4], [0], [1]]);
    expect(boxes(layout, [5], on, 1)).toEqual([]);
  });

  test("a scalar is one box of no dims", () => {
    expect(boxes(layoutOn(mesh([2]), [P()]), [], mesh([2]), 1)).toEqual([[]]);
  });

  test.each([
    [S(0, { sizes: [3, 3] }), /3\+3 make 6, the local extent is 5/],
    [S(0, { sizes: [5] }), /1 sizes for 2 ranks/],
    [S(0, { sizes: [6, -1] }), /not negative/],
    [S(0, { chunks: 2, of: [[0], [0]] }), /each of the chunks 0 to 1 must be dealt once, got 0,0/],
    [S(0, { chunks: 3, of: [[0], [1], [2]] }), /dealt to 3 ranks, the axis has 2/],
    [S(2), /the tensor has 1 dims/],
  ])("%j does not fit and says why", (sbp, why) => {
    const on = mesh([2]);
    const attempt = () => region(layoutOn(on, [sbp]), [5], on, 0);
    expect(attempt).toThrow(LayoutError);
    expect(attempt).toThrow(why);
  });

  test("tile the tensor exactly: each element once for every set of ranks that split axes tell apart", () => {
    fc.assert(
      fc.property(anyCase, ({ shape, on, from }) => {
        const owners = new Array<number>(product(shape)).fill(0);
        for (const r of regions(from, shape, on)) for (const g of indices(r, shape)) owners[g]!++;
        const copies = product(from.map(([axis, sbp]) => (sbp.kind === "S" ? 1 : axisSize(on, axis))));
        expect(owners.every((n) => n === copies)).toBe(true);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test("sizes and overlaps agree with counting elements", () => {
    fc.assert(
      fc.property(anyCase, ({ shape, on, from, to }) => {
        const [a, b] = [regions(from, shape, on), regions(to, shape, on)];
        a.forEach((mine, m) => {
          const elements = new Set(indices(mine, shape));
          expect(size(mine)).toBe(elements.size);
          expect(boxes(from, shape, on, m).reduce((n, box) => n + product(box.map(([lo, hi]) => hi - lo)), 0)).toBe(
            elements.size,
          );
          expect(overlap(mine, b[m]!)).toBe(indices(b[m]!, shape).filter((g) => elements.has(g)).length);
        });
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  test("B says nothing", () => {
    const on = mesh([2, 2]);
    expect(region(layoutOn(on, [B, S(0)]), [4], on, 3)).toEqual(region([["b", S(0)]], [4], on, 3));
  });
});
