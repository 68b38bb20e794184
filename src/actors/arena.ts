/**
 * @file One shared memory a session, that wasm and every thread see: the engine's own bytes at the bottom, then what is
 * taken from it piece by piece, on 64-byte lines. It grows when a further plan is loaded; nothing is ever given back.
 */
import { arrayType, type DType, type TypedArrays } from "../ir/dtype.ts";
import { PlanError } from "../ir/errors.ts";

const line = 64;
const page = 65536;
/** What 32-bit addresses of wasm reach. */
const limitBytes = 2 ** 32;

/** What somebody took. */
export interface Piece {
  readonly what: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** Bytes taken so far. */
  readonly used: number;
  /** All that was taken, in order. */
  readonly pieces: readonly Piece[];
  /**
   * Offset of `bytes` fresh bytes, all 0, on a line.
   *
   * @param what what they are for, in an error: "the region of rank 3"
   * @throws PlanError SL4021 when 4 GiB do not suffice
   */
  take(bytes: number, what: string): number;
  /** The elements at a byte offset; valid for good, for memory never moves. */
  view<D extends DType>(dtype: D, offset: number, elements: number): TypedArrays[D];
  words(offset: number, count: number): Int32Array;
  doubles(offset: number, count: number): Float64Array;
}

/** @param reserved bytes at the bottom that belong to the engine */
export function createArena(reserved: number): Arena {
  const wholePages = (bytes: number) => Math.ceil(bytes / page);
  const memory = new WebAssembly.Memory({ initial: wholePages(reserved), maximum: limitBytes / page, shared: true });
  let used = Math.ceil(reserved / line) * line;
  const pieces: Piece[] = [];

  function grow(bytes: number, what: string): void {
    const missing = wholePages(bytes) - memory.buffer.byteLength / page;
    if (missing <= 0) return;
    try {
      memory.grow(missing);
    } catch (cause) {
      throw new PlanError("SL4021", `the machine gives no more memory: ${mebibytes(bytes)} in all are needed`, {
        subject: what,
        hint: "use a smaller batch, or fewer ranks in this process",
        cause,
      });
    }
  }

  return {
    memory,
    get used() {
      return used;
    },
    pieces,
    take(bytes, what) {
      const at = used;
      const end = at + Math.ceil(bytes / line) * line;
      if (end > limitBytes)
        throw new PlanError(
          "SL4021",
          `it takes ${mebibytes(bytes)}, ${mebibytes(at)} are taken, and a process has ${mebibytes(limitBytes)}`,
          { subject: what, hint: "use a smaller batch, split the parameters over more ranks, or lower `slots`" },
        );
      grow(end, what);
      used = end;
      pieces.push({ what, offset: at, bytes });
      return at;
    },
    view<D extends DType>(dtype: D, offset: number, elements: number): TypedArrays[D] {
      return new (arrayType(dtype))(memory.buffer, offset, elements);
    },
    words: (offset, count) => new Int32Array(memory.buffer, offset, count),
    doubles: (offset, count) => new Float64Array(memory.buffer, offset, count),
  };
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
