/** @file `sluice bench`: how long steps take here. */
import { launch } from "../../launch.ts";
import { count as thousands } from "../../view/format.ts";
import { count } from "../arguments.ts";
import { command, exits, programArgument, sized } from "../command.ts";
import { feeds } from "../feeds.ts";
import { grouped, spread } from "../measure.ts";
import { prepare } from "../prepare.ts";
import { facts } from "../report-text.ts";
import { runFacts } from "../run-facts.ts";
import { rate, time } from "../units.ts";

const defaultSteps = 100;
const defaultWarmup = 10;

async function* next<T>(of: AsyncIterator<T>, count: number): AsyncGenerator<T> {
  for (let k = 0; k < count; k++) {
    const { done, value } = await of.next();
    if (done) return;
    yield value;
  }
}

export const bench = command({
  name: "bench",
  summary: "measures the steps of a program: median and spread after a warm-up",
  about: [
    "The time from the end of a step to the end of the next, with making the batches as far as that does not hide behind the steps. Steps end in bursts, as several are under way at once: the spread is that of the means of groups of ten steps, smaller ones where there are fewer than 50. Half of the groups lie between the two quartiles.",
  ],
  argument: programArgument,
  options: {
    ...sized,
    steps: { value: "N", about: `steps that are measured; default: ${defaultSteps}` },
    warmup: { value: "N", about: `steps before them; default: ${defaultWarmup}` },
  },
  examples: [
    ["sluice bench train.ts", `${defaultSteps} steps after ${defaultWarmup}`],
    ["sluice bench train.ts --mesh data=2 --json", "of two ranks, for a program to read"],
  ],
  async run({ argument, values }, { out, cwd }) {
    const steps = count("steps", values.steps) ?? defaultSteps;
    const warmup = count("warmup", values.warmup, 0) ?? defaultWarmup;
    const prepared = await prepare(argument, values, cwd);
    const batches = feeds(prepared, argument, warmup + steps);
    const plan = prepared.compile();
    await using session = await launch(plan);
    if (!values.json) out.write(runFacts(plan, prepared, session));
    const given = batches[Symbol.asyncIterator]();
    // A run of their own: when these have ended nothing is under way, so no work of those that count is done before.
    if (warmup > 0) for await (const _ of session.run(next(given, warmup)));
    const taken: number[] = [];
    session.metrics$.subscribe({
      next: ({ ms }) => taken.push(ms / 1000),
      error: () => {}, // the loop throws it
    });
    for await (const _ of session.run(next(given, steps)));
    if (taken.length === 0) return exits.interrupted;
    const { means, size: groupSize } = grouped(taken);
    const found = spread(means);
    const { unit, size } = prepared.samples;
    const stepsPerSecond = taken.length / taken.reduce((sum, t) => sum + t, 0);
    const perSecond = size * stepsPerSecond;
    if (values.json) {
      const { mesh, dims } = prepared.sizes;
      const { engine, threads } = session;
      const groups = { count: means.length, steps: groupSize };
      const measured = { plan: plan.name, mesh, dims, engine, threads, warmup, steps: taken.length, groups };
      out.write(`${JSON.stringify({ ...measured, seconds: found, stepsPerSecond, samples: { unit, perSecond } })}\n`);
      return exits.ok;
    }
    const [low, high] = found.quartiles;
    const lines = facts([
      ["steps", `${thousands(taken.length)} after ${thousands(warmup)}`],
      [
        "a step",
        `${time(found.median)} at the median of ${means.length} groups of ${groupSize}${taken.length % groupSize === 0 ? "" : " or more"} steps`,
      ],
      [
        "spread",
        `half of the groups from ${time(low)} to ${time(high)}, all from ${time(found.least)} to ${time(found.most)}`,
      ],
      ["on average", [rate(stepsPerSecond, "steps"), ...(unit === "steps" ? [] : [rate(perSecond, unit)])].join(", ")],
    ]);
    out.write(`${lines.join("\n")}\n`);
    return exits.ok;
  },
});
