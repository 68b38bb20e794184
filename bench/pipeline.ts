/**
 * @file `npm run bench:pipeline`: the bubble of pipelines on real threads. Two equal stages, a rank and a thread each, by
 * every schedule; rounds of all of them take turns. Writes bench/pipeline.json.
 *
 * The bubble is what a rank waits between its first and its last action of a step, as a share of what it computes there,
 * of the rank that waits most: as `simulateSchedule` and `plan.simulate` define it. A step is alone: the next batch is
 * given when its losses are there. Beside each step stands what its schedule gives on a clock when every action takes
 * what it took in that step: what is more than that is the runtime's, and not the schedule's or a busy machine's.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  array,
  compile,
  graph,
  launch,
  nn,
  optim,
  placement,
  type ScheduleName,
  type SessionEvent,
  simulateSchedule,
} from "sluice";
import { clock } from "../src/compiler/pipeline/clock.ts";
import { provenWaits } from "../src/compiler/pipeline/verify.ts";
import type { Action, Schedule } from "../src/ir/pipeline.ts";
import { circumstances, median } from "./machine.ts";

const [ranks, microBatches, rows, width, layers] = [2, 8, 1024, 384, 8];
const [rounds, warmUp, steps] = [3, 3, 10];

const stagesOf: Readonly<Record<ScheduleName, readonly number[]>> = {
  gpipe: [0, 1],
  "1f1b": [0, 1],
  interleaved: [0, 1, 0, 1],
  "zb-h1": [0, 1],
  "zb-h2": [0, 1],
  zbv: [0, 1, 1, 0],
};

function planOf(name: ScheduleName) {
  const mesh = placement("cpu", { stage: ranks, data: 1 });
  const places = stagesOf[name].map((stage) => mesh.slice({ stage }));
  const [first, last] = [places[0]!, places.at(-1)!];
  const enter = nn.linear(8, width, { name: "enter" });
  const net = Array.from({ length: layers }, (_, i) => nn.linear(width, width, { name: `block${i}` }));
  const inputs = { x: first.input(["batch", 8], "float32") };
  const made = graph(places, { name: "stages", inputs }, ({ x }, g) => {
    let h = enter(x);
    for (const [i, layer] of net.entries()) h = layer(h.to(places[Math.floor((i * places.length) / layers)]!)).relu();
    const loss = h.to(last).square().mean();
    g.minimize(loss, optim.sgd({ lr: 1e-3 }));
    return { loss };
  });
  return compile(made, { dims: { batch: rows }, microBatches: { batch: microBatches }, schedule: name });
}

interface Span {
  readonly start: number;
  readonly end: number;
}
/** A step in milliseconds and its bubble: on the threads, and on the clock with the times of its actions. */
interface Measured {
  readonly step: number;
  readonly bubble: number;
  readonly expected: { readonly step: number; readonly bubble: number };
}

const length = ({ start, end }: Span) => end - start;
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const x = array(
  [rows, 8],
  "float32",
  Float32Array.from({ length: rows * 8 }, (_, i) => Math.sin(i)),
);

async function round(plan: ReturnType<typeof planOf>): Promise<Measured[]> {
  const done: { readonly task: number; readonly seq: number; readonly start: number; readonly end: number }[] = [];
  await using session = await launch(plan, { trace: true, threads: ranks });
  session.events$.subscribe((event: SessionEvent) => {
    const task = event.type === "task" && event.phase === "done" ? session.templateOf(event.task) : undefined;
    if (event.type === "task" && event.phase === "done" && task !== undefined)
      done.push({ task, seq: event.seq, start: event.start, end: event.end });
  });
  // One run a step: it is over when its last update is.
  for (let step = 0; step < warmUp + steps; step++) for await (const _ of session.run([{ x }], { prefetch: 0 }));
  const seqs = [...new Set(done.map(({ seq }) => seq))].sort((a, b) => a - b).slice(warmUp);
  const { tasks, placements } = plan.data;
  return seqs.map((seq) => {
    const acts = done.filter(
      (each) => each.seq === seq && tasks[each.task]!.action && tasks[each.task]!.stream === "compute",
    );
    const rankOf = (task: number) => placements[tasks[task]!.placement]!.ranks[0]!;
    const spans = acts.map(({ task, start, end }) => ({ rank: rankOf(task), start, end }));
    const took = new Map<string, number>();
    for (const act of acts) {
      const name = nameOf(tasks[act.task]!.action!);
      took.set(name, (took.get(name) ?? 0) + length(act));
    }
    return {
      ...used(spans),
      expected: used(onClock(plan.pipeline!.schedule, (action) => took.get(nameOf(action)) ?? 0)),
    };
  });
}

const nameOf = ({ stage, kind, microBatch }: Action) => `${stage}${kind}${microBatch}`;

interface RankSpan extends Span {
  readonly rank: number;
}
function used(spans: readonly RankSpan[]) {
  const shares = Array.from({ length: ranks }, (_, rank) => {
    const own = spans.filter((span) => span.rank === rank);
    const busy = sum(own.map(length));
    return (lengthOf(own) - busy) / busy;
  });
  return { step: lengthOf(spans), bubble: Math.max(...shares) };
}
const lengthOf = (spans: readonly Span[]) =>
  Math.max(...spans.map(({ end }) => end)) - Math.min(...spans.map(({ start }) => start));

/** The schedule with a time for each action; messages take none. */
function onClock(schedule: Schedule, time: (action: Action) => number): RankSpan[] {
  const waits = provenWaits("bench", schedule);
  const { start, end } = clock(waits, (n) => time(waits.actions[n]!));
  return waits.lanes.flatMap((at, n) => {
    const { rank, stream } = schedule.lanes[at]!;
    return stream === "compute" ? [{ rank, start: start[n]!, end: end[n]! }] : [];
  });
}

const names = Object.keys(stagesOf) as ScheduleName[];
const plans = new Map(names.map((name) => [name, planOf(name)]));
const found = new Map<ScheduleName, Measured[]>(names.map((name) => [name, []]));
const { load, ...rest } = circumstances();
for (let i = 0; i < rounds; i++) for (const name of names) found.get(name)!.push(...(await round(plans.get(name)!)));

const round3 = (n: number) => Math.round(n * 1e3) / 1e3;
const lines = Object.fromEntries(
  names.map((name) => {
    const { schedule } = plans.get(name)!.pipeline!;
    const all = found.get(name)!;
    const line = {
      step: round3(median(all.map(({ step }) => step))),
      expected: round3(median(all.map(({ expected }) => expected.step))),
      /** Of each step, what it took over what the clock says. */
      ratio: round3(median(all.map(({ step, expected }) => step / expected.step))),
      bubble: round3(median(all.map(({ bubble }) => bubble))),
      least: round3(Math.min(...all.map(({ bubble }) => bubble))),
      expectedBubble: round3(median(all.map(({ expected }) => expected.bubble))),
      more: round3(median(all.map(({ bubble, expected }) => bubble - expected.bubble))),
      formula: round3(simulateSchedule(schedule, { forward: 1, inputGradient: 1, weightGradient: 1 }).bubble),
    };
    console.log(
      `${name}: ${line.step} ms a step, × ${line.ratio} of the clock's; bubble ${line.bubble} (least ${line.least}), on the clock ${line.expectedBubble}, by formula ${line.formula}`,
    );
    return [name, line];
  }),
);
const shape = { ranks, microBatches, rows, width, layers };
const file = fileURLToPath(new URL("./pipeline.json", import.meta.url));
writeFileSync(file, `${JSON.stringify({ command: "npm run bench:pipeline", load, ...rest, shape, lines }, null, 2)}\n`);
