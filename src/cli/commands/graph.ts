/** @file `sluice graph`: pictures of a program. */
import { extname } from "node:path";
import { OptionError, type SluiceError } from "../../ir/errors.ts";
import type { PictureFormat } from "../../view/render.ts";
import { wrongValue } from "../arguments.ts";
import { command, exits, programArgument, sized } from "../command.ts";
import { outputFile } from "../output.ts";
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
    "With --json alone what is printed is the picture as JSON; in another --format, or with -o, it is one object: format, and text or file and bytes.",
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
    if (logical && physical)
      throw new OptionError("SL8003", "they are two pictures", {
        subject: "--logical and --physical",
        hint: "give one of them",
      });
    const format = formatOf(values);
    const file = output === undefined ? undefined : outputFile(output, cwd);
    const plan = (await prepare(argument, values, cwd)).compile();
    const text = await plan
      .render(format, {
        graph: physical ? "physical" : "logical",
        ...(expand !== undefined && { expand: expand === "all" ? "all" : expand.split(",") }),
      })
      .catch((error) => {
        throw error.code === "SL7001" ? notExpanded(expand!, error) : error;
      });
    if (file) {
      const bytes = file.write(text);
      if (values.json) out.write(`${JSON.stringify({ file: output, format, bytes })}\n`);
    } else if (values.json && format !== "json") out.write(`${JSON.stringify({ format, text })}\n`);
    else out.write(text.endsWith("\n") ? text : `${text}\n`);
    return exits.ok;
  },
});

const notExpanded = (expand: string, { what, choices, hint = "" }: SluiceError) =>
  new OptionError("SL8003", what, { subject: `--expand ${expand}`, choices, hint });

function formatOf({ format, output, json }: { format?: string; output?: string; json?: true }): PictureFormat {
  if (format !== undefined) return format as PictureFormat;
  if (output === undefined) return json ? "json" : "svg";
  const known = byEnding[extname(output).toLowerCase()];
  if (known) return known;
  throw wrongValue("output", output, [`an ending of ${Object.keys(byEnding).join(", ")}, or --format`]);
}
