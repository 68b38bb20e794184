/** @file What an engine is: how it is loaded, and what a thread has of it. */
import type { Host } from "./host.ts";

/** A build of the kernels for this machine. */
export interface Build {
  readonly image: unknown;
  /** What it was made of, for people. */
  readonly about: string;
  /** Bytes at the start of the memory that belong to the engine. */
  readonly reserved: number;
  /** Bytes of stack in the memory that each thread needs. */
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
  /** Asks the system for large pages where nobody has yet written. A hint, which not every engine can give. */
  largePages?(offset: number, bytes: number): void;
}

/** A row of the table of engines. */
export interface EngineKind {
  /** Throws SessionError SL4036 where the machine cannot have it, with the reason in the first line. */
  load(): Build;
  executor(image: unknown, memory: WebAssembly.Memory, stackTop: number, host: Host): Executor;
}
