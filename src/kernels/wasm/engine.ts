/**
 * @file The kernels as WebAssembly SIMD. All instances share one memory, and so the module's constants at its bottom; each
 * gets a stack pointer of its own, or their stacks would lie in one place.
 */
import { readFileSync } from "node:fs";
import { InternalError } from "../../ir/errors.ts";
import { kernels } from "../../ir/kernel-table.ts";
import type { Engine, Executor } from "../engine.ts";
import type { Host } from "../host.ts";

interface Exports {
  readonly sluice_run: (base: number, program: number, record: number, workspace: number) => number;
  readonly sluice_workspace: (base: number, program: number) => number;
  readonly __stack_pointer: WebAssembly.Global;
}

/** The module's constants and the stack that the linker put below them; both end well before this. */
const reserved = 1 << 18;

export function loadWasm(): Engine {
  const image = new WebAssembly.Module(readFileSync(new URL("./kern.wasm", import.meta.url)));
  return { name: "wasm", image, reserved, stack: 1 << 16 };
}

export function createWasmExecutor(
  image: WebAssembly.Module,
  memory: WebAssembly.Memory,
  stackTop: number,
  host: Host,
): Executor {
  let thrown: { readonly error: unknown } | undefined;
  /** Errors go round the kernels, not through them: native code could not be left by throwing either. */
  const sluice_host = (text: number, count: number, at: number): number => {
    try {
      host(text, new Float64Array(memory.buffer, at >>> 0, count));
      return 1;
    } catch (error) {
      thrown = { error };
      return 0;
    }
  };
  const exports = new WebAssembly.Instance(image, { env: { memory, sluice_host } }).exports as unknown as Exports;
  exports.__stack_pointer.value = stackTop;
  const checked = (result: number, program: number): number => {
    if (result >= 0) return result;
    if (thrown) {
      const { error } = thrown;
      thrown = undefined;
      throw error;
    }
    const call = -1 - result;
    const kernel = kernelName(new Float64Array(memory.buffer, program), call);
    throw new InternalError(`call ${call} (${kernel}) of the program at byte ${program} is malformed`);
  };
  return {
    run(program, record, workspace) {
      checked(exports.sluice_run(0, program, record, workspace), program);
    },
    workspace: (program) => checked(exports.sluice_workspace(0, program), program),
  };
}

/** What call number `call` of an encoded program runs. */
function kernelName(program: Float64Array, call: number): string {
  let at = 2 + 4 * program[0]!;
  for (let k = 0; k < call; k++) at += 2 + program[at + 1]!;
  const found = Object.entries(kernels).find(([, { opcode }]) => opcode === program[at]);
  return found?.[0] ?? `opcode ${program[at]}`;
}
