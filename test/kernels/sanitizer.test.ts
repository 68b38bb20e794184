/** @file Under AddressSanitizer a kernel that goes one byte past an operand is caught; elsewhere there is nothing to test. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const from = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
/** Clears so many floats of ten. */
const child = (count: number) => `
  const { createExecutor, loadEngine } = await import(${from("../../src/kernels/engine.ts")});
  const { encode } = await import(${from("../../src/kernels/encode.ts")});
  const { sanitizerOf } = await import(${from("./sanitizer.ts")});
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
  const [program, record, workspace, data] = [1 << 10, 1 << 12, 1 << 13, 1 << 14];
  const code = encode([{ kernel: "fill", args: [${count}, 1, { buffer: 0 }] }], {
    address: () => ({ offset: data, stride: 0, index: -1, copies: 1 }),
    traffic: () => 0,
  });
  new Float64Array(memory.buffer, program, code.length).set(code);
  sanitizerOf(memory).close(data + 40, memory.buffer.byteLength);
  createExecutor(loadEngine(), memory, 0).run(program, record, workspace);
`;
const run = (count: number) =>
  spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", child(count)], { encoding: "utf8" });

test.runIf(process.env.ASAN_OPTIONS)("what lies behind an operand is closed to kernels", () => {
  expect(run(10)).toMatchObject({ status: 0, stderr: "" });
  const { status, stderr } = run(11);
  expect(status).not.toBe(0);
  expect(stderr).toContain("use-after-poison");
});
