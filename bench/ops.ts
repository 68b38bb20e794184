/**
 * @file `npm run bench:ops`: kernels alone, one thread, beside the same ops of PyTorch. A line is measured in turns: here, in
 * the peer, here again, so that a slow moment of the machine meets both; a turn is the best of some calls, a figure the
 * median of turns. Errors are the largest against the same op on the same numbers in float64, each system's own, over the
 * largest magnitude there is. Writes bench/ops.CPU.json, where lines that were not measured stay. `--only TEXT` takes the lines
 * that contain it, `--out FILE` another file to write.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { encode } from "../src/kernels/encode.ts";
import { createExecutor, loadEngine } from "../src/kernels/engine.ts";
import { circumstances, figuresFile, median } from "./machine.ts";
import { inDoubles, type OpLine, opLines } from "./op-lines.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    turns: { type: "string", default: "5" },
    out: { type: "string", default: figuresFile("ops") },
  },
});
const turns = Number(options.turns);
/** Milliseconds that a turn calls an op again and again. */
const turn = 60;

const pages = 8192;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const [programAt, recordAt, workspaceAt, dataAt] = [64, 1 << 16, 1 << 17, 1 << 24];
const executor = createExecutor(loadEngine("native"), memory, 0);
executor.largePages?.(dataAt, memory.buffer.byteLength - dataAt); // as sessions do

type Numbers = Float32Array | Float64Array | Int32Array;

/** Writes operands and program of a line; gives the operands. */
function lay(
  { buffers, ids = {}, positive = [], calls }: OpLine,
  Reals: typeof Float32Array | typeof Float64Array,
): Numbers[] {
  let [at, state] = [dataAt, 1];
  // As good as any for sums too, unlike a linear generator, whose every 1024th number is but a little larger (mulberry32).
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 8) / 2 ** 24; // as many bits as PyTorch's have
  };
  const arrays = buffers.map((count, buffer): Numbers => {
    const below = ids[buffer];
    const array = new (below === undefined ? Reals : Int32Array)(memory.buffer as never, at, count);
    const least = positive.includes(buffer) ? 0 : -1;
    for (let i = 0; i < count; i++)
      array[i] = below === undefined ? Math.fround(least + next() * (1 - least)) : 1 + Math.floor(next() * (below - 1));
    at += Math.ceil(array.byteLength / 64) * 64 + 64;
    return array;
  });
  const program = encode(calls, {
    address: ({ buffer }) => ({ offset: arrays[buffer]!.byteOffset, stride: 0, index: -1, copies: 1 }),
    traffic: () => 0,
  });
  new Float64Array(memory.buffer, programAt, program.length).set(program);
  return arrays;
}

/** The largest error of what a line writes against the same in doubles, over the largest magnitude; NaN where there are none. */
function errorOf(line: OpLine): number {
  const doubles = inDoubles(line);
  const single = lay(line, Float32Array);
  const before = single.map((array) => array.slice());
  executor.run(programAt, recordAt, workspaceAt);
  const got = single.map((array) => array.slice());
  let want: ReadonlyMap<number, Numbers> | undefined = line.reference?.(before);
  if (doubles) {
    want = new Map(lay(doubles, Float64Array).entries());
    executor.run(programAt, recordAt, workspaceAt);
  }
  if (!want) return Number.NaN;
  const errors = [...want].map(([buffer, other]) => {
    const array = got[buffer]!;
    if (array.every((x, i) => x === before[buffer]![i])) return 0; // an input
    let [worst, most] = [0, 0];
    for (let i = 0; i < other.length; i++) {
      const error = Math.abs(array[i]! - other[i]!);
      if (!(error <= worst)) worst = error; // NaN too
      most = Math.max(most, Math.abs(other[i]!));
    }
    return worst / (most || 1);
  });
  return Math.max(...errors);
}

/** The shortest of some calls, in ms. */
function ours(): number {
  let least = Number.POSITIVE_INFINITY;
  for (const end = performance.now() + turn; performance.now() < end; ) {
    const start = performance.now();
    executor.run(programAt, recordAt, workspaceAt);
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

const python = process.env.PYTHON ?? path("./peers/.venv/bin/python");
const peer = spawn(python, [path("./peers/ops.py")], { stdio: ["pipe", "pipe", "inherit"] });
const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
/** What the peer answers to a request: its version at first, then ms, or an error where no time is given. */
async function ask(request?: object): Promise<string> {
  if (request) peer.stdin.write(`${JSON.stringify(request)}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error("the peer ended");
  return value as string;
}

interface Figure {
  readonly name: string;
  /** Medians, in ms, and this over the other. */
  readonly sluice: number;
  readonly torch: number;
  readonly ratio: number;
  readonly error: number;
  readonly torchError: number;
}
const digits = (x: number) => Number(x.toPrecision(4));

const torch = await ask();
const figures: Figure[] = [];
for (const line of opLines.filter(({ name }) => name.includes(options.only))) {
  const error = errorOf(line);
  const torchError = Number(await ask({ kind: line.kind, sizes: line.sizes }));
  lay(line, Float32Array);
  const [own, other]: [number[], number[]] = [[], []];
  for (let i = 0; i < turns; i++) {
    own.push(ours());
    other.push(Number(await ask({ kind: line.kind, sizes: line.sizes, ms: turn })));
  }
  const [sluice, theirs] = [median(own), median(other)];
  const ratio = Number((theirs / sluice).toFixed(2));
  const errors = { error: Number(error.toPrecision(2)), torchError: Number(torchError.toPrecision(2)) };
  figures.push({ name: line.name, sluice: digits(sluice), torch: digits(theirs), ratio, ...errors });
  const times = `${sluice.toFixed(3).padStart(10)} ms${theirs.toFixed(3).padStart(10)} ms  × ${ratio}`;
  const both = `error ${error.toExponential(1)}, PyTorch's ${torchError.toExponential(1)}`;
  console.log(`${line.name.padEnd(74)}${times.padEnd(38)}${both}`);
}
peer.stdin.end();

const again = new Set(figures.map(({ name }) => name));
const { machine, ...circumstance } = circumstances();
const before = existsSync(options.out) ? (JSON.parse(readFileSync(options.out, "utf8")) as { ops: Figure[] }).ops : [];
const kept = new Map(before.filter(({ name }) => !again.has(name)).map((figure) => [figure.name, figure]));
for (const figure of figures) kept.set(figure.name, { ...figure, ...circumstance });
const ops = opLines.flatMap(({ name }) => kept.get(name) ?? []);
const command = "npm run bench:ops";
writeFileSync(options.out, `${JSON.stringify({ command, machine: { ...machine, torch }, ops }, null, 2)}\n`);
