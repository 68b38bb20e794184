/**
 * @file How long a program may run before it is suspect: an upper bound of its work at the rates of a slow, crowded
 * machine, from the sizes of what it touches. A product of matrices of m·k, k·n and m·n elements takes m·k·n steps, the
 * root of the product of the three sizes; everything else a few steps an element.
 */
import { itemSize } from "../ir/dtype.ts";
import type { Buffer } from "../ir/plan.ts";
import type { Call } from "../ir/program.ts";

/** Nanoseconds an element, and a multiplication of a product. */
const [element, product] = [50, 1];

/** Milliseconds. */
export function patienceOf(program: readonly Call[], buffers: readonly Buffer[]): number {
  let ns = 0;
  for (const { args } of program) {
    const sizes = args
      .flatMap((arg) => {
        const buffer = typeof arg === "object" && arg !== null && "buffer" in arg ? buffers[arg.buffer] : undefined;
        return buffer ? [buffer.bytes / itemSize[buffer.dtype]] : [];
      })
      .sort((a, b) => b - a);
    ns += element * sizes.reduce((a, b) => a + b, 0);
    if (sizes.length > 2) ns += product * Math.sqrt(sizes[0]! * sizes[1]! * sizes[2]!);
  }
  return ns / 1e6;
}
