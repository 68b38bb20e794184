/**
 * @file The kernels as native code, built by this machine's compiler and called through koffi: one foreign call a program.
 * The shared memory lies where it lies for good, also when it grows, so its address is asked for once. Nothing of the
 * library is shared between threads: each brings its own host with every call.
 */
import { createRequire } from "node:module";
import type { Host } from "../host.ts";
import type { EngineKind, Executor } from "../kind.ts";
import { guard } from "../result.ts";
import { absent, buildLibrary } from "./build.ts";
import { askForLargePages } from "./pages.ts";
import { selfTest } from "./self-test.ts";

type Koffi = typeof import("koffi");

interface Library {
  readonly koffi: Koffi;
  /** Name and signature of every kernel, in the order of opcodes. */
  readonly ops: () => string;
  readonly workspace: (base: bigint, program: number) => number;
  readonly run: (base: bigint, program: number, record: number, workspace: number, host: bigint) => number;
  /** A function for C that asks `current`. */
  readonly host: bigint;
}

const require = createRequire(import.meta.url);

/** This thread's, by file. */
const libraries = new Map<string, Library>();
/** Whose program this thread is running. */
let current: (text: number, at: Float64Array) => 0 | 1 = () => 0;

function open(file: string): Library {
  const known = libraries.get(file);
  if (known) return known;
  const koffi = require("koffi") as Koffi;
  const library = koffi.load(file);
  const host = koffi.pointer(koffi.proto("int (double text, intptr_t count, const double *at)"));
  const opened: Library = {
    koffi,
    ops: library.func("sluice_ops", "const char *", []),
    workspace: library.func("sluice_workspace", "double", ["void *", "double"]),
    run: library.func("sluice_run", "double", ["void *", "double", "double", "double", host]),
    host: koffi.register(
      (text: number, count: number, at: unknown) => current(text, Float64Array.from(koffi.decode(at, "double", count))),
      host,
    ),
  };
  libraries.set(file, opened);
  return opened;
}

function createNativeExecutor(file: string, memory: WebAssembly.Memory, host: Host): Executor {
  const library = open(file);
  const safe = guard(memory, host);
  const base = library.koffi.address(new Uint8Array(memory.buffer));
  return {
    run(program, record, workspace) {
      current = safe.host;
      safe.check(library.run(base, program, record, workspace, library.host), program);
    },
    workspace: (program) => safe.check(library.workspace(base, program), program),
    largePages: (offset, bytes) => askForLargePages(base + BigInt(offset), bytes),
  };
}

/** Throws what keeps the library from being used. */
function prove(file: string): void {
  selfTest(open(file).ops(), (memory) => createNativeExecutor(file, memory, () => {}));
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));

export const native: EngineKind = {
  load() {
    try {
      require("koffi");
    } catch (cause) {
      const hint = 'install it anew with its optional packages, or take the engine "wasm", which every machine has';
      throw absent(`koffi, which calls native code, cannot be loaded: ${message(cause)}`, hint, cause);
    }
    const built = buildLibrary();
    try {
      prove(built.file);
      return { image: built.file, about: built.about, reserved: 64, stack: 0 };
    } catch (cause) {
      const hint = `delete ${built.file}, name another compiler in CC, or take the engine "wasm"`;
      throw absent(`the library that was built fails its self-test: ${message(cause)}`, hint, cause);
    }
  },
  executor: (image, memory, _stackTop, host) => createNativeExecutor(image as string, memory, host),
};
