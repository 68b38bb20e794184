/**
 * @file `npm run bench:peers`: training of each model here and in PyTorch, interleaved: in each round every system runs each
 * model once, in a process of its own, so that a slow minute of the machine meets all of them. Prints medians and ratios
 * and writes them to bench/train.CPU.json, where lines that were not measured stay. bench/peers/setup fetches PyTorch; the
 * environment variable PYTHON names another interpreter that has it.
 *
 *     npm run bench:peers -- --models gpt --ranks 1 --rounds 5 --compiled
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { circumstances, figuresFile, median } from "./machine.ts";
import { modelNames } from "./models.ts";

const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: modelNames.join() },
    ranks: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "5" },
    compiled: { type: "boolean", default: false },
  },
});

/** Batch, steps that are timed, and steps before them. */
const amounts: Readonly<Record<string, readonly [batch: number, steps: number, warmUp: number]>> = {
  mlp: [128, 400, 100],
  cnn: [128, 15, 3],
  gpt: [16, 4, 2],
};

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const file = figuresFile("train");
const python = process.env.PYTHON ?? path("./peers/.venv/bin/python");

/** Runs a program that prints `… samples/s` last. */
function rate(command: string, ...args: string[]): number {
  const lines = execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  const [, number] = /([\d.]+) samples\/s$/.exec(lines) ?? [];
  if (number === undefined) throw new Error(`${args.join(" ")} printed no samples/s:\n${lines}`);
  return Number(number);
}

const systems: Readonly<Record<string, (args: readonly string[]) => number>> = {
  sluice: (args) => rate(process.execPath, "--import", "tsx", path("./train.ts"), ...args),
  eager: (args) => rate(python, path("./peers/train.py"), ...args),
  ...(options.compiled && { compiled: (args) => rate(python, path("./peers/train.py"), ...args, "--compile") }),
};

interface Line {
  readonly model: string;
  readonly batch: number;
  readonly ranks: number;
  /** Medians. */
  readonly samplesPerSecond: Readonly<Record<string, number>>;
  /** Of each round, in order. */
  readonly rounds: Readonly<Record<string, readonly number[]>>;
  /** Of the medians: this over the other. */
  readonly ratios: Readonly<Record<string, number>>;
}

const lines = options.models.split(",").flatMap((model) =>
  options.ranks.split(",").map((ranks) => {
    const [batch, steps, warmUp] = amounts[model]!;
    const args = [model, "--batch", batch, "--steps", steps, "--warm-up", warmUp, "--ranks", ranks].map(String);
    return { model, batch, ranks: Number(ranks), args };
  }),
);
const taken = lines.map(() => Object.fromEntries(Object.keys(systems).map((name) => [name, [] as number[]])));
for (let round = 0; round < Number(options.rounds); round++)
  for (const [i, { args }] of lines.entries())
    for (const [name, run] of Object.entries(systems)) taken[i]![name]!.push(run(args));

const rounded = (x: number, digits: number) => Number(x.toPrecision(digits));
const fresh = lines.map(({ args: _, ...line }, i): Line => {
  const rounds = taken[i]!;
  const medians = Object.fromEntries(Object.entries(rounds).map(([name, rates]) => [name, median(rates)]));
  const others = Object.entries(medians).filter(([name]) => name !== "sluice");
  const ratios = Object.fromEntries(others.map(([name, other]) => [name, rounded(medians.sluice! / other, 3)]));
  return { ...line, samplesPerSecond: medians, rounds, ratios };
});
for (const { model, batch, ranks, samplesPerSecond, ratios } of fresh)
  console.log(
    `${model}, batch ${batch}, ${ranks} ranks: ${Object.entries(samplesPerSecond)
      .map(([name, x]) => `${name} ${rounded(x, 4)}`)
      .join(", ")} samples/s; × ${Object.entries(ratios)
      .map(([name, x]) => `${x} ${name}`)
      .join(", × ")}`,
  );

const keyOf = ({ model, batch, ranks }: Line) => `${model} ${batch} ${ranks}`;
const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { training: Line[] }).training : [];
const again = new Set(fresh.map(keyOf));
const torch = execFileSync(python, ["-c", "import torch; print(torch.__version__)"], { encoding: "utf8" }).trim();
const { date, commit, load, machine } = circumstances();
const command = `npm run bench:peers -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/, "");
const measured = fresh.map((line) => ({ ...line, command, date, commit, load }));
const kept = before.filter((line) => !again.has(keyOf(line)));
const order = (line: Line) => modelNames.indexOf(line.model) * 100 + line.ranks;
const training = [...kept, ...measured].sort((a, b) => order(a) - order(b));
writeFileSync(file, `${JSON.stringify({ machine: { ...machine, torch }, training }, null, 2)}\n`);
