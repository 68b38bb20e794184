import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { B, P, S } from "../../src/ir/layout.ts";
import { regions } from "../../src/sbp/boxes.ts";
import { canonical, layoutKey, layoutText, sameLayout } from "../../src/sbp/canonical.ts";
import { assemble, scatter } from "./support/arrays.ts";
import { anyCase, generator, layoutOn, mesh, product } from "./support/meshes.ts";

describe("the canonical form", () => {
  const on = mesh([2, 2, 2]);

  test("leaves out B and axes of size 1, and follows the mesh's order", () => {
    const small = mesh([2, 1, 2]);
    expect(canonical(layoutOn(small, [S(1), S(0), B]), small)).toEqual([["a", S(1)]]);
    expect(canonical(layoutOn(small, [S(1), B, P()], [2, 1, 0]), small)).toEqual([
      ["a", S(1)],
      ["c", P()],
    ]);
  });

  test("keeps the order of two splits of one dim, and of two monoids", () => {
    for (const pair of [
      [S(0), S(0)],
      [P(), P("max")],
    ] as const) {
      const one = layoutOn(on, [...pair, B]);
      const other = layoutOn(on, [...pair, B], [1, 0, 2]);
      expect(sameLayout(one, other, on)).toBe(false);
      expect(canonical(other, on).map(([axis]) => axis)).toEqual(["b", "a"]);
    }
    expect(sameLayout(layoutOn(on, [S(0), S(1), B]), layoutOn(on, [S(0), S(1), B], [1, 0, 2]), on)).toBe(true);
    expect(sameLayout(layoutOn(on, [P(), P(), B]), layoutOn(on, [P(), P(), B], [1, 0, 2]), on)).toBe(true);
  });

  test("moves a free axis past a pair whose order counts", () => {
    const layout = layoutOn(on, [S(0), S(1), S(0)], [2, 1, 0]);
    expect(canonical(layout, on)).toEqual([
      ["b", S(1)],
      ["c", S(0)],
      ["a", S(0)],
    ]);
  });

  test("text shows an order that is not the mesh's", () => {
    expect(layoutText(layoutOn(on, [S(0), B, P()]), on)).toBe("S(0),B,P(sum)");
    expect(layoutText(layoutOn(on, [S(0), S(0), B], [1, 0, 2]), on)).toBe("{b: S(0), a: S(0), c: B}");
  });

  test("is idempotent, keeps every shard and the value, and equal keys mean equal shards", () => {
    fc.assert(
      fc.property(anyCase, ({ shape, on, from, to }) => {
        const form = canonical(from, on);
        expect(canonical(form, on)).toEqual(form);
        expect(regions(form, shape, on)).toEqual(regions(from, shape, on));
        const value = Array.from({ length: product(shape) }, (_, i) => (i * 37) % 101);
        const { shards } = scatter(value, shape, on, from, generator(3));
        expect(assemble({ shape, on, layout: form, shards })).toEqual(value);
        if (layoutKey(from, on) === layoutKey(to, on)) expect(regions(from, shape, on)).toEqual(regions(to, shape, on));
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});
