/**
 * @file docs/pipeline.md and its pictures are what is generated and simulated. `PIPELINE_DOCS=write` writes them.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  printSchedule,
  renderSchedule,
  type Schedule,
  type ScheduleName,
  type ScheduleSimulation,
  schedule,
  simulateSchedule,
} from "sluice";
import { expect, test } from "vitest";

interface Row {
  readonly name: ScheduleName;
  readonly v: number;
  readonly idle: string;
  /** Undefined where the formula does not hold for such times. */
  readonly idleOf: (n: Numbers) => number | undefined;
  /** What the makespan has beyond the computing, where that is not the idle time. */
  readonly beyond?: string;
  readonly beyondOf?: (n: Numbers) => number | undefined;
  readonly live: string;
  readonly liveOf: (n: Numbers, r: number) => number;
}
interface Numbers {
  readonly p: number;
  readonly m: number;
  readonly v: number;
  readonly times: readonly [F: number, I: number, W: number];
}

const flush = ({ p, times: [F, I, W] }: Numbers) => (p - 1) * (F + I + W);
const even = ({ times: [F, I, W] }: Numbers, value: number) => (F === I && I === W ? value : undefined);
const full = "(p−1)(F+I+W)";

const rows: readonly Row[] = [
  { name: "gpipe", v: 1, idle: full, idleOf: flush, live: "m", liveOf: ({ m }) => m },
  { name: "1f1b", v: 1, idle: full, idleOf: flush, live: "p−r", liveOf: ({ p }, r) => p - r },
  ...[2, 4].map(
    (v): Row => ({
      name: "interleaved",
      v,
      idle: full,
      idleOf: flush,
      live: "min(2(p−r−1)+(v−1)p+1, mv)",
      liveOf: ({ p, m }, r) => Math.min(2 * (p - r - 1) + (v - 1) * p + 1, m * v),
    }),
  ),
  {
    name: "zb-h1",
    v: 1,
    idle: "(p−1)(F+I−W)",
    idleOf: ({ p, times: [F, I, W] }) => (W <= F ? (p - 1) * (F + I - W) : undefined),
    live: "p",
    liveOf: ({ p }) => p,
  },
  {
    name: "zb-h2",
    v: 1,
    idle: "0",
    idleOf: (n) => (n.times[1] <= n.times[0] && 2 * n.times[2] >= n.times[0] + n.times[1] ? 0 : undefined),
    beyond: "(p−1)F",
    beyondOf: (n) => even(n, (n.p - 1) * n.times[0]),
    live: "2p−1",
    liveOf: ({ p }) => 2 * p - 1,
  },
  {
    name: "zbv",
    v: 2,
    idle: "0",
    idleOf: (n) => even(n, 0),
    beyond: "(p−1)F",
    beyondOf: (n) => even(n, (n.p - 1) * n.times[0]),
    live: "2p",
    liveOf: ({ p }) => 2 * p,
  },
];

const make = ({ name, v }: Pick<Row, "name" | "v">, p: number, m: number): Schedule =>
  schedule(name, { ranks: p, microBatches: m, chunks: v });

/** A number to three digits behind the point. */
const short = (n: number | undefined) => (n === undefined ? "—" : String(Math.round(n * 1000) / 1000));
const percent = (n: number) => `${Math.round(n * 1000) / 10} %`;
const both = (formula: string, byFormula: number | undefined, simulated: number) => {
  if (byFormula !== undefined) expect(simulated).toBe(byFormula);
  return `${byFormula === undefined ? "—" : formula} | ${short(byFormula)} | ${short(simulated)}`;
};
/** `8 7 6 … 1` stays readable for many ranks. */
const list = (values: readonly number[]) => (new Set(values).size === 1 ? `${values[0]} each` : values.join(" "));

