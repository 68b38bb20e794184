/**
 * @file `npm run bench`: images/s of the MNIST MLP on several meshes, the time that actors take of a step, and the speed of
 * the shared-memory all-reduce. Rounds of the meshes are interleaved, so that a slow minute of the machine meets all of
 * them; figures are medians over rounds. Writes `bench/results.json` with the machine, versions, date and command.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { array, B, compile, graph, launch, nn, optim, P, placement, S } from "sluice";

const { values: options } = parseArgs({
  options: {
    steps: { type: "string", default: "300" },
    rounds: { type: "string", default: "5" },
    batch: { type: "string", default: "128" },
  },
});
const steps = Number(options.steps);
const rounds = Number(options.rounds);
const batch = Number(options.batch);
const warmUp = 50;

const median = (xs: readonly number[]) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)] ?? Number.NaN;

/** One batch, fed again and again: what is measured is the runtime and the kernels, not a loader. */
function* batches(count: number) {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const image = array([batch, 784], "float32", Float32Array.from({ length: batch * 784 }, random));
  const label = array(
    [batch],
    "int32",
    Int32Array.from({ length: batch }, () => Math.floor(random() * 10)),
  );
  for (let i = 0; i < count; i++) yield { image, label };
}

function mlp(data: number, model: number) {
  const mesh = placement("cpu", { data, model });
  const net = nn.sequential(nn.linear(784, 512, { name: "fc1" }), nn.relu(), nn.linear(512, 10, { name: "fc2" }));
  const training = graph(
    mesh,
    {
      name: "bench",
      model: net,
      inputs: {
        image: mesh.input(["batch", 784], "float32", { data: S(0) }),
        label: mesh.input(["batch"], "int32", { data: S(0) }),
      },
    },
    ({ image, label }, g) => {
      const loss = nn.softmaxCrossEntropy(net(image), label).mean();
      g.minimize(loss, optim.adamW({ lr: 1e-3 }));
      return { loss };
    },
  );
  const sharding = { "fc1.weight": { model: S(1) }, "fc2.weight": { model: S(0) } } as const;
  return compile(training, { dims: { batch }, sharding });
}

interface Training {
  readonly mesh: string;
  readonly threads: number;
  readonly msPerStep: number;
  readonly imagesPerSecond: number;
  readonly actorMsPerStep: number;
  readonly actorShare: number;
  readonly messagesPerStep: number;
}

async function trainings(): Promise<Training[]> {
  const meshes = [
    [1, 1],
    [2, 1],
    [1, 2],
    [2, 2],
  ] as const;
  const plans = meshes.map(([data, model]) => ({ mesh: `data ${data} × model ${model}`, plan: mlp(data, model) }));
  const samples = plans.map(() => [] as { ms: number; actors: number; messages: number; threads: number }[]);
  for (let round = 0; round < rounds; round++)
    for (const [i, { mesh, plan }] of plans.entries()) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${mesh}\n`);
      await using session = await launch(plan);
      for await (const _ of session.run(batches(warmUp)));
      const before = session.stats;
      const start = performance.now();
      for await (const _ of session.run(batches(steps)));
      const ms = (performance.now() - start) / steps;
      const { loopMs, messages } = session.stats;
      samples[i]!.push({
        ms,
        actors: (loopMs - before.loopMs) / steps,
        messages: (messages - before.messages) / steps,
        threads: session.threads,
      });
    }
  return plans.map(({ mesh }, i) => {
    const of = (key: "ms" | "actors" | "messages" | "threads") => median(samples[i]!.map((s) => s[key]));
    return {
      mesh,
      threads: of("threads"),
      msPerStep: of("ms"),
      imagesPerSecond: (batch * 1000) / of("ms"),
      actorMsPerStep: of("actors"),
      actorShare: of("actors") / of("ms"),
      messagesPerStep: of("messages"),
    };
  });
}

interface Reduction {
  readonly ranks: number;
  readonly bytes: number;
  readonly microseconds: number;
  /** Bytes of the reduced tensor over time. */
  readonly gigabytesPerSecond: number;
}

/** The all-reduce task alone, from the first rank's start to the last one's end, by the executors' own clocks. */
async function reductions(): Promise<Reduction[]> {
  const out: Reduction[] = [];
  for (const ranks of [2, 4])
    for (const bytes of [1 << 20, 16 << 20]) {
      process.stderr.write(`all-reduce of ${bytes >> 20} MiB on ${ranks} ranks\n`);
      const mesh = placement("cpu", { d: ranks });
      const count = bytes / 4;
      // The tensor is made on the ranks: feeding it from the host would compete for the cores that are measured.
      const wide = nn.linear(1, count, { name: "wide" });
      const g = graph(
        mesh,
        { name: "reduce", model: wide, inputs: { x: mesh.input([1, 1], "float32", { d: B }) } },
        (on) => ({
          sum: wide(on.x)
            .to(mesh, { d: P("sum") })
            .to(mesh, { d: B })
            .mean(),
        }),
      );
      const plan = compile(g);
      const task = plan.data.collectives.find((c) => c.kind === "all-reduce")!.task;
      const times = new Map<number, { start: number; end: number }>();
      await using session = await launch(plan, { trace: true });
      const watching = session.events$.subscribe((event) => {
        if (event.type !== "task" || event.phase !== "done" || session.templateOf(event.task) !== task) return;
        const known = times.get(event.seq);
        times.set(event.seq, {
          start: Math.min(known?.start ?? event.start, event.start),
          end: Math.max(known?.end ?? event.end, event.end),
        });
      });
      const x = array([1, 1], "float32", new Float32Array([1]));
      for await (const _ of session.run(Array.from({ length: 120 }, () => ({ x }))));
      watching.unsubscribe();
      const ms = median([...times.values()].slice(60).map(({ start, end }) => end - start));
      out.push({ ranks, bytes, microseconds: ms * 1000, gigabytesPerSecond: bytes / ms / 1e6 });
    }
  return out;
}

const git = () => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
};

const results = {
  command: `npm run bench -- --steps ${steps} --rounds ${rounds} --batch ${batch}`,
  date: new Date().toISOString().slice(0, 10),
  commit: git(),
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  },
  training: await trainings(),
  allReduce: await reductions(),
};
writeFileSync(new URL("./results.json", import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
for (const t of results.training)
  console.log(
    `${t.mesh} (${t.threads} threads): ${t.msPerStep.toFixed(2)} ms a step, ${Math.round(t.imagesPerSecond)} images/s, actors ${(t.actorShare * 100).toFixed(1)} % of the step, ${t.messagesPerStep.toFixed(0)} messages`,
  );
for (const r of results.allReduce)
  console.log(
    `all-reduce ${r.bytes >> 20} MiB, ${r.ranks} ranks: ${r.gigabytesPerSecond.toFixed(1)} GB/s (${r.microseconds.toFixed(0)} µs)`,
  );
