/**
 * @file `npm run bench:check -- FRESH COMMITTED`: compares two files of figures, bench/ops.CPU.json or bench/train.CPU.json and one
 * that was measured anew, and fails when a ratio to the peer has fallen by more than 10 % (`--most` says another share).
 * Only ratios are compared: they mean the same on a faster machine of the same kind. Without COMMITTED, the file of that
 * name as it was committed last is taken.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";

const usage = "usage: npm run bench:check -- FRESH.json [COMMITTED.json] [--most 0.1]";
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { most: { type: "string", default: "0.1" } },
});

interface Figures {
  readonly ops?: readonly { readonly name: string; readonly ratio: number }[];
  readonly training?: readonly {
    readonly model: string;
    readonly ranks: number;
    readonly ratios: Readonly<Record<string, number>>;
  }[];
}

/** Ratios by name. */
function ratios(text: string): Map<string, number> {
  const { ops = [], training = [] } = JSON.parse(text) as Figures;
  const whole = training.flatMap(({ model, ranks, ratios }) =>
    Object.entries(ratios).map(([peer, ratio]) => [`${model} on ${ranks} ranks, ${peer}`, ratio] as const),
  );
  return new Map([...ops.map(({ name, ratio }) => [name, ratio] as const), ...whole]);
}

const [fresh, committed] = positionals;
const most = Number(values.most);
if (fresh === undefined || positionals.length > 2 || !(most >= 0 && most < 1)) {
  console.error(usage);
  process.exit(2);
}
const before = ratios(
  committed === undefined
    ? execFileSync("git", ["show", `HEAD:bench/${basename(fresh)}`], { encoding: "utf8" })
    : readFileSync(committed, "utf8"),
);
const now = ratios(readFileSync(fresh, "utf8"));
const both = [...before].filter(([name]) => now.has(name));
if (both.length === 0) {
  console.error("the files have no figure in common");
  process.exit(2);
}
const fallen = both.filter(([name, ratio]) => now.get(name)! < ratio * (1 - most));
for (const [name, ratio] of fallen) console.log(`fell: ${name}, × ${ratio} → × ${now.get(name)}`);
console.log(`${both.length} ratios compared, ${fallen.length} fell by more than ${100 * most} %`);
if (fallen.length) process.exitCode = 1;
