/**
 * @file What runs programs. An engine is a build of the kernels: WebAssembly now; native code and tensor libraries each get
 * a folder beside `wasm/` and a line here. The main thread loads it, every executor thread makes an executor of its image;
 * all of them work on one shared memory, which the caller lays out.
 */
import { createHost } from "./host.ts";
import { createWasmExecutor, loadWasm } from "./wasm/engine.ts";

export interface Engine {
  readonly name: string;
  /** Structured-clonable: it is sent to executor threads. */
  readonly image: unknown;
  /** Bytes at the start of the memory that belong to the engine. */
  readonly reserved: number;
  /** Bytes of stack that each thread needs. */
  readonly stack: number;
}

/** One thread's hands. Offsets are in bytes from the start of the memory. */
export interface Executor {
  /**
   * Runs the program at `program`; firing numbers are read at `record`. Throws InternalError naming the call that is
   * malformed, and SessionError SL4032 when the kernel of an op that a user has defined throws, or gives something back.
   */
  run(program: number, record: number, workspace: number): void;
  /** Bytes of workspace that the program needs. Throws as `run` does. */
  workspace(program: number): number;
}

/** The best engine that this machine has. */
export const loadEngine = (): Engine => loadWasm();

/** In an executor thread. `stackTop`: the end of the thread's own stack, on a multiple of 16. `host` runs users' kernels. */
export const createExecutor = (
  image: unknown,
  memory: WebAssembly.Memory,
  stackTop: number,
  host = createHost(memory),
): Executor => createWasmExecutor(image as WebAssembly.Module, memory, stackTop, host);
