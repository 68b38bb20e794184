/**
 * @file Whether a library does what the table of kernels says, before anything relies on it: the same kernels under the
 * same opcodes, and right results of a product, an exponential and a sum.
 */
import { InternalError } from "../../ir/errors.ts";
import { kernels } from "../../ir/kernel-table.ts";
import { encode, fixed } from "../encode.ts";
import type { Executor } from "../kind.ts";

const page = 65536;
const [rows, columns, inner] = [13, 37, 19];
/** Bytes at which the parts lie. */
const [program, record, a, b, c, exponents, sum] = [64, 8192, 8256, 12288, 16384, 24576, 32768];
const workspace = page;

/**
 * @param ops what the library says that its kernels are
 * @param make an executor on a memory
 * @throws InternalError what differs
 */
export function selfTest(ops: string, make: (memory: WebAssembly.Memory) => Executor): void {
  const table = Object.entries(kernels).map(([name, { signature }]) => `${name}:${signature}\n`);
  if (ops !== table.join("")) throw new InternalError("its kernels are not those of the table");
  const pages = 1 + Math.ceil(kernels.gemm.workspace / page);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const at = (buffer: number) => ({ buffer });
  const calls = [
    { kernel: "gemm", args: [0, 0, rows, columns, inner, at(a), inner, at(b), columns, at(c), columns, null, 0, null] },
    { kernel: "unary", args: [1, columns, at(b), at(exponents)] },
    { kernel: "reduce", args: [0, 1, columns, 1, 1, at(exponents), at(sum)] },
  ];
  const code = encode(calls, { address: ({ buffer }) => fixed(buffer), traffic: () => 0 });
  new Float64Array(memory.buffer, program, code.length).set(code);
  const floats = (offset: number, count: number) => new Float32Array(memory.buffer, offset, count);
  const left = floats(a, rows * inner).map((_, i) => (i % 7) - 3);
  const right = floats(b, inner * columns).map((_, i) => (i % 5) / 4 - 0.5);
  floats(a, left.length).set(left);
  floats(b, right.length).set(right);
  const executor = make(memory);
  if (executor.workspace(program) > pages * page - workspace) throw new InternalError("it wants another workspace");
  executor.run(program, record, workspace);
  floats(c, rows * columns).forEach((value, i) => {
    let exact = 0; // in quarters, so float32 is exact too
    for (let k = 0; k < inner; k++)
      exact += left[Math.floor(i / columns) * inner + k]! * right[k * columns + (i % columns)]!;
    if (value !== exact) throw new InternalError(`a product is ${value}, not ${exact}`);
  });
  const total = right.slice(0, columns).reduce((s, x) => s + Math.exp(x), 0);
  const got = floats(sum, 1)[0]!;
  if (!(Math.abs(got - total) < 1e-5 * total)) throw new InternalError(`a sum of exponentials is ${got}, not ${total}`);
}
