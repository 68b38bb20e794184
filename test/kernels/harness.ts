/** @file Runs single kernel calls on arrays with sentinels around them, the way an executor runs a program. */
import { expect } from "vitest";
import type { Call, Operand } from "../../src/ir/program.ts";
import { encode } from "../../src/kernels/encode.ts";
import { createExecutor, loadEngine } from "../../src/kernels/engine.ts";
import { sanitizerOf } from "./sanitizer.ts";

const engine = loadEngine();
const pages = 1024;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const executor = createExecutor(engine, memory, engine.reserved + engine.stack);
const programAt = engine.reserved + engine.stack;
const recordAt = programAt + (1 << 16);
const workspaceAt = recordAt + 64;
const workspaceBytes = 1 << 22;
const dataAt = workspaceAt + workspaceBytes + 64;
const sentinel = 0x5a5a5a5a;
const sanitizer = sanitizerOf(memory);

type Kind = "f32" | "i32" | "u8" | "u16" | "f64" | "i64";
const make = {
  f32: (at: number, n: number) => new Float32Array(memory.buffer, at, n),
  i32: (at: number, n: number) => new Int32Array(memory.buffer, at, n),
  u8: (at: number, n: number) => new Uint8Array(memory.buffer, at, n),
  u16: (at: number, n: number) => new Uint16Array(memory.buffer, at, n),
  i64: (at: number, n: number) => new BigInt64Array(memory.buffer, at, n),
  f64: (at: number, n: number) => new Float64Array(memory.buffer, at, n),
};
const sizes = { f32: 4, i32: 4, u8: 1, u16: 2, f64: 8, i64: 8 };

/** One arena for a test: arrays at known offsets, 16 guard bytes and more after each. */
export class Bench {
  #top = dataAt;
  readonly #guards: [from: number, to: number][] = [];
  readonly #skew: number;

  /** `skew`: floats by which every array is off a 64-byte line. */
  constructor(skew = 0) {
    this.#skew = skew;
    sanitizer?.close(dataAt, memory.buffer.byteLength);
  }

  #take(kind: Kind, count: number): number {
    const aligned = Math.ceil(this.#top / 64) * 64 + (sizes[kind] === 8 ? 0 : this.#skew * 4);
    const end = Math.ceil((aligned + count * sizes[kind]) / 4) * 4;
    sanitizer?.open(aligned, end + 64);
    new Uint8Array(memory.buffer, aligned + count * sizes[kind], end - aligned - count * sizes[kind]).fill(0x5a);
    new Int32Array(memory.buffer, end, 16).fill(sentinel);
    sanitizer?.close(aligned + count * sizes[kind], end + 64);
    this.#guards.push([end, end + 64]);
    this.#top = end + 64;
    if (this.#top > memory.buffer.byteLength) throw new Error("the bench is full");
    return aligned;
  }

  f32(data: ArrayLike<number> | number): Float32Array {
    const count = typeof data === "number" ? data : data.length;
    const array = make.f32(this.#take("f32", count), count);
    if (typeof data === "number") array.fill(Number.NaN);
    else array.set(data);
    return array;
  }
  i32(data: ArrayLike<number> | number): Int32Array {
    const count = typeof data === "number" ? data : data.length;
    const array = make.i32(this.#take("i32", count), count);
    if (typeof data !== "number") array.set(data);
    return array;
  }
  u8(data: ArrayLike<number> | number): Uint8Array {
    const count = typeof data === "number" ? data : data.length;
    const array = make.u8(this.#take("u8", count), count);
    if (typeof data !== "number") array.set(data);
    return array;
  }
  u16(data: ArrayLike<number> | number): Uint16Array {
    const count = typeof data === "number" ? data : data.length;
    const array = make.u16(this.#take("u16", count), count);
    if (typeof data !== "number") array.set(data);
    return array;
  }
  f64(data: ArrayLike<number> | number): Float64Array {
    const count = typeof data === "number" ? data : data.length;
    const array = make.f64(this.#take("f64", count), count);
    if (typeof data === "number") array.fill(Number.NaN);
    else array.set(data);
    return array;
  }
  i64(data: ArrayLike<bigint> | number): BigInt64Array {
    const count = typeof data === "number" ? data : data.length;
    const array = make.i64(this.#take("i64", count), count);
    if (typeof data !== "number") array.set(data);
    return array;
  }

  /** Runs one call; arrays stand for their addresses, null for none. */
  run(kernel: string, ...args: (number | null | ArrayBufferView)[]): void {
    this.program([[kernel, ...args]]);
  }

  program(calls: readonly (readonly [string, ...(number | null | ArrayBufferView)[]])[]): void {
    const places: number[] = [];
    const operand = (arg: number | null | ArrayBufferView): Operand => {
      if (arg === null || typeof arg === "number") return arg;
      places.push(arg.byteOffset);
      return { buffer: places.length - 1 };
    };
    const list = calls.map(([kernel, ...args]): Call => ({ kernel, args: args.map(operand) }));
    const code = encode(list, {
      address: ({ buffer }) => ({ offset: places[buffer]!, stride: 0, index: -1, copies: 1 }),
      traffic: () => 0,
    });
    make.f64(programAt, code.length).set(code);
    const needed = executor.workspace(programAt);
    expect(needed).toBeLessThanOrEqual(workspaceBytes);
    sanitizer?.open(workspaceAt, workspaceAt + needed);
    sanitizer?.close(workspaceAt + needed, workspaceAt + workspaceBytes);
    const guard = make.i32(workspaceAt + workspaceBytes, 16).fill(sentinel);
    executor.run(programAt, recordAt, workspaceAt);
    expect(
      guard.every((word) => word === sentinel),
      "wrote past the workspace",
    ).toBe(true);
    for (const [from, to] of this.#guards)
      expect(
        make.i32(from, (to - from) / 4).every((word) => word === sentinel),
        "wrote past an array",
      ).toBe(true);
  }
}

/** A fixed sequence in [−1, 1). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
export const draw = (random: () => number, n: number, scale = 1) =>
  Float32Array.from({ length: n }, () => random() * scale);

/** Largest error relative to the largest magnitude, or to 1. */
export function near(got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 2e-6): void {
  expect(got.length).toBe(want.length);
  let worst = 0;
  let largest = 1;
  for (let i = 0; i < got.length; i++) {
    worst = Math.max(worst, Math.abs(got[i]! - want[i]!));
    if (Number.isNaN(got[i]!)) worst = Number.POSITIVE_INFINITY;
    largest = Math.max(largest, Math.abs(want[i]!));
  }
  expect(worst / largest).toBeLessThan(tolerance);
}
