/** @file `sluice graph`: pictures of a program. */
import { writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import type { PictureFormat } from "../../view/render.ts";
import { wrongValue } from "../arguments.ts";
import { command, exits, programArgument, sized } from "../command.ts";
import { prepare } from "../prepare.ts";

const byEnding: Readonly<Record<string, PictureFormat>> = {
  ".svg": "svg",
  ".dot": "dot",
  ".gv": "dot",
  ".mmd": "mermaid",
  ".json": "json",
  ".html": "html",
};
const formats = ["svg", "dot", "mermaid", "json", "html"] as const satisfies readonly PictureFormat[];

export const graph = command({
  name: "graph",
  summary: "draws a program: its graph with layouts, or the tasks on the ranks",
  about: [
    "A large graph shows one of equal blocks; --expand draws modules op by op. As html it is the plan explorer: one file that fetches nothing, with graph, tasks, ranks and a simulated timeline. The same program gives the same bytes.",
  ],
  argument: programArgument,
  options: {
    ...sized,
    format: { value: "FORMAT", about: "by default as the ending of -o says, else svg", choices: formats },
    logical: { about: "the graph with layouts on its edges; the default" },
    physical: { about: "the tasks on the ranks, boxing as what it is" },
    expand: { value: "NAME,…", about: "modules to draw op by op, * for any part of a name; all for all" },
    output: { short: "o", value: "FILE", about: "where to; default: standard output", path: true },
  },
  examples: [
    ["sluice graph train.ts -o graph.svg", "the graph with its layouts"],
    ["sluice graph train.ts --physical --mesh data=2,model=2 -o plan.svg", "the tasks on four ranks"],
    ["sluice graph train.ts -o plan.html", "the plan explorer"],
    ["sluice graph train.ts --format mermaid", "for a page that draws Mermaid"],
  ],
  async run({ argument, values }, { out, cwd }) {
    const { logical, physical, expand, output } = values;
    if (logical && physical) throw wrongValue("physical", "true", ["one of --logical and --physical"]);
    const plan = (await prepare(argument, values, cwd)).compile();
    const text = await plan.render(formatOf(values), {
      graph: physical ? "physical" : "logical",
      ...(expand !== undefined && { expand: expand === "all" ? "all" : expand.split(",") }),
    });
    if (output === undefined) out.write(text.endsWith("\n") ? text : `${text}\n`);
    else await writeFile(resolve(cwd, output), text);
    return exits.ok;
  },
});

function formatOf({ format, output, json }: { format?: string; output?: string; json?: true }): PictureFormat {
  if (format !== undefined) return format as PictureFormat;
  if (json) return "json";
  if (output === undefined) return "svg";
  const known = byEnding[extname(output).toLowerCase()];
  if (known) return known;
  throw wrongValue("output", output, [`an ending of ${Object.keys(byEnding).join(", ")}, or --format`]);
}
