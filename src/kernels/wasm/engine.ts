/**
 * @file The kernels as WebAssembly SIMD. All instances share one memory, and so the module's constants at its bottom; each
 * gets a stack pointer of its own, or their stacks would lie in one place.
 */
import { readFileSync } from "node:fs";
import type { EngineKind } from "../kind.ts";
import { guard } from "../result.ts";

interface Exports {
  readonly sluice_run: (base: number, program: number, record: number, workspace: number, host: number) => number;
  readonly sluice_workspace: (base: number, program: number) => number;
  readonly __stack_pointer: WebAssembly.Global;
}

/** The module's constants and the stack that the linker put below them; both end well before this. */
const reserved = 1 << 18;

export const wasm: EngineKind = {
  load() {
    const image = new WebAssembly.Module(readFileSync(new URL("./kern.wasm", import.meta.url)));
    return { image, about: "WebAssembly SIMD", reserved, stack: 1 << 16 };
  },
  executor(image, memory, stackTop, host) {
    const safe = guard(memory, host);
    const sluice_host = (text: number, count: number, at: number): number =>
      safe.host(text, new Float64Array(memory.buffer, at >>> 0, count));
    const instance = new WebAssembly.Instance(image as WebAssembly.Module, { env: { memory, sluice_host } });
    const exports = instance.exports as unknown as Exports;
    exports.__stack_pointer.value = stackTop;
    return {
      run(program, record, workspace) {
        safe.check(exports.sluice_run(0, program, record, workspace, 0), program);
      },
      workspace: (program) => safe.check(exports.sluice_workspace(0, program), program),
    };
  },
};
