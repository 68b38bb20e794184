import { describe, expect, it } from "vitest";
import { type Counter, type Key, philox, random, seedKey, streamOf } from "../../src/ir/philox.ts";

/** Rows "philox4x32 10" of tests/kat_vectors in Random123: counter, key, answer. */
const knownAnswers: readonly (readonly [Counter, Key, Counter])[] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

describe("Philox4x32-10", () => {
  it.each(knownAnswers)("gives Random123's known answer for counter %j and key %j", (counter, key, answer) => {
    expect(philox(counter, key)).toEqual(answer);
  });

  it("reads a stream as the lanes of its blocks, in order", () => {
    const next = random(2 ** 40 + 7, 99);
    const words = Array.from({ length: 9 }, next);
    const block = (n: number) => philox([n, 0, 99, 0], [7, 2 ** 8]);
    expect(words).toEqual([...block(0), ...block(1), block(2)[0]]);
  });

  it("keeps streams and seeds apart", () => {
    const first = (seed: number, stream: number) => random(seed, stream)();
    expect(new Set([first(0, 0), first(0, 1), first(1, 0), first(2 ** 32, 0)]).size).toBe(4);
  });

  it("cuts a seed into its lower and upper word", () => {
    expect(seedKey(2 ** 53 - 1)).toEqual([0xffffffff, 0x1fffff]);
  });

  it("hashes names by FNV-1a", () => {
    expect(streamOf("")).toBe(0x811c9dc5);
    expect(streamOf("a")).toBe(0xe40c292c);
    expect(streamOf("foobar")).toBe(0xbf9cf968);
  });
});
