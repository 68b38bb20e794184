import { describe, expect, test } from "vitest";
import { opDef, opKinds } from "../../src/graph/registry.ts";
import { showSignature } from "../../src/testing/truth.ts";
import { sequence } from "../../src/testing/value.ts";
import { cases, shapesOf, values } from "./cases.ts";
import { expansionError, expansionsOf } from "./expanded.ts";
import { meshOf } from "./reference.ts";

const meshes = [meshOf(2), meshOf(3), meshOf(4), meshOf(2, 2)];
const withExpansions = opKinds().filter((kind) => opDef(kind).expansions);
const chosen = cases.filter((c) => withExpansions.includes(c.kind));

describe("every expansion is true", () => {
  test.each(chosen.map((c) => [shapesOf(c), c] as const))("%s", (_, c) => {
    const random = sequence(41);
    const ins = values(c, random);
    for (const mesh of meshes)
      for (const signature of expansionsOf(c, ins, mesh))
        expect(expansionError(c, ins, mesh, signature, random), showSignature(signature)).toBeLessThan(1e-9);
  });

  test("and every op that has one shows it, on one axis and on two", () => {
    const shown = (mesh: (typeof meshes)[number]) =>
      chosen.filter((c) => expansionsOf(c, values(c, sequence(1)), mesh).length).map(({ kind }) => kind);
    for (const mesh of [meshes[0]!, meshes[3]!]) expect(new Set(shown(mesh))).toEqual(new Set(withExpansions));
  });
});
