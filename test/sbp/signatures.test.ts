import { describe, expect, test } from "vitest";
import { InternalError } from "../../src/ir/errors.ts";
import { B, P, S, showSbp } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import { localShape } from "../../src/sbp/boxes.ts";
import { layoutKey, layoutText } from "../../src/sbp/canonical.ts";
import type { Rules } from "../../src/sbp/rule.ts";
import { type Signature, signatures } from "../../src/sbp/signatures.ts";
import { assemble, scatter } from "./support/arrays.ts";
import { generator, mesh, product } from "./support/meshes.ts";
import { type ArrayOp, add, float, matmul, reshape } from "./support/ops.ts";

const of = (op: ArrayOp, shapes: readonly (readonly number[])[], on: PlacementData) =>
  signatures(
    { name: op.name, ins: shapes.map(float), outs: [float(op.infer(shapes))], attrs: {}, rules: op.rules },
    on,
  );

const texts = (all: readonly Signature[], on: PlacementData) =>
  all.map(({ ins, outs }) => [ins, outs].map((side) => side.map((l) => layoutText(l, on)).join(" ")).join(" -> "));

describe("signatures", () => {
  const product2 = [
    [8, 6],
    [6, 4],
  ];

  test("of a matmul on one axis are OneFlow's six", () => {
    const on = mesh([2]);
    expect(texts(of(matmul, product2, on), on)).toEqual([
      "S(0) B -> S(0)",
      "B S(1) -> S(1)",
      "S(1) S(0) -> P(sum)",
      "P(sum) B -> P(sum)",
      "B P(sum) -> P(sum)",
      "B B -> B",
    ]);
  });

  test("on two axes hold the paper's examples, and both orders of two splits of one dim", () => {
    const on = mesh([2, 2]);
    const all = texts(of(matmul, product2, on), on);
    expect(all).toContain("S(0),B B,S(1) -> S(0),S(1)");
    expect(all).toContain("S(0),S(1) B,S(0) -> S(0),P(sum)");
    expect(all).toContain("S(0),S(0) B,B -> S(0),S(0)");
    expect(all).toContain("{b: S(0), a: S(0)} B,B -> {b: S(0), a: S(0)}");
    expect(all.at(-1)).toBe("B,B B,B -> B,B");
    // 6 × 6 pairs of rules, and 3 more where the order of the axes shows.
    expect(all.length).toBe(39);
    expect(new Set(all).size).toBe(39);
  });

  test("ask a later axis for the extents that earlier ones have left", () => {
    const on = mesh([2, 2]);
    expect(texts(of(reshape([2, 4, 4]), [[8, 4]], on), on)).toContain("S(0),S(0) -> S(0),S(1)");
    expect(texts(of(reshape([81, 8]), [[9, 9, 8]], mesh([2])), mesh([2]))).toEqual(["P(sum) -> P(sum)", "B -> B"]);
  });

  test("must hold on every rank: a rule for even extents only falls where one rank's are odd", () => {
    const evenOnly: Rules = ({ ins, parts }) => (ins[0]!.shape[0]! % parts ? [] : [{ ins: [S(0)], outs: [S(0)] }]);
    const on = mesh([2, 2]);
    const count = (n: number) =>
      signatures({ name: "even", ins: [float([n])], outs: [float([n])], attrs: {}, rules: evenOnly }, on).length;
    expect(count(8)).toBe(5); // both axes in both orders, either axis alone, none
    expect(count(6)).toBe(3); // 6 → 3, which 2 does not divide
    const anyFirst: Rules = (site) => (site.ins[0]!.shape[0] === 5 ? [{ ins: [S(0)], outs: [S(0)] }] : evenOnly(site));
    const uneven = { name: "even", ins: [float([5])], outs: [float([5])], attrs: {}, rules: anyFirst };
    expect(texts(signatures(uneven, on), on)).toEqual(["S(0),B -> S(0),B", "B,S(0) -> B,S(0)", "B,B -> B,B"]); // 3 and 2
  });

  test("skip axes of size 1 and partial values that nothing reduces", () => {
    expect(of(matmul, product2, mesh([1, 2])).length).toBe(6);
    const mask = { shape: [4], dtype: "bool" } as const;
    const rules: Rules = () => [
      { ins: [P()], outs: [P()] },
      { ins: [S(0)], outs: [S(0)] },
    ];
    expect(signatures({ name: "copy", ins: [mask], outs: [mask], attrs: {}, rules }, mesh([2])).length).toBe(2);
  });

  test("are canonical, each once, in the same order every time", () => {
    const on = mesh([2, 3, 2]);
    const all = of(
      add,
      [
        [4, 6],
        [4, 6],
      ],
      on,
    );
    const keys = all.map(({ ins, outs }) => [...ins, ...outs].map((l) => layoutKey(l, on)).join(" | "));
    expect(new Set(keys).size).toBe(keys.length);
    const plain = ({ ins, outs }: Signature) =>
      [...ins, ...outs].map((l) => l.map(([a, s]) => `${a}:${showSbp(s)}`).join(" "));
    expect(all.map((s) => plain(s).join(" | "))).toEqual(keys);
    expect(
      of(
        add,
        [
          [4, 6],
          [4, 6],
        ],
        on,
      ),
    ).toEqual(all);
  });

  test.each([
    ["more SBPs than operands", { ins: [B, B], outs: [S(0)] }, /the op has 1 inputs and 1 outputs/],
    ["a dim out of range", { ins: [S(3)], outs: [B] }, /S\(3\) on an operand of shape \[4\]/],
    ["a partition of another extent", { ins: [S(0, { sizes: [1, 1] })], outs: [B] }, /cannot cut 4 into 2/],
  ])("a rule that does not fit is our bug: %s", (_, rule, why) => {
    const op = { name: "fc1.relu", ins: [float([4])], outs: [float([4])], attrs: {}, rules: () => [rule] };
    const attempt = () => signatures(op, mesh([2]));
    expect(attempt).toThrow(InternalError);
    expect(attempt).toThrow(/fc1\.relu/);
    expect(attempt).toThrow(why);
  });
});

