/**
 * @file `npm run bench:kernels -- --against REVISION`: GFLOP/s or GB/s of kernels on one thread, of this tree and of the C
 * source at another revision of the same list of kernels. The two are interleaved, call by call, so that a slow
 * moment of the machine meets both; figures are medians. `--only TEXT` takes the lines that contain it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Operand } from "../src/ir/program.ts";
import { encode } from "../src/kernels/encode.ts";
import { createExecutor, loadEngine } from "../src/kernels/engine.ts";
import type { Executor } from "../src/kernels/kind.ts";
import { commonFlags, findCompiler, nativeFlags } from "../src/kernels/native/compiler.ts";
import { type Line, lines } from "./kernel-lines.ts";

const { values: options } = parseArgs({
  options: {
    against: { type: "string" },
    rounds: { type: "string", default: "9" },
    only: { type: "string", default: "" },
  },
});

/** The library that the C source at a revision gives. */
function build(revision: string, folder: string): string {
  const git = (...args: string[]) => execFileSync("git", args, { maxBuffer: 1 << 28 });
  const source = "src/kernels/c";
  mkdirSync(join(folder, "c"));
  for (const name of git("ls-tree", "--name-only", `${revision}:${source}`).toString().trim().split("\n"))
    writeFileSync(join(folder, "c", name), git("show", `${revision}:${source}/${name}`));
  const compiler = findCompiler();
  if (!compiler) throw new Error("there is no C compiler");
  const file = join(folder, "kernels.so");
  execFileSync(compiler.path, [...commonFlags, ...nativeFlags, "-w", join(folder, "c", "kern.c"), "-o", file]);
  return file;
}

const memory = new WebAssembly.Memory({ initial: 8192, maximum: 8192, shared: true });
const [programAt, recordAt, workspaceAt, dataAt] = [64, 1 << 16, 1 << 17, 1 << 24];

/** Writes operands and program of a call. */
function lay({ kernel, args }: Line): void {
  let [at, state] = [dataAt, 1];
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const places: number[] = [];
  const operands = args.map((arg): Operand => {
    if (typeof arg === "number") return arg;
    const { data } = arg;
    const count = typeof data === "number" ? data : data.whole;
    if (typeof data === "number") {
      const array = new Float32Array(memory.buffer, at, count);
      for (let i = 0; i < count; i++) array[i] = 2 * next() - 1;
    } else {
      const array = new Int32Array(memory.buffer, at, count);
      for (let i = 0; i < count; i++) array[i] = Math.floor(next() * data.below);
    }
    places.push(at);
    at += Math.ceil((count * 4) / 64) * 64 + 64;
    return { buffer: places.length - 1 };
  });
  const program = encode([{ kernel, args: operands }], {
    address: ({ buffer }) => ({ offset: places[buffer]!, stride: 0, index: -1, copies: 1 }),
    traffic: () => 0,
  });
  new Float64Array(memory.buffer, programAt, program.length).set(program);
}

const median = (xs: readonly number[]) => [...xs].sort((a, b) => a - b)[xs.length >> 1] ?? Number.NaN;

/** Milliseconds of a call of each executor. */
function measure(executors: readonly Executor[], rounds: number): number[] {
  const times = executors.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++)
    for (const [i, executor] of executors.entries()) {
      const start = performance.now();
      executor.run(programAt, recordAt, workspaceAt);
      if (round >= 0) times[i]!.push(performance.now() - start);
    }
  return times.map(median);
}

const folder = mkdtempSync(join(tmpdir(), "sluice-kernels-"));
try {
  const engine = loadEngine("native");
  const images = [...(options.against ? [{ ...engine, image: build(options.against, folder) }] : []), engine];
  const executors = images.map((image) => createExecutor(image, memory, 0));
  console.log(`GFLOP/s, or GB/s where marked; medians of ${options.rounds}, load ${loadavg()[0]!.toFixed(1)}`);
  for (const line of lines().filter(({ name }) => name.includes(options.only))) {
    lay(line);
    const rates = measure(executors, Number(options.rounds)).map((ms) => (line.flops ?? line.bytes ?? 0) / ms / 1e6);
    const ratio = rates.length > 1 ? `  × ${(rates[1]! / rates[0]!).toFixed(1)}` : "";
    console.log(
      `${line.name.padEnd(52)}${rates.map((rate) => rate.toFixed(1).padStart(8)).join("")}${line.bytes ? " GB/s" : "     "}${ratio}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
