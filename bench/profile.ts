/**
 * @file `npm run bench:profile -- mlp|cnn|gpt --batch B`: where a whole step's time goes on one rank, by kernel. The calls
 * of the plan run alone, in their order, on its own addresses; a call's time is the least of some rounds, so what other
 * programs take of the machine is left out. `--calls N` lists the N slowest calls; `--precision` is that of `compile`.
 */
import { parseArgs } from "node:util";
import type { Precision } from "sluice";
import type { Call } from "../src/ir/program.ts";
import { encode } from "../src/kernels/encode.ts";
import { createExecutor, loadEngine } from "../src/kernels/engine.ts";
import { isModel, modelNames, models } from "./models.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: "string", default: "128" },
    rounds: { type: "string", default: "7" },
    calls: { type: "string", default: "0" },
    precision: { type: "string", default: "float32" },
  },
});
const [model] = positionals;
if (!isModel(model)) throw new Error(`name a model: ${modelNames.join(", ")}`);
const { plan } = models[model](1, Number(values.batch), values.precision as Precision);
const { buffers, memory, states, tasks } = plan.data;

const page = 1 << 16;
const [programAt, recordAt, workspaceAt, dataAt] = [64, 1 << 16, 1 << 17, 1 << 21];
const pages = Math.ceil((dataAt + memory[0]!.bytes) / page) + 1;
const shared = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const executor = createExecutor(loadEngine("native"), shared, 0);
executor.largePages?.(dataAt, shared.buffer.byteLength - dataAt); // as sessions do

/** Milliseconds that a call takes alone. */
function time(call: Call): number {
  const program = encode([call], {
    address: ({ buffer }) => ({ offset: dataAt + buffers[buffer]!.offset, stride: 0, index: -1, copies: 1 }),
    traffic: () => 0,
  });
  new Float64Array(shared.buffer, programAt, program.length).set(program);
  const start = performance.now();
  executor.run(programAt, recordAt, workspaceAt);
  return performance.now() - start;
}

for (const { classes } of states) classes[0]!.program.forEach(time);
const calls = tasks.flatMap(({ classes }) => classes[0]?.program ?? []);
const least = calls.map(() => Number.POSITIVE_INFINITY);
for (let round = 0; round < Number(values.rounds); round++)
  for (const [i, call] of calls.entries()) least[i] = Math.min(least[i]!, time(call));

const total = least.reduce((a, b) => a + b, 0);
const by = new Map<string, { count: number; ms: number }>();
for (const [i, { kernel }] of calls.entries()) {
  const row = by.get(kernel) ?? { count: 0, ms: 0 };
  by.set(kernel, { count: row.count + 1, ms: row.ms + least[i]! });
}
const compute = tasks.filter(({ kind }) => kind === "compute").length;
console.log(
  `${model}, batch ${values.batch}: ${total.toFixed(2)} ms in ${calls.length} calls of ${compute} compute tasks`,
);
for (const [kernel, { count, ms }] of [...by].sort(([, a], [, b]) => b.ms - a.ms))
  console.log(
    `${kernel.padEnd(24)}${String(count).padStart(5)}${ms.toFixed(3).padStart(12)} ms${((100 * ms) / total).toFixed(1).padStart(7)} %`,
  );
const slowest = [...least.entries()].sort(([, a], [, b]) => b - a).slice(0, Number(values.calls));
for (const [i, ms] of slowest)
  console.log(
    `${ms.toFixed(3).padStart(9)} ms  ${calls[i]!.kernel}(${calls[i]!.args.map((a) => (typeof a === "number" ? a : "·")).join(" ")})`,
  );