function table(p: number, m: number, times: Numbers["times"]): string[] {
  const [forward, inputGradient, weightGradient] = times;
  return [
    "| schedule | v | idle | by formula | simulated | bubble | makespan − computing | by formula | simulated | live chunks on rank r | simulated |",
    "| --- | ---: | --- | ---: | ---: | ---: | --- | ---: | ---: | --- | --- |",
    ...rows.map((row) => {
      const n: Numbers = { p, m, v: row.v, times };
      const found = simulateSchedule(make(row, p, m), { forward, inputGradient, weightGradient });
      const computing = m * row.v * (forward + inputGradient + weightGradient);
      const live = found.ranks.map(({ activations }) => activations);
      expect(live).toEqual(live.map((_, r) => row.liveOf(n, r)));
      const idle = both(row.idle, row.idleOf(n), worst(found));
      const beyond = both(row.beyond ?? row.idle, (row.beyondOf ?? row.idleOf)(n), found.makespan - computing);
      return `| \`${row.name}\` | ${row.v} | ${idle} | ${percent(found.bubble)} | ${beyond} | ${row.live} | ${list(live)} |`;
    }),
  ];
}

const worst = ({ ranks }: ScheduleSimulation) => Math.max(...ranks.map(({ idle }) => idle));

/** The same model on the same ranks: a rank's share of it takes 3, however many chunks it is cut into. */
const shared = { p: 4, m: 8 };
const drawn = rows.filter(({ name, v }) => name !== "interleaved" || v === 2);
const costs = (v: number) => ({ forward: 1 / v, inputGradient: 1 / v, weightGradient: 1 / v });
const until = simulateSchedule(make(rows[0]!, shared.p, shared.m), costs(1)).makespan;
const pictures = drawn.map((row) => ({
  ...row,
  file: `docs/images/pipeline-${row.name}.svg`,
  svg: renderSchedule(make(row, shared.p, shared.m), { costs: costs(row.v), until }),
  found: simulateSchedule(make(row, shared.p, shared.m), costs(row.v)),
}));

const about: Readonly<Record<ScheduleName, string>> = {
  gpipe: "All forwards, then all backwards. Every activation lives until its backward, so memory grows with m.",
  "1f1b":
    "p − r − 1 forwards to warm up, then a forward and a backward by turns. The bubble of GPipe, the memory of p micro-batches at most.",
  interleaved:
    "1F1B over v chunks a rank, stage s on rank s mod p; micro-batches pass a chunk in groups of p, so m must be a multiple of p. The bubble is v times smaller, messages are v times as many.",
  "zb-h1":
    "Backward in two parts: `I`, the gradient of the input, which the rank before waits for, and `W`, that of the weights, which nobody waits for and which fills gaps. Memory as 1F1B's first rank. Needs m ≥ p.",
  "zb-h2":
    "More forwards to warm up and `W` later still: no gap between the first and the last action of a rank, for twice the memory. Needs m ≥ 2p − 1.",
  zbv: "Two chunks a rank, placed in a V: stages r and 2p − 1 − r on rank r. No gap either, with as many live activations as 1F1B, as a chunk is half a stage. Needs m ≥ 2p − 1.",
};

