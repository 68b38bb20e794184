/** @file `sluice run`: trains, or whatever the program's graph does, and says how far it is. */
import { launch } from "../../launch.ts";
import { serveLive } from "../../view/live/serve.ts";
import { count } from "../arguments.ts";
import { command, exits, programArgument, sized } from "../command.ts";
import { feeds } from "../feeds.ts";
import { prepare } from "../prepare.ts";
import { progress } from "../progress.ts";
import { runFacts } from "../run-facts.ts";

export const run = command({
  name: "run",
  summary: "runs a program, with a progress bar and its losses",
  about: [
    "Ctrl-C ends it after the steps that have begun. With --json each step is a line: plan, step, milliseconds since the step before, and the outputs that are single numbers (null for what JSON has no number for).",
  ],
  argument: programArgument,
  options: {
    ...sized,
    ui: { about: "serve a page of the run while it goes: losses, how busy ranks are, what each task waits for" },
    steps: { value: "N", about: "steps in all; default: the program's, else one epoch" },
  },
  examples: [
    ["sluice run train.ts", "as the program says"],
    ["sluice run train.ts --mesh data=2,model=2 --steps 100", "100 steps on 2 × 2 ranks"],
    ["sluice run train.ts --ui", "and look at it in a browser, at the address that is printed"],
    ["sluice run train.ts --json | jq .outputs.loss", "the losses alone"],
  ],
  async run({ argument, values }, { out, err, env, cwd }) {
    const wanted = count("steps", values.steps);
    const prepared = await prepare(argument, values, cwd);
    const batches = feeds(prepared, argument, wanted ?? prepared.program.steps);
    const plan = prepared.compile();
    await using session = await launch(plan, { trace: values.ui === true });
    await using view = values.ui && (await serveLive(session, plan));
    if (view) err.write(`live: ${view.url}\n`);
    if (values.json) {
      session.metrics$.subscribe({
        next: (step) => out.write(`${JSON.stringify(step)}\n`),
        error: () => {}, // the loop throws it
      });
      for await (const _ of session.run(batches));
      return exits.ok;
    }
    out.write(runFacts(plan, prepared, session));
    const total = batches.count;
    using bar = progress({ ...prepared.samples, ...(total !== undefined && { total }), out, env });
    for await (const step of session.run(batches)) bar.step(numbersOf(step));
    bar.done();
    return exits.ok;
  },
});

/** What a step gives that is one number. */
function numbersOf({ step: _, ...outputs }: { readonly step: number }): Readonly<Record<string, number>> {
  const given = Object.entries(outputs as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    given.flatMap(([name, value]) =>
      typeof value === "number" || typeof value === "bigint" ? [[name, Number(value)]] : [],
    ),
  );
}
