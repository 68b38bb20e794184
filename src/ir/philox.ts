/**
 * @file Philox4x32-10, the counter-based random generator: block n of a stream is a pure function of (seed, stream, n).
 * Nothing is carried along, so any rank can compute any element alone and every layout gets the same bits.
 *
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11; constants and known
 * answers from the Random123 distribution. Layout of counter and key: see `random`.
 */

type Word = number;
export type Counter = readonly [Word, Word, Word, Word];
export type Key = readonly [Word, Word];

const rounds = 10;
const multipliers = [0xd2511f53, 0xcd9e8d57] as const;
/** The golden ratio and √3 − 1: what the key grows by each round. */
const weyl = [0x9e3779b9, 0xbb67ae85] as const;

/** The upper 32 bits of a 32 × 32 bit product; `Math.imul` gives the lower ones. */
function multiplyHigh(a: Word, b: Word): Word {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const cross = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middle = aLow * bHigh + (cross & 0xffff);
  return aHigh * bHigh + Math.floor(cross / 0x10000) + Math.floor(middle / 0x10000);
}

/** One block: four 32-bit words for a counter under a key. */
export function philox(counter: Counter, key: Key): Counter {
  let [a, b, c, d] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < rounds; round++) {
    const high0 = multiplyHigh(multipliers[0], a);
    const high1 = multiplyHigh(multipliers[1], c);
    const low0 = Math.imul(multipliers[0], a);
    const low1 = Math.imul(multipliers[1], c);
    [a, b, c, d] = [(high1 ^ b ^ k0) >>> 0, low1 >>> 0, (high0 ^ d ^ k1) >>> 0, low0 >>> 0];
    k0 = (k0 + weyl[0]) >>> 0;
    k1 = (k1 + weyl[1]) >>> 0;
  }
  return [a, b, c, d];
}

/** The key of a seed: its lower and its upper 32 bits. Seeds are integers from 0 to 2^53 − 1. */
export const seedKey = (seed: number): Key => [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];

/** A stream's number from its name: 32-bit FNV-1a over the UTF-16 units. */
export function streamOf(name: string): Word {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * The words of one stream in order: word e is lane e mod 4 of the block with counter (e div 4 low, e div 4 high,
 * stream, 0). The `philox` kernel reads the same sequence at any e.
 */
export function random(seed: number, stream: Word): () => Word {
  const key = seedKey(seed);
  let block: Counter = [0, 0, 0, 0];
  let at = 0;
  return () => {
    const lane = at % 4;
    if (lane === 0) {
      const n = at / 4;
      block = philox([n >>> 0, Math.floor(n / 2 ** 32) >>> 0, stream >>> 0, 0], key);
    }
    at++;
    return block[lane]!;
  };
}
