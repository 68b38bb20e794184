/**
 * @file `npm run bench:kernels -- --against REVISION`: GFLOP/s of attention and convolution on one thread, of this tree and of
 * the C source at another revision of the same list of kernels. The two are interleaved, call by call, so that a slow
 * moment of the machine meets both; figures are medians. `--only TEXT` takes the lines that contain it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Operand } from "../src/ir/program.ts";
import { encode } from "../src/kernels/encode.ts";
import { createExecutor, type Executor, loadEngine } from "../src/kernels/engine.ts";
import { commonFlags, findCompiler, nativeFlags } from "../src/kernels/native/compiler.ts";

const { values: options } = parseArgs({
  options: {
    against: { type: "string" },
    rounds: { type: "string", default: "9" },
    only: { type: "string", default: "" },
  },
});

/** A call: sizes, then how many floats each operand has. */
interface Line {
  readonly name: string;
  readonly kernel: string;
  readonly sizes: readonly number[];
  readonly operands: readonly number[];
  readonly flops: number;
}

/** Causal, so about half of the scores count. */
function attentions(): Line[] {
  return [128, 256, 512, 1024].flatMap((T) =>
    [32, 64].flatMap((d): Line[] => {
      const heads = 8;
      const [sizes, rows] = [[heads, T, T, d, d, 1, 0, d ** -0.5], heads * T * d];
      const product = heads * T * (T + 1) * d;
      return [
        {
          name: `attention T=${T} d=${d}`,
          kernel: "attention",
          sizes,
          operands: [rows, rows, rows, rows],
          flops: 2 * product,
        },
        {
          name: `attention T=${T} d=${d} backward`,
          kernel: "attention_grad",
          sizes,
          operands: Array(7).fill(rows),
          flops: 5 * product,
        },
      ];
    }),
  );
}

/** Images, channels, size of the image, channels out, window, stride, padding. */
function convolutions(): Line[] {
  return [
    [2, 64, 56, 64, 3, 1, 1],
    [2, 128, 28, 128, 3, 1, 1],
    [2, 256, 14, 256, 3, 1, 1],
    [2, 512, 7, 512, 3, 1, 1],
    [2, 64, 56, 128, 3, 2, 1],
    [2, 256, 14, 512, 3, 2, 1],
    [2, 64, 56, 256, 1, 1, 0],
    [2, 256, 28, 512, 1, 2, 0],
    [2, 3, 224, 64, 7, 2, 3],
    [16, 1, 28, 32, 3, 1, 1],
    [16, 32, 14, 64, 3, 1, 1],
  ].flatMap((line) => {
    const [N, C, H, K, R, s, p] = line as [number, number, number, number, number, number, number];
    const O = Math.floor((H + 2 * p - R) / s) + 1;
    const sizes = [N, C, H, H, K, R, R, O, O, s, s, p, p];
    const [x, w, y] = [N * C * H * H, K * C * R * R, N * K * O * O];
    const name = `conv ${N}×${C}×${H}² → ${K}, ${R}×${R} s${s}`;
    const flops = 2 * w * N * O * O;
    return [
      { name, kernel: "conv2d", sizes, operands: [x, w, y], flops },
      { name: `${name}, image's gradient`, kernel: "conv2d_grad_x", sizes, operands: [w, y, x], flops },
      { name: `${name}, filters' gradient`, kernel: "conv2d_grad_w", sizes, operands: [x, y, w], flops },
    ];
  });
}

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

const memory = new WebAssembly.Memory({ initial: 4096, maximum: 4096, shared: true });
const [programAt, recordAt, workspaceAt, dataAt] = [64, 1 << 16, 1 << 17, 1 << 24];

/** Writes operands and program of a call. */
function lay({ kernel, sizes, operands }: Line): void {
  let [at, state] = [dataAt, 1];
  const places = operands.map((count) => {
    const array = new Float32Array(memory.buffer, at, count);
    for (let i = 0; i < count; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      array[i] = state / 2 ** 31 - 1;
    }
    const place = at;
    at += Math.ceil((count * 4) / 64) * 64 + 64;
    return place;
  });
  const args: Operand[] = [...sizes, ...places.map((_, buffer) => ({ buffer }))];
  const program = encode([{ kernel, args }], {
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
  console.log(`GFLOP/s, medians of ${options.rounds}, load ${loadavg()[0]!.toFixed(1)}`);
  for (const line of [...attentions(), ...convolutions()].filter(({ name }) => name.includes(options.only))) {
    lay(line);
    const rates = measure(executors, Number(options.rounds)).map((ms) => line.flops / ms / 1e6);
    const ratio = rates.length > 1 ? `  × ${(rates[1]! / rates[0]!).toFixed(1)}` : "";
    console.log(`${line.name.padEnd(52)}${rates.map((rate) => rate.toFixed(1).padStart(8)).join("")}${ratio}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
