import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { opDef, opKinds } from "../../src/graph/registry.ts";
import { showLayout } from "../../src/ir/layout.ts";
import { signatures } from "../../src/sbp/signatures.ts";
import { type Case, cases, of, operation, shapesOf, transposes } from "./cases.ts";
import { count, lasting, page, tally, total } from "./page.ts";
import { check, meshOf, signaturesOf } from "./reference.ts";
import { long, runsNothing, seeds, stretched } from "./searched.ts";

// 5 over 3: 2, 2, 1; 2 over 3: 1, 1, 0; 5 over 4: 2, 1, 1, 1; 3 over 4: 1, 1, 1, 0
const meshes = [meshOf(2), meshOf(3), meshOf(4), meshOf(2, 2), meshOf(3, 2)];
const all = cases.map((c) => ({ c, with: seeds }));
const more = long ? cases.flatMap(stretched).map((c) => ({ c, with: seeds.slice(-1) })) : [];

/** `OPS_DOCS=write` writes the page of what was run. */
const writes = process.env.OPS_DOCS === "write";
const file = fileURLToPath(new URL("../../docs/ops.md", import.meta.url));
const ran = tally();
const start = performance.now();

describe("every signature is true", () => {
  test.each([...all, ...more].map((each) => [shapesOf(each.c), each] as const))("%s", (_, { c, with: seeds }) => {
    for (const seed of seeds) {
      const { run, untrue } = check(c, opDef(c.kind).rules, meshes, seed);
      expect(untrue, `seed ${seed}`).toEqual([]);
      count(ran, c.kind, run);
    }
  });

  test("and every op is among the cases", () => {
    expect(new Set([...cases.map((c) => c.kind), ...runsNothing])).toEqual(new Set(opKinds()));
  });
});

test("docs/ops.md says what was run", () => {
  const seconds = Math.round((performance.now() - start) / 1000);
  const inLong = [...cases, ...cases, ...cases.flatMap(stretched)].reduce((n, c) => n + signaturesOf(c, meshes), 0);
  const time = `${seconds} s on one core of ${cpus()[0]!.model.trim()}, Node ${process.versions.node}`;
  const committed = () => readFileSync(file, "utf8");
  if (long) {
    expect(total(ran.signatures)).toBe(inLong);
    expect(committed()).toContain(`prints: ${inLong.toLocaleString("en")}\n`);
    return;
  }
  const text = page(ran, { long: inLong, time });
  if (writes) writeFileSync(file, text);
  expect(lasting(committed()), "npm run docs:ops writes it anew").toBe(lasting(text));
});

describe("what an op must offer", () => {
  const offered = (c: Case, mesh = meshes[0]!) =>
    signatures(operation(c), mesh).map((s) =>
      [...s.ins, ...s.outs].map(([first]) => (first ? showLayout([first]).slice(4, -1) : "B")).join(" "),
    );

  test("matmul", () => {
    expect(
      offered(
        of(
          "matmul",
          [
            [4, 4],
            [4, 4],
          ],
          transposes[0]!,
        ),
      ).sort(),
    ).toEqual(["B B B", "S(0) B S(0)", "B S(1) S(1)", "S(1) S(0) P(sum)", "P(sum) B P(sum)", "B P(sum) P(sum)"].sort());
    expect(
      offered(
        of(
          "matmul",
          [
            [4, 4],
            [4, 4],
          ],
          transposes[3]!,
        ),
      ),
    ).toContain("S(0) S(1) P(sum)");
  });

  test("a bias", () => {
    expect(offered(of("add", [[4, 6], [6]]))).toEqual(
      expect.arrayContaining(["S(0) B S(0)", "S(1) S(0) S(1)", "P(sum) P(sum) P(sum)"]),
    );
    expect(offered(of("add", [[4, 6], [6]]))).not.toContain("P(sum) B P(sum)");
  });

  test("a reshape keeps a split where both cut the elements alike, on every rank", () => {
    const one = (from: number[], to: number[], mesh = meshOf(2)) => offered(of("reshape", [from], { shape: to }), mesh);
    expect(one([9, 9, 8], [81, 8])).not.toContain("S(0) S(0)"); // 5 rows of 9 are 45, 81 is cut at 41
    expect(one([9, 9, 8], [81, 8])).toContain("S(2) S(1)");
    expect(one([8, 9, 8], [72, 8])).toContain("S(0) S(0)");
    expect(one([12, 8], [16, 6])).toEqual(expect.not.arrayContaining(["S(1) S(0)", "S(1) S(1)"]));
    expect(one([12, 8], [16, 6])).toContain("S(0) S(0)");
    expect(one([6], [2, 3])).toContain("S(0) S(0)");
    expect(one([6], [2, 3], meshOf(3))).not.toContain("S(0) S(0)");
    const c = of("reshape", [[8, 4]], { shape: [2, 4, 4] });
    const found = signatures(operation(c), meshes[3]!).map((s) =>
      [...s.ins, ...s.outs].map((l) => showLayout(l)).join(" "),
    );
    expect(found).toContain("{a: S(0), b: S(0)} {a: S(0), b: S(1)}");
  });

  test("tables and ids", () => {
    const table: Partial<Case> = { dtypes: ["float32", "int32"] };
    expect(offered(of("gather", [[4, 6], [8]], { dim: 0 }, table))).toEqual(
      expect.arrayContaining(["B S(0) S(0)", "S(0) B P(sum)", "S(1) B S(1)", "P(sum) B P(sum)"]),
    );
    expect(offered(of("scatterAdd", [[8, 6], [8]], { dim: 0, shape: [4, 6] }, table))).toEqual(
      expect.arrayContaining(["S(0) S(0) P(sum)", "B B S(0)", "S(1) B S(1)", "P(sum) B P(sum)"]),
    );
  });

  test("numbers decide about partials of affine", () => {
    expect(offered(of("affine", [[4]], { mul: 2, add: 0 }))).toContain("P(sum) P(sum)");
    expect(offered(of("affine", [[4]], { mul: 2, add: 1 }))).not.toContain("P(sum) P(sum)");
    expect(offered(of("affine", [[4]], { mul: -2, add: 1 }))).toContain("P(max) P(min)");
  });
});
