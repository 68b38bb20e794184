/** @file `docs/cli.md`, made of the commands' data. `npm run docs:cli` writes it. */
import { readFileSync } from "node:fs";
import { type Cluster, clusters } from "sluice";
import { type Command, common, exitTable, type Options } from "../../src/cli/command.ts";
import { optionAbout, optionText, usageText } from "../../src/cli/help.ts";
import { flops } from "../../src/cli/units.ts";
import { bytes, seconds } from "../../src/view/format.ts";

/** Its example, without the essay. */
const program = readFileSync(new URL("./programs/mnist.ts", import.meta.url), "utf8").replace(/^.*\n/, "");

const code = (text: string) => `\`${text.replace(/\|/g, "\\|")}\``;
const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const table = (titles: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(titles), row(titles.map(() => "---")), ...rows.map(row)].join("\n");

const optionRows = (options: Options) =>
  Object.entries(options).map(([name, option]) => [code(optionText(name, option)), optionAbout(option)]);

const section = (command: Command): string => {
  const { name, summary, about = [], argument, options, examples } = command;
  const given = argument
    ? [[code(argument.name), argument.choices ? `${argument.about}: ${argument.choices.join(", ")}` : argument.about]]
    : [];
  const rows = [...given, ...optionRows(options)];
  const width = Math.max(...examples.map(([line]) => line.length));
  return [
    `## sluice ${name}`,
    `${summary[0]!.toUpperCase()}${summary.slice(1)}.`,
    code(usageText(command)),
    ...about,
    ...(rows.length > 0 ? [table(["", ""], rows)] : []),
    `\`\`\`sh\n${examples.map(([line, what]) => `${line.padEnd(width)}  # ${what}`).join("\n")}\n\`\`\``,
  ].join("\n\n");
};

const link = ({ alpha, beta }: { readonly alpha: number; readonly beta: number }) =>
  `${seconds(alpha)}, ${bytes(1 / beta)}/s`;

const clusterRow = ([name, cluster]: readonly [string, Cluster]): string[] => {
  const { about, ranks, memory, devices, precision, links } = cluster;
  return [
    code(name),
    about,
    ranks === undefined ? "any" : `${ranks}`,
    memory === undefined ? "4.29 GB in all" : bytes(memory),
    devices ? `${flops(devices.flops)} in ${precision}, ${bytes(devices.bandwidth)}/s` : "the compiler's CPU",
    links.local ? link(links.local) : "shared memory",
    links.remote ? link(links.remote) : "–",
  ];
};

export const page = (commands: readonly Command[]): string =>
  `${[
    "<!-- Written by npm run docs:cli from src/cli. -->",
    "# The command line",
    "`npx sluice COMMAND` looks at a program, plans it for any cluster, runs it and measures it. `sluice --help` and `sluice COMMAND --help` say what is here.",
    "## A program file",
    `\`\`\`ts\n${program}\`\`\``,
    "A file that only defines: `graph` and `batches` are functions, which commands call with the sizes of the mesh and the named dims, as the program or `--mesh` and `--dims` say. `compile` takes what [`compile`](../src/compile.ts) takes. `batches` gives one epoch; it is called anew, with the next `epoch`, while steps are left. A batch that does not fit the inputs does not compile.",
    'TypeScript is read by Node 22.18 or later, else by the tsx of your project: `npm i -D tsx`, and `"type": "module"` in `package.json` or the ending `.mts`.',
    table(["of every command", ""], optionRows(common)),
    ...commands.map(section),
    "## Clusters",
    'What `--cluster` names, and `clusters` of `sluice` has for `compile` and `plan.simulate`. Figures of the GPUs are what programs get, not what data sheets say; [src/clusters.ts](../src/clusters.ts) has both, with their sources. They are of products in 16 bits: with `precision: "bfloat16"` programs compute so, and `sluice plan` says where one does not. The compiler chooses layouts by these links, this memory and these devices.',
    table(
      ["name", "what", "ranks", "memory a rank", "device", "links inside hosts", "between hosts"],
      Object.entries(clusters).map(clusterRow),
    ),
    "A cluster of your own is a JSON file with any of these keys; what is left out is as `this-machine` has it.",
    `\`\`\`json
{
  "about": "two servers of four",
  "ranks": 8,
  "perHost": 4,
  "memory": 8e10,
  "devices": { "flops": 3e14, "bandwidth": 2e12 },
  "precision": "bfloat16",
  "links": {
    "local": { "alpha": 1e-5, "beta": 4e-12 },
    "remote": { "alpha": 3e-5, "beta": 4e-11 },
    "memory": { "alpha": 5e-6, "beta": 5e-13 },
    "axes": { "data": { "alpha": 3e-5, "beta": 4e-11 } }
  }
}
\`\`\``,
    "Rank `r` is on host `r / perHost`, rounded down; the last axis of a mesh varies fastest, so it lies inside hosts. `alpha` is in seconds, `beta` in seconds a byte: 25 GB/s are 4e-11. `axes` names mesh axes that have a link of their own; what a program does not use is said. `precision` says in what `devices.flops` products are computed.",
    "## Exit codes",
    table(
      ["code", "meaning"],
      exitTable.map(([exit, meaning]) => [`${exit}`, meaning]),
    ),
    'With `--json` an error is one line on standard error, `{ "error": { "name", "code", "message", … }, "exit" }`. Files are written whole or not at all; whether they can be is checked before anything runs.',
  ].join("\n\n")}\n`;