const inPlans: readonly string[] = [
  "## In a plan",
  "",
  "`compile` takes micro-batches, stages and a schedule as options; the graph is written as for one device.",
  "",
  "```ts",
  "const plan = compile(training, {",
  "  dims: { batch: 128 },",
  "  microBatches: { batch: 8 }, // eight parts of the dim that inputs call batch",
  '  stages: "stage", // stages along this axis of the mesh; without it: where .to(placement) moves tensors',
  '  schedule: "zb-h1",',
  "});",
  "plan.pipeline; // its schedule, and the placement of each stage",
  "plan.renderTimeline(); // a picture of a step, simulated",
  "```",
  "",
  "*What runs when.* A micro-batch is a place in time as a rank is one in space, and the rules of an op say the same of both: what is split along the batch runs once a micro-batch, what is partial is added up over them, the rest runs once a step. So losses, means and gradients are those of the whole batch, also of micro-batches that differ by a row. Without stages the micro-batches go one after the other: gradient accumulation is the same mechanism.",
  "",
  '*Stages* are what lies between two moves from one placement to another; a placement that is met again has another chunk. A stage is a mesh of its own and may be data and tensor parallel. Along an axis of the mesh the compiler cuts the ops itself, so that all stages take about as long by the model of the device and little passes between them. The schedule is 1F1B where stages lie for it, interleaved or ZBV where those fit; [SL5025](errors/SL5025.md) says which do when the one that is wanted does not. A graph with fewer ops than places has fewer stages. A second graph over the same parameters, for evaluation, is cut as the first one\'s plan: `stages: { axis: "stage", as: plan }`.',
  "",
  "*Paths around stages* are messages from the stage that makes a tensor to the one that takes it. A layer that is used in several stages, such as a table of words that logits are tied to (`tokens.attend(h)`), lives where it is used first, its gradients are added up there. What inputs alone add up to over the whole batch, such as the number of rows that count, is there before the first action; an op that waits for all micro-batches otherwise is refused ([SL5026](errors/SL5026.md)). Batch norm takes the statistics of each micro-batch, and its running statistics move once a step, towards their mean by rows.",
  "",
  "*The step's end.* Parameters of a stage are updated when its own gradients are there, and the stage goes on with the next step: with ZB-H2 a row of steps takes hardly more than a rank computes. Clipping by the global norm is a barrier, as all updates wait for the norm: `plan.simulate().stepTime` has its cost, and the example prints it for each schedule (ZB-H2: 4.9 ms instead of 4.4). A schedule changes neither losses nor gradients.",
  "",
  "*Memory.* The schedule is known when memory is laid out, so `plan.memory` holds for it. What a stage keeps for its own backward pass has as many places as micro-batches are alive there, m with GPipe and p − r with 1F1B on rank r. What passes between stages has a place for every micro-batch at both ends, so schedules of several chunks, which pass more, may take more in all than their live activations say.",
  "",
  "`npm run pipeline` trains a network on four ranks by six schedules to the same losses. Its timelines of GPipe and of ZBV, with what transfers and updates take:",
  "",
  "![A step of GPipe on four ranks](images/timeline-gpipe.svg)",
  "",
  "![A step of ZBV on four ranks](images/timeline-zbv.svg)",
  "",
];

