/** @file What the kernels' entry points give back, whatever engine they are on: a count, or which call is malformed. */
import { InternalError } from "../ir/errors.ts";
import { kernels } from "../ir/kernel-table.ts";
import type { Host } from "./host.ts";

/**
 * A host that never throws, for errors go round the kernels, not through them: it gives 0 instead, the kernels stop, and
 * `check` throws what the host threw. `at` holds where the operands lie.
 */
export function guard(memory: WebAssembly.Memory, host: Host) {
  let thrown: { readonly error: unknown } | undefined;
  return {
    host(text: number, at: Float64Array): 0 | 1 {
      try {
        host(text, at);
        return 1;
      } catch (error) {
        thrown = { error };
        return 0;
      }
    },
    /** The result of a run of the program at that byte, unless it says that the run has failed. */
    check(result: number, program: number): number {
      if (result >= 0) return result;
      if (thrown) {
        const { error } = thrown;
        thrown = undefined;
        throw error;
      }
      const call = -1 - result;
      const kernel = kernelName(new Float64Array(memory.buffer, program), call);
      throw new InternalError(`call ${call} (${kernel}) of the program at byte ${program} is malformed`);
    },
  };
}

/** What call number `call` of an encoded program runs. */
function kernelName(program: Float64Array, call: number): string {
  let at = 2 + 4 * program[0]!;
  for (let k = 0; k < call; k++) at += 2 + program[at + 1]!;
  const found = Object.entries(kernels).find(([, { opcode }]) => opcode === program[at]);
  return found?.[0] ?? `opcode ${program[at]}`;
}
