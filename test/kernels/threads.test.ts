/** @file Many instances on one memory: constants survive, stacks are apart, two threads at once give what one gives. */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { encode } from "../../src/kernels/encode.ts";
import { createExecutor, findEngines, loadEngine } from "../../src/kernels/engine.ts";
import { draw, numbers } from "./harness.ts";

const engines = findEngines().flatMap(({ engine }) => engine ?? []);
const pages = 256;
const arena = () => new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });

test("a further instance leaves the module's constants as they are, and they end below what is reserved", () => {
  const engine = loadEngine("wasm");
  const memory = arena();
  const bottom = () => [...new Uint8Array(memory.buffer, 0, engine.reserved)];
  createExecutor(engine, memory, engine.reserved + engine.stack);
  const first = bottom();
  expect(first.some((byte) => byte !== 0)).toBe(true);
  const again = new WebAssembly.Instance(engine.image as WebAssembly.Module, {
    env: { memory, sluice_host: () => 0 },
  });
  expect(bottom()).toEqual(first);
  expect((again.exports.__heap_base as WebAssembly.Global).value).toBeLessThanOrEqual(engine.reserved);
});

/** What an executor thread does, without the actors around it. */
const thread = `
  const { workerData: w, parentPort } = require("node:worker_threads");
  const { createExecutor } = require("tsx/cjs/api").require(w.source, w.source);
  const executor = createExecutor(w.engine, w.memory, w.stackTop);
  const gate = new Int32Array(w.memory.buffer, w.gate, 1);
  Atomics.add(gate, 0, 1);
  Atomics.notify(gate, 0);
  for (let seen; (seen = Atomics.load(gate, 0)) < 2; ) Atomics.wait(gate, 0, seen); // both at once
  for (let i = 0; i < w.rounds; i++) executor.run(w.program, w.record, w.workspace);
  parentPort.postMessage(w.rounds);
`;
const source = fileURLToPath(new URL("../../src/kernels/engine.ts", import.meta.url));

test.each(engines)("two threads at once give the same bits as one: $name", async (engine) => {
  const memory = arena();
  let top = engine.reserved;
  const take = (bytes: number) => {
    const at = top;
    top += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const random = numbers(21);
  const [M, N, K] = [33, 70, 129];
  const a = take(4 * M * K);
  const b = take(4 * K * N);
  new Float32Array(memory.buffer, a, M * K).set(draw(random, M * K));
  new Float32Array(memory.buffer, b, K * N).set(draw(random, K * N));
  const gate = take(64);
  const record = take(64);
  const job = () => {
    const [c, e, sums, all] = [4 * M * N, 4 * M * N, 4 * N, 4 * M * N].map(take) as [number, number, number, number];
    const at = (offset: number) => ({ buffer: offset });
    const code = encode(
      [
        { kernel: "gemm", args: [0, 0, M, N, K, at(a), K, at(b), N, at(c), N, null, N, null] },
        { kernel: "unary", args: [1, M * N, at(c), at(e)] },
        { kernel: "reduce", args: [0, 1, M, N, 1, at(e), at(sums)] },
        { kernel: "all_reduce", args: [0, 0, 0, M * N, null, 2, at(c), at(e), at(all), at(e)] },
      ],
      { address: ({ buffer }) => ({ offset: buffer, stride: 0, index: -1, copies: 1 }), traffic: () => 0 },
    );
    const program = take(code.byteLength);
    new Float64Array(memory.buffer, program, code.length).set(code);
    const bits = () => [e, sums, all].map((p) => [...new Int32Array(memory.buffer, p, p === sums ? N : M * N)]);
    return { program, bits, workspace: take(1 << 20), stackTop: take(engine.stack) + engine.stack };
  };
  const alone = job();
  const executor = createExecutor(engine, memory, alone.stackTop);
  expect(executor.workspace(alone.program)).toBeLessThanOrEqual(1 << 20);
  executor.run(alone.program, record, alone.workspace);
  const pair = [job(), job()];
  const rounds = 200;
  const rounded = await Promise.all(
    pair.map(({ program, workspace, stackTop }) => {
      const workerData = { engine, source, memory, program, record, workspace, stackTop, gate, rounds };
      const worker = new Worker(thread, { eval: true, workerData });
      return new Promise<number>((done, fail) => {
        worker.once("message", done);
        worker.once("error", fail);
      });
    }),
  );
  expect(rounded).toEqual([rounds, rounds]);
  for (const { bits } of pair) expect(bits()).toEqual(alone.bits());
});
