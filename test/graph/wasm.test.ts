import { describe, expect, test } from "vitest";
import { arrayType, itemSize } from "../../src/ir/dtype.ts";
import { fromElements, toElements } from "../../src/ir/element.ts";
import type { Call } from "../../src/ir/program.ts";
import { encode } from "../../src/kernels/encode.ts";
import { createExecutor, loadEngine } from "../../src/kernels/engine.ts";
import { cases, sequence, shapesOf, values } from "./cases.ts";
import type { Buffer } from "./kernels.ts";
import { onWhole } from "./oracle.ts";

const pages = 256;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const engine = loadEngine();
const start = engine.reserved + engine.stack;
const executor = createExecutor(engine.image, memory, start);

/** Runs calls on the engine instead of the reference. */
function onEngine(calls: readonly Call[], buffers: readonly Buffer[]): void {
  let end = start;
  const take = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const offsets = buffers.map(({ dtype, data }) => take(data.length * itemSize[dtype]));
  buffers.forEach(({ dtype, data }, i) => {
    new (arrayType(dtype))(memory.buffer, offsets[i]!, data.length).set(toElements(dtype, data) as never);
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

describe("every op gives on the engine what the reference gives", () => {
  test.each(cases.map((c) => [shapesOf(c), c] as const))("%s", (_, c) => {
    const ins = values(c, sequence(23)).map((v) => ({ ...v, data: v.data.map(Math.fround) }));
    const expected = onWhole(c.kind, ins, c.attrs);
    onWhole(c.kind, ins, c.attrs, onEngine).forEach(({ data }, i) => {
      expect(data.length).toBe(expected[i]!.data.length);
      data.forEach((x, at) => {
        const y = expected[i]!.data[at]!;
        if (x === y) return; // infinities too
        expect(Math.abs(x - y), `output ${i}[${at}]: ${x} against ${y}`).toBeLessThanOrEqual(
          1e-5 * Math.max(1, Math.abs(y)),
        );
      });
    });
  });
});
