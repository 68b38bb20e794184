/** @file Where kernels go wrong in silence: NaN among logits, high addresses, missing arrays, lone columns, narrow rows. */
import { describe, expect, test } from "vitest";
import type { Operand } from "../../src/ir/program.ts";
import { encode } from "../../src/kernels/encode.ts";
import { createExecutor, loadEngine } from "../../src/kernels/engine.ts";
import { Bench, draw, numbers } from "./harness.ts";

describe("cross-entropy", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  test.each([
    { row: [1, nan, 2, 3, 4, 5], what: "a NaN that is not the label's" },
    { row: [nan, 1, 2], what: "a NaN at the label" },
    { row: [1, inf, 2], what: "an infinity" },
    { row: [-inf, -inf, -inf], what: "nothing finite" },
  ])("$what gives a loss and gradients that are NaN", ({ row }) => {
    const bench = new Bench();
    const x = bench.f32(row);
    const loss = bench.f32([7]);
    const dx = bench.f32(row.map(() => 7));
    bench.run("cross_entropy", 1, row.length, x, bench.i32([0]), loss);
    bench.run("cross_entropy_grad", 1, row.length, x, bench.i32([0]), bench.f32([1]), dx);
    expect(loss[0]).toBeNaN();
    expect(dx[0]).toBeNaN();
  });

  test("a class at minus infinity has no share", () => {
    const bench = new Bench();
    const x = bench.f32([-inf, 1, 2]);
    const loss = bench.f32(1);
    bench.run("cross_entropy", 1, 3, x, bench.i32([1]), loss);
    expect(loss[0]).toBeCloseTo(Math.log(1 + Math.E), 6);
  });
});

test("an element of a reduction has the same bits alone and among other columns", () => {
  const random = numbers(8);
  for (const mid of [1, 2, 5, 16, 17, 67, 300])
    for (const inner of [2, 3, 16, 21]) {
      const bench = new Bench(1);
      const x = bench.f32(draw(random, mid * inner));
      const all = bench.f32(inner);
      bench.run("reduce", 0, 1, mid, inner, 0.5, x, all);
      for (let column = 0; column < inner; column++) {
        const alone = bench.f32(Array.from({ length: mid }, (_, m) => x[m * inner + column]!));
        const y = bench.f32(1);
        bench.run("reduce", 0, 1, mid, 1, 0.5, alone, y);
        expect(y[0], `column ${column} of ${mid} × ${inner}`).toBe(all[column]);
      }
    }
});

describe("malformed calls run nothing", () => {
  const untouched = (run: (bench: Bench, y: Float32Array) => void) => {
    const bench = new Bench();
    const y = bench.f32([1, 2, 3, 4]);
    expect(() => run(bench, y)).toThrow(/internal: .*malformed|internal: .*kernel|kernel \w+: /s);
    expect([...y]).toEqual([1, 2, 3, 4]);
  };
  test("an array that a kernel cannot do without", () => {
    untouched((bench, y) => bench.run("affine", 4, 1, 0, null, y));
    untouched((bench, y) => bench.run("all_reduce", 0, 0, 0, 4, null, 2, y, y, y, null));
  });
  test("binary with a stride other than 0 and 1 in the last place", () =>
    untouched((bench, y) => bench.run("binary", 0, 1, 1, 1, 4, 0, 0, 0, 2, 0, 0, 0, 1, bench.f32(8), bench.f32(4), y)));
  test("an extent that is no integer", () => {
    untouched((bench, y) => bench.run("fill", Number.NaN, 0, y));
    untouched((bench, y) => bench.run("fill", 2.5, 0, y));
  });
  test("but a scalar may be infinite, in words too: plans are JSON", () => {
    const bench = new Bench();
    const y = bench.f32(2);
    const code = encode([{ kernel: "fill", args: [2, "-Infinity", { buffer: 0 }] }], {
      address: () => ({ offset: y.byteOffset, stride: 0, index: -1, copies: 1 }),
      traffic: () => 0,
    });
    expect(code[2 + 4 + 2 + 1]).toBe(Number.NEGATIVE_INFINITY);
  });
  test("the error names the kernel", () => {
    const bench = new Bench();
    expect(() => bench.run("unary", 77, 1, bench.f32(1), bench.f32(1))).toThrow(/call 0 \(unary\) of the program/);
  });
});

test.each([1, 3, 4, 5, 31])("copy_box and reduce_box over rows of %i", (width) => {
  const [rows, pitch] = [9, 40];
  const bench = new Bench(3);
  const x = bench.f32(draw(numbers(width), rows * pitch));
  const want = Array.from({ length: rows * width }, (_, i) => x[Math.floor(i / width) * pitch + (i % width)]);
  const [copied, folded] = [bench.f32(rows * width), bench.f32(rows * width)];
  const box = [1, 1, rows, width, 0, 0, pitch, 1, 0, 0, width, 1] as const;
  bench.run("copy_box", 4, ...box, x, 0, copied, 0, null);
  expect([...copied]).toEqual(want);
  bench.run("reduce_box", 1, 0, ...box, 0, 0, null, folded, x, x);
  expect([...folded]).toEqual(want);
});

test("addresses above 2 GiB, and the bytes counted there", () => {
  const engine = loadEngine();
  const pages = (2 ** 31 + 2 ** 24) / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const executor = createExecutor(engine, memory, engine.reserved + engine.stack);
  const high = 2 ** 31 + 2 ** 20; // program, record and arrays all lie above
  const [a, b, y, traffic] = [1, 2, 3, 4].map((k) => high + k * 2 ** 20) as [number, number, number, number];
  const at = (offset: number): Operand => ({ buffer: offset });
  const code = encode(
    [
      { kernel: "fill", args: [5, 1.5, at(a)] },
      { kernel: "fill", args: [5, 2, at(b)] },
      { kernel: "all_reduce", args: [0, 0, 0, 5, { traffic: 0 }, 2, at(a), at(b), at(y), at(b)] },
    ],
    {
      address: ({ buffer }) => ({ offset: buffer - 64, stride: 64, index: 0, copies: 2 }),
      traffic: () => traffic,
    },
  );
  new Float64Array(memory.buffer, high, code.length).set(code);
  new Int32Array(memory.buffer, high - 64, 1)[0] = 3; // slot 3 mod 2: where the address says
  const counters = new Float64Array(memory.buffer, traffic, 9);
  counters.set([2, 0, 0, b, 2 ** 32]);
  executor.run(high, high - 64, high + 2 ** 23);
  expect([...new Float32Array(memory.buffer, y, 5)]).toEqual([3.5, 3.5, 3.5, 3.5, 3.5]);
  expect([...counters.subarray(5)]).toEqual([0, 20, 0, 40]);
});
