/** @file `sluice trace`: some steps with times, for Perfetto. */
import { launch } from "../../launch.ts";
import { bytes } from "../../view/format.ts";
import { count } from "../arguments.ts";
import { command, exits, programArgument, sized } from "../command.ts";
import { feeds } from "../feeds.ts";
import { outputFile } from "../output.ts";
import { prepare } from "../prepare.ts";

const defaultSteps = 20;
const defaultFile = "trace.json";

export const trace = command({
  name: "trace",
  summary: "runs some steps and writes when each task ran, for ui.perfetto.dev",
  argument: programArgument,
  options: {
    ...sized,
    steps: { value: "N", about: `steps to trace; default: ${defaultSteps}` },
    output: { short: "o", value: "FILE", about: `where to; default: ${defaultFile}`, path: true },
  },
  examples: [
    ["sluice trace train.ts", `${defaultSteps} steps, to ${defaultFile}`],
    ["sluice trace train.ts --steps 5 --mesh data=4 -o data4.json", "five steps on four ranks"],
  ],
  async run({ argument, values }, { out, cwd }) {
    const wanted = count("steps", values.steps) ?? defaultSteps;
    const name = values.output ?? defaultFile;
    const file = outputFile(name, cwd);
    const prepared = await prepare(argument, values, cwd);
    const batches = feeds(prepared, argument, wanted);
    await using session = await launch(prepared.compile(), { trace: true });
    let steps = 0;
    for await (const _ of session.run(batches)) steps++;
    const written = file.write(session.trace());
    const said = `${name}: ${steps} steps, ${bytes(written)}; open it in https://ui.perfetto.dev`;
    out.write(values.json ? `${JSON.stringify({ file: name, steps, bytes: written })}\n` : `${said}\n`);
    return exits.ok;
  },
});
