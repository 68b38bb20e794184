/** @file Runs kernel calls on the wasm engine, in the dtype of each buffer. */
import { arrayType, type DType, isInteger, itemSize } from "../../src/ir/dtype.ts";
import { fromElements, toElements } from "../../src/ir/element.ts";
import type { Call } from "../../src/ir/program.ts";
import { encode } from "../../src/kernels/encode.ts";
import { createExecutor, loadEngine } from "../../src/kernels/engine.ts";
import type { Buffer } from "../graph/kernels.ts";

const pages = 512;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const engine = loadEngine();
const start = engine.reserved + engine.stack;
const executor = createExecutor(engine.image, memory, start);

/** What integers hold before a kernel has written them, where floats hold NaN. */
const poison = -77;
const elements = (dtype: DType, data: Float64Array) =>
  toElements(dtype, isInteger(dtype) ? data.map((x) => (Number.isNaN(x) ? poison : x)) : data);

/** Runs the calls on buffers in the engine's memory and writes their contents back. */
export function onEngine(calls: readonly Call[], buffers: readonly Buffer[]): void {
  let end = start;
  const take = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    if (end > memory.buffer.byteLength) throw new Error(`${end} bytes are more than the engine has here`);
    return at;
  };
  const offsets = buffers.map(({ dtype, data }) => take(data.length * itemSize[dtype]));
  buffers.forEach(({ dtype, data }, i) => {
    new (arrayType(dtype))(memory.buffer, offsets[i]!, data.length).set(elements(dtype, data) as never);
  });
  const program = encode(calls, {
    address: ({ buffer }) => ({ offset: offsets[buffer]!, stride: 0, index: -1, copies: 1 }),
    traffic: () => 0,
  });
  const at = take(program.byteLength);
  new Float64Array(memory.buffer, at, program.length).set(program);
  const record = take(64);
  executor.run(at, record, take(executor.workspace(at)));
  buffers.forEach(({ dtype, data }, i) => {
    data.set(fromElements(dtype, new (arrayType(dtype))(memory.buffer, offsets[i]!, data.length)));
  });
}
