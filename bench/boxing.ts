/**
 * @file `npm run bench:boxing`: how long boxing takes to plan on a 2 × 2 × 2 mesh, for pairs of all its layouts over three
 * dims, P(sum), P(max) and P(min), splits of one dim by several axes in any order included. Cold is CPU time, the
 * compiler's and the garbage collector's included, with a model that nothing is remembered of; plans of more than 5 ms are
 * timed nine times more and the least counts, as one of many may meet a collection of garbage or a busy machine. Writes `bench/boxing.json`.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { type Layout, P, S } from "../src/ir/layout.ts";
import { planBoxing } from "../src/sbp/boxing.ts";
import { hierarchical, type Model, sharedMemory } from "../src/sbp/link.ts";
import { placesOf } from "../src/sbp/placed.ts";

const { values: options } = parseArgs({ options: { every: { type: "string", default: "23" } } });
const every = Number(options.every);

const axes = ["a", "b", "c"].map((name) => ({ name, size: 2 }));
const placement = { device: "cpu", axes, ranks: [0, 1, 2, 3, 4, 5, 6, 7] };
const shape = [32, 48, 20];
let ids = 0;
const sbps = [S(0), S(1), S(2), P("sum"), P("max"), P("min")];
const layouts = placesOf(placement, shape, sbps, () => ids++)
  .all()
  .filter(({ monoids }) => monoids.length <= 1)
  .map(({ layout }) => layout);

const local = { alpha: 1e-6, beta: 1e-10 };
const remote = { alpha: 2e-5, beta: 1e-9 };
const models: readonly (readonly [string, Model])[] = [
  ["shared memory", sharedMemory],
  ["two hosts of four ranks", hierarchical({ host: (rank) => rank >> 2, memory: local, local, remote })],
];

const request = (from: Layout, to: Layout) => ({
  shape,
  dtype: "float32" as const,
  from: { placement, layout: from },
  to: { placement, layout: to },
});

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

const at = (sorted: readonly number[], share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;

function measure(name: string, model: Model) {
  const [cold, warm]: [number[], number[]] = [[], []];
  let [worst, text] = [0, ""];
  for (let pair = 0; pair < layouts.length ** 2; pair += every) {
    const one = request(layouts[Math.floor(pair / layouts.length)]!, layouts[pair % layouts.length]!);
    let fresh = { ...model };
    let ms = cpuMs(() => planBoxing(one, fresh));
    for (let again = 0; again < 9 && ms > 5; again++) {
      fresh = { ...model };
      ms = Math.min(
        ms,
        cpuMs(() => planBoxing(one, fresh)),
      );
    }
    cold.push(ms);
    if (ms > worst) [worst, text] = [ms, planBoxing(one, fresh).text];
    const start = performance.now();
    for (let i = 0; i < 10; i++) planBoxing(one, fresh);
    warm.push((performance.now() - start) * 100);
  }
  cold.sort((a, b) => a - b);
  warm.sort((a, b) => a - b);
  const round = (ms: number) => Math.round(ms * 100) / 100;
  return {
    model: name,
    pairs: cold.length,
    coldMs: { median: round(at(cold, 0.5)), p99: round(at(cold, 0.99)), worst: round(at(cold, 1)) },
    worst: text,
    warmMicroseconds: { median: round(at(warm, 0.5)), p99: round(at(warm, 0.99)) },
  };
}

const git = () => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
};

/** Nothing is compiled yet. */
const firstMs = cpuMs(() => planBoxing(request([["a", S(0)]], []), { ...sharedMemory }));
for (const [, model] of models)
  for (let i = 0; i < 200; i++)
    planBoxing(request(layouts[(i * 7) % layouts.length]!, layouts[(i * 31) % layouts.length]!), { ...model });

const results = {
  command: `npm run bench:boxing -- --every ${every}`,
  date: new Date().toISOString().slice(0, 10),
  commit: git(),
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    /** Others were at work if this is more than 1. */
    load: loadavg()[0],
  },
  mesh: "2 × 2 × 2",
  tensor: `float32[${shape.join(",")}]`,
  layouts: layouts.length,
  firstOfTheProcessMs: Math.round(firstMs * 10) / 10,
  models: models.map(([name, model]) => measure(name, model)),
};
writeFileSync(new URL("./boxing.json", import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
for (const { model, pairs, coldMs, warmMicroseconds } of results.models)
  console.log(
    `${model}, ${pairs} pairs: cold ${coldMs.median} ms, p99 ${coldMs.p99}, worst ${coldMs.worst}; warm ${warmMicroseconds.median} µs`,
  );
