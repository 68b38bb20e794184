/**
 * @file `npm run bench:compile`: how long the compiler takes, pass by pass, for GPTs of more and more blocks on a 2D mesh;
 * and how long choosing alone takes for random problems, with and without a limit on memory that binds, with the gap to
 * the proven bound. Each in a process of its own: the first round is cold, the medians are of those after it. Wall time
 * and the process's CPU time, its compiler and collector threads included, in ms. Writes `bench/compile.json` with the
 * machine, versions, date and command.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { compile, graph, nn, optim, placement, S, type Tensor } from "sluice";
import { solve } from "../src/compiler/solve/solve.ts";
import { randomProblem } from "../test/compiler/random-problem.ts";
import { gptBlock } from "./gpt.ts";

const { values: options } = parseArgs({
  options: {
    blocks: { type: "string", default: "1,12,96" },
    ops: { type: "string", default: "1000,3000,10000" },
    rounds: { type: "string", default: "6" },
    /** Of one graph, in a process of its own: what is printed is JSON. */
    one: { type: "string" },
  },
});
const numbers = (text: string) => text.split(",").filter(Boolean).map(Number);

const [batch, seq, heads, width, vocabulary] = [8, 32, 4, 64, 512] as const;

/** A GPT in training, of small tensors: the compiler's work does not depend on their sizes. */
function gpt(count: number) {
  const mesh = placement("cpu", { data: 2, model: 2 });
  const blocks = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`block${i}`, gptBlock({ rows: batch, context: seq, width, heads })]),
  );
  const parts = { tokens: nn.embedding(vocabulary, width), head: nn.linear(width, vocabulary), ...blocks };
  const net = nn.define(parts as unknown as Record<string, never>, (m) => (ids: never) => {
    const layers = m as unknown as Record<string, (x: unknown) => unknown>;
    const hidden = Object.keys(blocks).reduce((x, name) => layers[name]!(x), layers.tokens!(ids));
    return layers.head!(hidden);
  });
  const ids = () => mesh.input([batch, seq], "int32", { data: S(0) });
  return graph(mesh, { name: `gpt${count}`, model: net, inputs: { ids: ids(), label: ids() } }, (on, training) => {
    const logits = net(on.ids as never) as Tensor<[typeof batch, typeof seq, typeof vocabulary], "float32">;
    const loss = nn.softmaxCrossEntropy(logits, on.label).mean();
    training.minimize(loss, optim.adamW({ lr: 1e-3 }));
    return { loss };
  });
}

interface Spent {
  readonly wall: number;
  readonly cpu: number;
}

function stopwatch(): () => Spent {
  const now = () => {
    const { user, system } = process.cpuUsage();
    return { wall: performance.now(), cpu: (user + system) / 1000 };
  };
  let before = now();
  return () => {
    const [then, here] = [before, now()];
    before = here;
    return { wall: here.wall - then.wall, cpu: here.cpu - then.cpu };
  };
}

/** By pass; `seal` has the proof in it. */
function passes(count: number) {
  const built = gpt(count);
  const spent: Record<string, Spent> = {};
  const watch = stopwatch();
  const whole = stopwatch();
  const plan = compile(built, {
    dims: {},
    onPass: (name) => {
      spent[name] = watch();
    },
  });
  spent.seal = watch();
  spent.all = whole();
  return { about: { blocks: count, ops: plan.data.choices.length }, spent };
}

function choosing(ops: number) {
  const problem = randomProblem({ ops, reach: 6, joins: 0.2, more: 7 }, 1);
  const watch = stopwatch();
  const free = solve(problem);
  const unlimited = watch();
  const limited = solve(problem, { limit: Math.floor(free.memory * 0.7) });
  const percent = ({ cost, bound }: typeof free) => Number(((cost / bound - 1) * 100).toFixed(3));
  const about = { ops, gapPercent: { free: percent(free), limited: percent(limited) } };
  return { about, spent: { free: unlimited, limited: watch() } };
}

const measured = { gpt: passes, random: choosing };

function inOwnProcess(what: keyof typeof measured, size: number) {
  const script = new URL(import.meta.url).pathname;
  const args = ["--import", "tsx", script, "--one", `${what}:${size}`, "--rounds", options.rounds];
  const rounds = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as ReturnType<
    (typeof measured)[typeof what]
  >[];
  const round = (spent: Spent) => ({ wall: Math.round(spent.wall), cpu: Math.round(spent.cpu) });
  const median = (all: readonly number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!;
  const each = (of: (name: string) => Spent) =>
    Object.fromEntries(Object.keys(rounds[0]!.spent).map((name) => [name, round(of(name))]));
  const at = (k: number, name: string) => (rounds[k]!.spent as Record<string, Spent>)[name]!;
  const warm = rounds.map((_, k) => k).slice(1);
  return {
    ...rounds[0]!.about,
    cold: each((name) => at(0, name)),
    median: each((name) => ({
      wall: median(warm.map((k) => at(k, name).wall)),
      cpu: median(warm.map((k) => at(k, name).cpu)),
    })),
  };
}

if (options.one) {
  const [what, size] = options.one.split(":") as [keyof typeof measured, string];
  const rounds = Array.from({ length: Number(options.rounds) }, () => measured[what](Number(size)));
  console.log(JSON.stringify(rounds));
} else {
  const load = loadavg()[0]!;
  const results = {
    command: `npm run bench:compile -- --blocks ${options.blocks} --ops ${options.ops} --rounds ${options.rounds}`,
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      /** Others were at work if it is well above 0 at the start, or above 2 at the end. */
      load: [load, 0],
    },
    gpt: numbers(options.blocks).map((blocks) => inOwnProcess("gpt", blocks)),
    random: numbers(options.ops).map((ops) => inOwnProcess("random", ops)),
  };
  results.machine.load[1] = loadavg()[0]!;
  writeFileSync(new URL("./compile.json", import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  for (const { cold, median, ...about } of [...results.gpt, ...results.random]) {
    const text = (spent: Record<string, Spent>) =>
      Object.entries(spent)
        .map(([name, { wall, cpu }]) => `${name} ${wall}/${cpu}`)
        .join(", ");
    console.log(`${JSON.stringify(about)}, ms, wall/CPU:\n  cold   ${text(cold)}\n  median ${text(median)}`);
  }
}
