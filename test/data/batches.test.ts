import fc from "fast-check";
import { dataset } from "sluice/data";
import { describe, expect, expectTypeOf, it } from "vitest";
import { permutation } from "../../src/data/shuffle.ts";
import { array, type NdArray } from "../../src/ir/array.ts";
import { DataError } from "../../src/ir/errors.ts";

/** n images of two pixels [10 i, 10 i + 1] with label i. */
const numbered = (n: number) =>
  dataset(
    array(
      [n, 2],
      "float32",
      Float32Array.from({ length: 2 * n }, (_, i) => 10 * (i >> 1) + (i & 1)),
    ),
    array(
      [n],
      "int32",
      Int32Array.from({ length: n }, (_, i) => i),
    ),
  );
const labels = (batches: Iterable<{ readonly label: NdArray<[number], "int32"> }>) =>
  [...batches].map(({ label }) => [...label.data]);

describe("batches", () => {
  it("drops the last partial batch unless told otherwise", () => {
    const batches = numbered(7).batches(3);
    expect(batches.count).toBe(2);
    expect(labels(batches)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect([...batches].every((batch) => !("mask" in batch))).toBe(true);
  });

  it("pads it with zero images, label -1 and mask 0", () => {
    const batches = numbered(7).batches(3, { last: "pad" });
    expect(batches.count).toBe(3);
    const last = [...batches].at(-1)!;
    expect([...last.label.data]).toEqual([6, -1, -1]);
    expect([...last.mask.data]).toEqual([1, 0, 0]);
    expect([...last.image.data]).toEqual([60, 61, 0, 0, 0, 0]);
    expect([...[...batches][0]!.mask.data]).toEqual([1, 1, 1]);
  });

  it("pads nothing when the images fill the last batch", () => {
    const batches = [...numbered(6).batches(3, { last: "pad" })];
    expect(batches).toHaveLength(2);
    expect([...batches[1]!.mask.data]).toEqual([1, 1, 1]);
  });

  it("can be iterated again, into new arrays", () => {
    const batches = numbered(4).batches(2, { shuffle: { seed: 3, epoch: 0 } });
    const [first, again] = [[...batches], [...batches]];
    expect(again).toEqual(first);
    expect(again[0]!.image.data).not.toBe(first[0]!.image.data);
  });

  it("takes every image once an epoch, its pixels with its label, in an order of the epoch's own", () => {
    const set = numbered(50);
    const epoch = (n: number) => [...set.batches(8, { shuffle: { seed: 1, epoch: n }, last: "pad" })];
    for (const { image, label } of epoch(0))
      for (const [k, i] of label.data.entries()) if (i >= 0) expect(image.data[2 * k]).toBe(10 * i);
    const order = (n: number) => epoch(n).flatMap(({ label }) => [...label.data].filter((i) => i >= 0));
    expect(order(0).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(order(1)).not.toEqual(order(0));
  });

  it("says in its types whether there is a mask", () => {
    const set = numbered(4);
    expectTypeOf([...set.batches(2)][0]!.image.shape).toEqualTypeOf<[2, 2]>();
    expectTypeOf([...set.batches(2, { last: "pad" })][0]!.mask).toEqualTypeOf<NdArray<[2], "float32">>();
    // @ts-expect-error dropped batches have no mask
    expect([...set.batches(2)][0]!.mask).toBeUndefined();
  });

  it.each([
    ["SL6020", () => numbered(4).batches(0), "a batch cannot hold 0 images"],
    ["SL6020", () => numbered(4).batches(2.5), "a batch cannot hold 2.5 images"],
    ["SL6020", () => numbered(4).batches(5), 'at most 4, or { last: "pad" }'],
    ["SL6021", () => numbered(4).batches(2, { shuffle: { seed: -1, epoch: 0 } }), "shuffle.seed is -1"],
    ["SL6022", () => numbered(4).batches(2, { last: "keep" as "drop" }), 'choices: "drop", "pad"'],
    [
      "SL6015",
      () => dataset(array([1, 2], "float32", new Float32Array(2)), array([0], "int32", new Int32Array(0))),
      "1 images and 0",
    ],
  ])("answers %s: %s", (code, act, text) => {
    expect(act).toThrow(DataError);
    expect(act).toThrow(text);
    expect(act).toThrow(code);
  });
});

describe("the order of an epoch", () => {
  it("is a permutation, the same for the same seed and epoch", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.maxSafeNat(), fc.nat(1000), (n, seed, epoch) => {
        const order = permutation(n, seed, epoch);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        expect(permutation(n, seed, epoch)).toEqual(order);
      }),
    );
  });

  it("favours no place: over 6,000 seeds each of the 6 orders of 3 comes up about 1,000 times", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = permutation(3, seed, 0).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("is fixed for good: these are the first ten of 60,000 under seed 0", () => {
    expect([...permutation(60_000, 0, 0).subarray(0, 10)]).toMatchInlineSnapshot(`
      [
        28600,
        55422,
        41308,
        5456,
        13918,
        13204,
        44976,
        40326,
        3767,
        1017,
      ]
    `);
  });
});
