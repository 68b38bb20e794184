/**
 * @file Trains one network on four ranks as a pipeline, by six schedules: each gives the losses of one device, and ranks
 * wait less from GPipe to ZBV.
 *
 *     npm run pipeline
 *
 * The stages are what lies between moves to another placement; the schedule and the micro-batches are options of the
 * compiler. Fails unless all losses are the same, and every schedule waits less than GPipe.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  array,
  compile,
  graph,
  launch,
  nn,
  optim,
  type Plan,
  placement,
  type ScheduleName,
  type Simulation,
} from "sluice";
import { progress } from "sluice/cli";

const [ranks, microBatches, steps] = [4, 8, 8];
const [rows, features, width, blocks, classes] = [512, 16, 256, 8, 4];
const outputs = "out";

/** By schedule the rank of each stage: two chunks a rank go round twice, or there and back. */
const stagesOf: Readonly<Record<ScheduleName, readonly number[]>> = {
  gpipe: [0, 1, 2, 3],
  "1f1b": [0, 1, 2, 3],
  interleaved: [0, 1, 2, 3, 0, 1, 2, 3],
  "zb-h1": [0, 1, 2, 3],
  "zb-h2": [0, 1, 2, 3],
  zbv: [0, 1, 2, 3, 3, 2, 1, 0],
};
const names = Object.keys(stagesOf) as ScheduleName[];

/** The bubble by formula, where the three parts of a micro-batch take as long: docs/pipeline.md. */
const [p, m, v] = [ranks, microBatches, 2];
const formulas: Readonly<Record<ScheduleName, readonly [text: string, bubble: number]>> = {
  gpipe: ["(p − 1) / m", (p - 1) / m],
  "1f1b": ["(p − 1) / m", (p - 1) / m],
  interleaved: ["(p − 1) / vm", (p - 1) / (v * m)],
  "zb-h1": ["(p − 1) / 3m", (p - 1) / (3 * m)],
  "zb-h2": ["0", 0],
  zbv: ["0", 0],
};

/** Without a schedule the whole batch at once. The first and the last layer are small, so that all stages are equal. */
function planOf(stages: readonly number[], schedule?: ScheduleName, clips = false) {
  const mesh = placement("cpu", { stage: ranks });
  const places = stages.map((stage) => mesh.slice({ stage }));
  const [first, last] = [places[0]!, places.at(-1)!];
  const enter = nn.linear(features, width, { name: "enter" });
  const layers = Array.from({ length: blocks }, (_, i) => nn.linear(width, width, { name: `block${i}` }));
  const leave = nn.linear(width, classes, { name: "leave" });
  const inputs = { x: first.input(["batch", features], "float32"), label: last.input(["batch"], "int32") };
  const training = graph(places, { name: "pipeline", inputs }, ({ x, label }, g) => {
    let h = enter(x);
    for (const [i, layer] of layers.entries()) {
      h = h.to(places[Math.floor((i * places.length) / blocks)]!);
      h = layer(h).relu().add(h);
    }
    const loss = nn.softmaxCrossEntropy(leave(h.to(last)), label).mean();
    g.minimize(loss, optim.sgd({ lr: 0.01 }), clips ? { clipNorm: 1 } : {});
    return { loss };
  });
  return compile(training, {
    dims: { batch: rows },
    ...(schedule && { microBatches: { batch: microBatches }, schedule }),
  });
}

/** Points and the quarter of a plane that they lie in, others in each step. */
function* batches() {
  for (let step = 0; step < steps; step++) {
    const at = (row: number, i: number) => Math.sin((row + step * rows) * (1.3 + i) + i * i);
    const quarter = (row: number) => (at(row, 0) > 0 ? 1 : 0) + (at(row, 1) > 0 ? 2 : 0);
    const x = Float32Array.from({ length: rows * features }, (_, i) => at(Math.floor(i / features), i % features));
    const label = Int32Array.from({ length: rows }, (_, row) => quarter(row));
    yield { x: array([rows, features], "float32", x), label: array([rows], "int32", label) };
  }
}

/** What the virtual clock runs the plans on. */
const devices = { flops: 1e11, bandwidth: 1e11 };
const links = { local: { alpha: 1e-6, beta: 1e-11 }, memory: { alpha: 0, beta: 1e-11 } };

interface Trained {
  readonly name: ScheduleName;
  readonly plan: Plan;
  readonly losses: readonly number[];
  /** One step alone, and a row of them. */
  readonly alone: Simulation;
  readonly inTurn: Simulation;
  /** A row of steps with gradients clipped by their global norm, which all updates wait for. */
  readonly clipped: Simulation;
}

