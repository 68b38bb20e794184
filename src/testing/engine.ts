/** @file Kernel calls on the real engine, in this thread: the operands are laid into a memory of its own and read back. */
import { arrayType, type DType, isInteger, itemSize } from "../ir/dtype.ts";
import { fromElements, toElements } from "../ir/element.ts";
import { encode, fixed } from "../kernels/encode.ts";
import { createExecutor, loadEngine } from "../kernels/engine.ts";
import { createHost, hostText } from "../kernels/host.ts";
import type { Executor } from "../kernels/kind.ts";
import type { Run } from "./apply.ts";

const page = 65536;
const line = 64;
const mostPages = 65536;

interface Bench {
  readonly memory: WebAssembly.Memory;
  readonly executor: Executor;
  /** Texts stay for good, for executors know them by address; all else lies behind them for one run. */
  readonly texts: Map<string, number>;
  floor: number;
}

let bench: Bench | undefined;

function createBench(): Bench {
  const engine = loadEngine();
  const floor = engine.reserved + engine.stack;
  const pages = Math.ceil(floor / page);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: mostPages, shared: true });
  return {
    memory,
    executor: createExecutor(engine, memory, floor, createHost(memory, true)),
    texts: new Map(),
    floor,
  };
}

/** What integers hold before a kernel has written them, where floats hold NaN. */
const poison = -77;
const elements = (dtype: DType, data: Float64Array) =>
  toElements(dtype, isInteger(dtype) ? data.map((x) => (Number.isNaN(x) ? poison : x)) : data);

/** Runs the calls on the engine. Numbers are rounded to their dtype on the way in. */
export const onEngine: Run = (calls, buffers) => {
  bench ??= createBench();
  const { memory, executor, texts } = bench;
  let end = bench.floor;
  const take = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / line) * line;
    const missing = Math.ceil((end - memory.buffer.byteLength) / page);
    if (missing > 0) memory.grow(missing);
    return at;
  };
  for (const { args } of calls)
    for (const arg of args) {
      if (typeof arg !== "object" || arg === null || !("text" in arg) || texts.has(arg.text)) continue;
      const bytes = hostText(arg.text);
      const at = take(bytes.length);
      new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
      texts.set(arg.text, at);
      bench.floor = end;
    }
  const offsets = buffers.map(({ dtype, data }) => take(data.length * itemSize[dtype]));
  buffers.forEach(({ dtype, data }, i) => {
    new (arrayType(dtype))(memory.buffer, offsets[i]!, data.length).set(elements(dtype, data) as never);
  });
  const program = encode(calls, {
    address: ({ buffer }) => fixed(offsets[buffer]!),
    traffic: () => 0,
    text: (text) => texts.get(text)!,
  });
  const at = take(program.byteLength);
  const record = take(line);
  new Float64Array(memory.buffer, at, program.length).set(program);
  new Int32Array(memory.buffer, record, line / 4).fill(0);
  executor.run(at, record, take(executor.workspace(at)));
  buffers.forEach(({ dtype, data }, i) => {
    data.set(fromElements(dtype, new (arrayType(dtype))(memory.buffer, offsets[i]!, data.length)));
  });
};