/** Cuts the inputs as the signature says, runs the op on every rank, reads the result as the signature says. */
function holds(
  op: ArrayOp,
  shapes: readonly (readonly number[])[],
  on: PlacementData,
  { ins, outs }: Signature,
): boolean {
  const random = generator(11);
  const outShape = op.infer(shapes);
  const values = shapes.map((shape) => Array.from({ length: product(shape) }, () => Math.floor(random() * 20) - 10));
  const inputs = values.map((value, i) => scatter(value, shapes[i]!, on, ins[i]!, random));
  const shards = on.ranks.map((_, m) => {
    const local = inputs.map(({ shape, layout, shards: all }) => ({
      shape: localShape(layout, shape, on, m),
      data: all[m]!,
    }));
    return op.run(local, localShape(outs[0]!, outShape, on, m));
  });
  const whole = op.run(
    values.map((data, i) => ({ shape: shapes[i]!, data })),
    outShape,
  );
  try {
    const got = assemble({ shape: outShape, on, layout: outs[0]!, shards });
    return got.every((x, i) => x === whole[i]);
  } catch {
    return false; // replicas that differ
  }
}

describe("truth: run on the shards, the result read by the signature is the op's", () => {
  const cases: readonly (readonly [ArrayOp, readonly (readonly number[])[]])[] = [
    [
      matmul,
      [
        [4, 6],
        [6, 4],
      ],
    ],
    [
      matmul,
      [
        [5, 7],
        [7, 3],
      ],
    ],
    [
      matmul,
      [
        [1, 2],
        [2, 9],
      ],
    ],
    [
      add,
      [
        [5, 4],
        [5, 4],
      ],
    ],
    [reshape([2, 4, 4]), [[8, 4]]],
    [reshape([4, 9]), [[12, 3]]],
  ];
  for (const sizes of [[2], [3], [2, 2]])
    for (const [op, shapes] of cases)
      test(`${op.name} ${shapes.map((shape) => `[${shape}]`).join(" ")} on ${sizes.join("×")}`, () => {
        const on = mesh(sizes);
        for (const signature of of(op, shapes, on))
          expect(holds(op, shapes, on, signature), texts([signature], on)[0]).toBe(true);
      });

  test("a false rule is seen", () => {
    const wrong: ArrayOp = { ...add, rules: () => [{ ins: [P(), B], outs: [P()] }] };
    const [lie] = of(
      wrong,
      [
        [5, 4],
        [5, 4],
      ],
      mesh([2]),
    );
    expect(
      holds(
        wrong,
        [
          [5, 4],
          [5, 4],
        ],
        mesh([2]),
        lie!,
      ),
    ).toBe(false);
  });
});