const begin = performance.now();
using bar = progress({ total: steps * (names.length + 1), unit: "rows", size: rows });

async function train(plan: ReturnType<typeof planOf>): Promise<number[]> {
  const losses: number[] = [];
  await using session = await launch(plan);
  for await (const { loss } of session.run(batches())) {
    losses.push(loss);
    bar.step({ loss });
  }
  return losses;
}

const expected = await train(planOf([0]));
const trained: Trained[] = [];
for (const name of names) {
  const plan = planOf(stagesOf[name], name);
  const losses = await train(plan);
  trained.push({
    name,
    plan,
    losses,
    alone: plan.simulate({ devices, links, steps: 1 }),
    inTurn: plan.simulate({ devices, links }),
    clipped: planOf(stagesOf[name], name, true).simulate({ devices, links }),
  });
}
bar.done();

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(b), 0.1);
const different = trained.filter(({ losses }) => !losses.every((loss, i) => near(loss, expected[i]!)));
const numbers = (losses: readonly number[]) => losses.map((loss) => loss.toFixed(5)).join(" ");
console.log(`\nlosses on one device       ${numbers(expected)}`);
for (const { name, losses } of trained) console.log(`${name.padEnd(26)} ${numbers(losses)}`);

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const ms = (seconds: number) => `${(1e3 * seconds).toFixed(2)} ms`;
const head = ["schedule", "bubble by formula", "", "of the plan", "activations", "one step", "in turn", "clipped"];
const table = trained.map(({ name, plan, alone, inTurn, clipped }) => {
  const [formula, bubble] = formulas[name];
  const held = Math.max(...plan.memory.map(({ byRole }) => byRole.activation ?? 0));
  return [
    name,
    formula,
    percent(bubble),
    percent(alone.bubble!),
    `${(held / 1e6).toFixed(1)} MB`,
    ms(alone.makespan),
    ms(inTurn.stepTime),
    ms(clipped.stepTime),
  ];
});
const widths = head.map((text, column) => Math.max(text.length, ...table.map((row) => row[column]!.length)));
const line = (row: readonly string[]) =>
  row.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join("  ");
console.log(`\n${ranks} ranks, ${microBatches} micro-batches; simulated on ranks of 100 GFLOP/s and 100 GB/s`);
console.log([head, ...table].map(line).join("\n"));

// All of them in one picture, on one scale.
const until = Math.max(...trained.map(({ alone }) => alone.makespan));
const pictures = trained.map(({ name, plan }) => {
  const svg = plan.renderTimeline({ title: `${name} on ${ranks} ranks`, until, devices, links, steps: 1 });
  return { file: join(outputs, `timeline-${name}.svg`), svg };
});
const cells = [`<tr><th>${head.join("<th>")}`, ...table.map((row) => `<tr><td>${row.join("<td>")}`)].join("\n");
const about = `One step of a network on p = ${p} ranks, m = ${m} micro-batches, v = ${v} chunks a rank where a schedule has
several, simulated: the bubble is what the rank that waits most waits, as a share of what it computes. In turn: a step in a
row of steps; clipped: the same with gradients clipped by their global norm, for which all ranks wait.`;
const style =
  "body { font: 14px system-ui; max-width: 1000px; margin: auto } td, th { padding: 2px 12px; text-align: left } svg { max-width: 100% }";
const page = `<!doctype html><meta charset="utf-8"><title>Schedules of a pipeline</title><style>${style}</style>
<h1>Schedules of a pipeline</h1><p>${about}</p>
<table>${cells}</table>
${pictures.map(({ svg }) => svg).join("\n")}
`;
await mkdir(outputs, { recursive: true });
const files = [
  ...pictures.map(({ file, svg }) => [file, svg] as const),
  [join(outputs, "pipeline.html"), page] as const,
];
for (const [file, text] of files) await writeFile(file, text);
console.log(`\nwritten   ${files.map(([file]) => file).join(", ")}`);
console.log(`total     ${((performance.now() - begin) / 1000).toFixed(1)} s`);

const [gpipe, ...others] = trained;
const longer = others.filter(({ alone }) => alone.bubble! >= gpipe!.alone.bubble!);
if (different.length + longer.length > 0) {
  const list = (some: readonly Trained[]) => some.map(({ name }) => name).join(", ");
  if (different.length > 0) console.error(`FAILED: other losses than on one device: ${list(different)}`);
  if (longer.length > 0) console.error(`FAILED: ranks wait as long as with gpipe: ${list(longer)}`);
  process.exitCode = 1;
}
