/** @file Products of 16-bit operands: the bits of the product of casts to float32. */
import { describe, expect, test } from "vitest";
import { Bench, draw, numbers } from "./harness.ts";

const code = { F32: 0, F16: 5, BF16: 6 } as const;
type Name = keyof typeof code;

describe.each(["F16", "BF16"] as const)("%s", (half) => {
  const shapes = [
    [1, 1, 1],
    [3, 5, 7],
    [64, 256, 200],
    [33, 65, 129],
    [8, 10, 300],
    [70, 1, 33],
    [4, 4, 0],
    [12, 530, 20],
    [300, 40, 256],
    [130, 9, 513],
  ] as const;
  const dtypes: readonly (readonly [a: Name, b: Name])[] = [
    [half, half],
    [half, "F32"],
    ["F32", half],
  ];
  describe.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])("transposed %i%i", (ta, tb) => {
    test.each(shapes)("%i × %i × %i", (M, N, K) => {
      for (const [da, db] of dtypes) {
        const random = numbers(M * 7 + N * 3 + K);
        const bench = new Bench(M % 5);
        const given = (dtype: Name, n: number) => {
          const full = bench.f32(draw(random, n));
          if (dtype === "F32") return { full, as: full };
          const as = bench.u16(n);
          bench.run("cast", code.F32, code[dtype], n, full, as);
          bench.run("cast", code[dtype], code.F32, n, as, full);
          return { full, as };
        };
        const [a, b] = [given(da, M * K), given(db, K * N)];
        const d = bench.f32(draw(random, M * N));
        const bias = bench.f32(draw(random, N));
        const [lda, ldb] = [ta ? M : K, tb ? K : N];
        const want = bench.f32(M * N);
        bench.run("gemm", ta, tb, M, N, K, a.full, lda, b.full, ldb, want, N, d, N, bias);
        const c = bench.f32(M * N);
        bench.run("gemm_mixed", ta, tb, M, N, K, code[da], a.as, lda, code[db], b.as, ldb, c, N, d, N, bias);
        expect([...c]).toEqual([...want]);
      }
    });
  });

  test("infinities, NaN and what is too small for it pass through casts of whole rows as through those of one", () => {
    const bench = new Bench(1);
    const given = [Number.NaN, Infinity, -Infinity, -0, 1e-8, -3e-6, 70000, 65519, 65520, 1e-40, 3.4e38, 1 + 2 ** -9];
    const row = bench.f32(Array.from({ length: 67 }, (_, i) => given[i % given.length]!));
    const [all, one, back, single] = [bench.u16(67), bench.u16(67), bench.f32(67), bench.f32(67)];
    bench.run("cast", code.F32, code[half], 67, row, all);
    bench.run("cast", code[half], code.F32, 67, all, back);
    for (let i = 0; i < 67; i++) {
      bench.run("cast", code.F32, code[half], 1, row.subarray(i, i + 1), one.subarray(i, i + 1));
      bench.run("cast", code[half], code.F32, 1, one.subarray(i, i + 1), single.subarray(i, i + 1));
    }
    expect([...all]).toEqual([...one]);
    expect([...back]).toEqual([...single]);
  });
});