function page(): string {
  const small = schedule("1f1b", { ranks: 2, microBatches: 3 });
  return [
    "<!-- Written by npm run docs:pipeline from test/pipeline/page.test.ts. -->",
    "",
    "# Pipeline schedules",
    "",
    "A schedule says in which order each rank of a pipeline works: an order of actions for each rank and stream. It is data: generated, printed, read back, written by hand, proven safe, run on a virtual clock and drawn.",
    "",
    "```ts",
    'import { parseSchedule, printSchedule, renderSchedule, schedule, simulateSchedule, verifySchedule } from "sluice";',
    "",
    'const s = schedule("zbv", { ranks: 4, microBatches: 8 });',
    "verifySchedule(s);",
    "const { bubble, makespan, ranks } = simulateSchedule(s, { forward: 1, inputGradient: 1, weightGradient: 1 });",
    "const svg = renderSchedule(s);",
    "```",
    "",
    "## The schedules",
    "",
    `${shared.p} ranks, ${shared.m} micro-batches, and one model: a rank's share of it takes 1 for forward and 1 for each part of backward, in as many chunks as the schedule cuts it into. All pictures have the same scale; numbers are micro-batches, gaps are the bubble, later chunks are paler.`,
    "",
    "| schedule | makespan | bubble | most live activations, in shares of a rank |",
    "| --- | ---: | ---: | ---: |",
    ...pictures.map(({ name, v, found }) => {
      const live = Math.max(...found.ranks.map(({ activations }) => activations)) / v;
      return `| \`${name}\`${name === "interleaved" ? `, v = ${v}` : ""} | ${short(found.makespan)} | ${percent(found.bubble)} | ${short(live)} |`;
    }),
    "",
    ...pictures.flatMap(({ name, file }) => [
      `### \`${name}\``,
      "",
      about[name],
      "",
      `![${name} on ${shared.p} ranks](${file.replace("docs/", "")})`,
      "",
    ]),
    "Sources: GPipe, Huang et al. 2019 (arXiv 1811.06965); 1F1B and interleaved, Narayanan et al. 2021 (arXiv 2104.04473); ZB-H1 and ZB-H2, Qi et al. 2024 (arXiv 2401.10241); ZBV, Qi et al. 2024 (arXiv 2405.15362).",
    "",
    ...inPlans,
    "## Formulas and simulation",
    "",
    "p ranks, m micro-batches, v chunks a rank; F, I, W are the times of forward, gradient of the input and gradient of the weights of one chunk. *Idle* is the time that a rank does not compute between its first and its last action, of the rank that has most; the *bubble* is that as a share of what the rank computes, so (p − 1)/m for GPipe and 1F1B and (p − 1)/(vm) for the interleaved schedule. The *makespan* is when the last rank has ended; what it has beyond the computing of a rank is the idle time, or where there is none the time in which ranks begin and end one after the other. *Live chunks* are forwards begun whose backward, `W` included, has not ended; ranks are listed from the first on.",
    "",
    "### p = 4, m = 8, F = I = W = 1",
    "",
    ...table(4, 8, [1, 1, 1]),
    "",
    "### p = 8, m = 64, F = I = W = 1",
    "",
    ...table(8, 64, [1, 1, 1]),
    "",
    "### p = 4, m = 16, F = 1, I = 2, W = 1",
    "",
    "The order of a zero-bubble schedule is made for certain times. Its formulas hold for ZB-H1 where W ≤ F, for ZB-H2 where I ≤ F and 2W ≥ F + I, for ZBV where all three are equal; beyond that the clock says what is left of it.",
    "",
    ...table(4, 16, [1, 2, 1]),
    "",
    "All of it is tested for p = 2, 4, 8, v = 1, 2, 4, every m from p to 8p that a schedule allows, and five sets of times (`test/pipeline/formulas.test.ts`).",
    "",
    "## As text",
    "",
    "```text",
    printSchedule(small).trimEnd(),
    "```",
    "",
    "An action is `<stage><kind><micro-batch>`, with the letters that PyTorch's schedules print: `F` forward, `B` whole backward, `I` and `W` its two parts, `SEND_F` and `RECV_F` activations, `SEND_B` and `RECV_B` gradients. `stages` has the rank of each stage. `parseSchedule` reads it back, and takes less: without a head a stage is where it is first computed; `0:` is `0 compute:`; a text without any transfers gets all that it needs; `#` begins a comment; commas separate as spaces do.",
    "",
    "## Safe or not",
    "",
    "Streams work in order, so everything that an action waits for is known: the one before it, what it reads, and with `buffers` a free place for a message. A schedule is safe exactly when these waits have no circle, whatever its actions take. `verifySchedule` proves it, or names a shortest circle ([SL5012](errors/SL5012.md)); before that it finds actions that are missing, there twice or in the wrong place ([SL5011](errors/SL5011.md)). All schedules above are safe with one buffer for each kind of message between two neighbouring stages, and on equal stages lose nothing by it while messages take no time; with two, messages travel while the one before is read.",
    "",
    "Transfers are ordered for stages of equal times. A stream has one order, so where stages differ much a message may wait behind another one that is late.",
    "",
  ].join("\n");
}

function holds(file: string, text: string): void {
  if (process.env.PIPELINE_DOCS === "write") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(readFileSync(file, "utf8") === text, `${file} is not what is made; npm run docs:pipeline writes it`).toBe(
    true,
  );
}

test("docs/pipeline.md is what is simulated, and that is what the formulas say", () =>
  holds("docs/pipeline.md", page()));

test.each(pictures)("the picture of $name is the one that is drawn", ({ file, svg }) => holds(file, svg));

test("the bubble shrinks from GPipe to ZBV", () => {
  const made = (name: ScheduleName) => pictures.find((each) => each.name === name)!.found;
  const order = ["gpipe", "interleaved", "zb-h1", "zbv"] as const;
  const bubbles = order.map((name) => made(name).bubble);
  expect(bubbles).toEqual([0.375, 0.1875, 0.125, 0]);
  const spans = order.map((name) => made(name).makespan);
  expect(spans).toEqual([...spans].sort((a, b) => b - a));
});
