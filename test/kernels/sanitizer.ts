/**
 * @file Under AddressSanitizer (`.ci/run` shows how): closes what no kernel may touch, which it cannot know by itself, for
 * all of it lies in one memory. A kernel that reads or writes there, if only by one byte, ends the process with a report.
 */
import { createRequire } from "node:module";

export interface Sanitizer {
  /** Nothing may touch these bytes of the memory. */
  close(from: number, to: number): void;
  open(from: number, to: number): void;
}

/** None where the process does not run under it. */
export function sanitizerOf(memory: WebAssembly.Memory): Sanitizer | undefined {
  if (!process.env.ASAN_OPTIONS) return undefined;
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const base = koffi.address(new Uint8Array(memory.buffer));
  const library = koffi.load(null);
  const mark = (name: string) => {
    const call = library.func(name, "void", ["void *", "size_t"]) as (at: bigint, bytes: number) => void;
    return (from: number, to: number) => call(base + BigInt(from), to - from);
  };
  return { close: mark("__asan_poison_memory_region"), open: mark("__asan_unpoison_memory_region") };
}
