/**
 * @file `npm run bench:train -- mlp|cnn|gpt --steps N --batch B --ranks R`: whole training steps, data parallel, on
 * synthetic input; `--batch` is that of all ranks together. Some steps warm up, 3 unless `--warm-up` says otherwise;
 * `--precision` is that of `compile`.
 * Prints `… samples/s` last. bench/peers/train.py does the same work in PyTorch.
 */
import { parseArgs } from "node:util";
import { launch, type Precision } from "sluice";
import { isModel, models } from "./models.ts";

const usage =
  "usage: npm run bench:train -- mlp|cnn|gpt [--steps 100] [--batch 128] [--ranks 1] [--warm-up 3] [--precision bfloat16]";
const text = (initial: string) => ({ type: "string", default: initial }) as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: text("100"),
    batch: text("128"),
    ranks: text("1"),
    "warm-up": text("3"),
    precision: text("float32"),
  },
});

function whole(name: Exclude<keyof typeof values, "precision">): number {
  if (/^[1-9]\d{0,8}$/.test(values[name])) return Number(values[name]);
  console.error(`--${name} ${values[name]}: give a whole number from 1 on\n${usage}`);
  process.exit(2);
}

const [model] = positionals;
if (!isModel(model) || positionals.length !== 1) {
  console.error(usage);
  process.exit(2);
}
const [steps, batch, ranks, warmUp] = [whole("steps"), whole("batch"), whole("ranks"), whole("warm-up")];

const { plan, feed } = models[model](ranks, batch, values.precision as Precision);
await using session = await launch(plan);

/** Returns the last step's loss. */
async function train(count: number): Promise<number> {
  let last = Number.NaN;
  for await (const { loss } of session.run(Array.from({ length: count }, () => feed))) last = loss as number;
  return last;
}
await train(warmUp);
const start = performance.now();
const loss = await train(steps);
const ms = (performance.now() - start) / steps;
console.log(
  `${session.engine} engine, ${session.threads} threads, loss ${loss.toFixed(4)}, ${ms.toFixed(2)} ms a step`,
);
console.log(`${((batch * 1000) / ms).toFixed(1)} samples/s`);
