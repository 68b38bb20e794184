/**
 * @file `npm run bench:precision -- --steps 300 --batch 16 --ranks 1`: the GPT of models.ts on text, in float32 and in mixed
 * precision, from the same start on the same batches. Prints how far the losses lie apart, and what a rank holds and
 * sends; writes bench/precision.json. Float32 on twice the ranks, which adds up in another order, shows how far a run strays
 * from itself.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { array, launch, type Precision } from "sluice";
import { circumstances, median } from "./machine.ts";
import { models } from "./models.ts";

const text = (initial: string) => ({ type: "string", default: initial }) as const;
const { values } = parseArgs({ options: { steps: text("300"), batch: text("16"), ranks: text("1") } });
const [steps, batch, ranks] = [Number(values.steps), Number(values.batch), Number(values.ranks)];
const context = 128;

/** Characters of this repository's own prose, as ids below 128. */
const letters = readFileSync(new URL("../docs/internals.md", import.meta.url), "latin1");
const corpus = Int32Array.from(letters, (letter) => letter.charCodeAt(0) % 128);

function* batches(places: unknown) {
  for (let step = 0; step < steps; step++) {
    const starts = Array.from({ length: batch }, (_, b) => ((step * batch + b) * 7919) % (corpus.length - context - 1));
    const window = (by: number) =>
      array(
        [batch, context],
        "int32",
        Int32Array.from(starts.flatMap((at) => [...corpus.subarray(at + by, at + by + context)])),
      );
    yield { ids: window(0), places, next: window(1) };
  }
}

async function train(precision: Precision, ranks: number) {
  const { plan, feed } = models.gpt(ranks, batch, precision);
  await using session = await launch(plan);
  const losses: number[] = [];
  const times: number[] = [];
  let start = performance.now();
  for await (const { loss } of session.run(batches(feed.places) as never)) {
    losses.push(loss as number);
    times.push(performance.now() - start);
    start = performance.now();
  }
  const { byRole } = plan.memory[0]!;
  const wire = plan.communication.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    precision,
    ranks,
    losses,
    stepMs: Number(median(times).toFixed(1)),
    activationBytes: byRole.activation!,
    wire,
  };
}

const results = [await train("float32", ranks), await train("bfloat16", ranks), await train("float32", 2 * ranks)];
const [full, mixed, control] = results.map(({ losses }) => losses);
/** How far a run's losses lie from float32's, as parts of these. */
function apartFrom(other: readonly number[]) {
  const apart = full!.map((loss, i) => Math.abs(other[i]! - loss) / loss);
  return { most: Math.max(...apart), median: median(apart), last: apart.at(-1)! };
}
const summary = {
  ...circumstances(),
  command: `npm run bench:precision -- --steps ${steps} --batch ${batch} --ranks ${ranks}`,
  apart: apartFrom(mixed!),
  strays: apartFrom(control!),
  runs: results.map(({ losses, ...rest }) => ({
    ...rest,
    losses: losses.filter((_, i) => i % 50 === 0 || i === steps - 1).map((loss) => Number(loss.toFixed(5))),
  })),
};
writeFileSync(new URL("precision.json", import.meta.url), `${JSON.stringify(summary, null, 2)}\n`);
for (const { precision, ranks, losses, stepMs, activationBytes, wire } of summary.runs)
  console.log(
    `${precision.toString().padEnd(9)} on ${ranks}: ${stepMs} ms a step, activations ${(activationBytes / 2 ** 20).toFixed(1)} MiB, between ranks ${wire} B; loss ${losses.join(" ")}`,
  );
const percent = (x: number) => `${(100 * x).toFixed(3)} %`;
const shown = ({ most, median }: typeof summary.apart) => `${percent(most)} at most, ${percent(median)} in the middle`;
console.log(`apart: ${shown(summary.apart)}; float32 from itself: ${shown(summary.strays)}`);
if (summary.apart.most > 0.01) process.exitCode = 1;
