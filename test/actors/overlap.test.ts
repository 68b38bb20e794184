/** @file Communication behind computing, on links that make it wait: what overlaps, and what one slot forbids. */
import {
  array,
  B,
  compile,
  graph,
  type LaunchOptions,
  launch,
  nn,
  OptionError,
  optim,
  type Plan,
  placement,
  S,
} from "sluice";
import { expect, test } from "vitest";

const mesh = placement("cpu", { d: 2 });
/** Slow enough that nobody takes a wait for anything else: 40 ms to start. */
const links = { local: { alpha: 0.04, beta: 0 } };

interface Slice {
  readonly task: string;
  readonly rank: number;
  readonly stream: "compute" | "comm";
  readonly step: number;
  readonly start: number;
  readonly end: number;
}

interface TraceFile {
  readonly traceEvents: readonly {
    readonly ph: string;
    readonly pid: number;
    readonly tid: number;
    readonly ts: number;
    readonly dur: number;
    readonly name: string;
    readonly args: { readonly step: number };
  }[];
}

/** What the trace of a session shows of the ranks. Microseconds. */
async function traced<I extends object>(plan: Plan, batches: readonly I[], options: LaunchOptions): Promise<Slice[]> {
  await using session = await launch(plan, { ...options, trace: true });
  for await (const _ of session.run(batches as never));
  const { traceEvents } = JSON.parse(session.trace()) as TraceFile;
  return traceEvents
    .filter(({ ph, pid }) => ph === "X" && pid > 1)
    .map(({ pid, tid, ts, dur, name, args }) => ({
      task: name,
      rank: pid - 2,
      stream: tid === 1 ? "compute" : "comm",
      step: args.step,
      start: ts,
      end: ts + dur,
    }));
}

/** Doubles x and adds it up over the ranks: one task that computes, one that talks. */
function summing(slots: number) {
  const inputs = { x: mesh.input([8, 64], "float32", { d: S(0) }) };
  const made = graph(mesh, { name: "summing", inputs }, ({ x }) => ({
    total: x.mul(2).sum(0).to(mesh, { d: B }),
  }));
  return compile(made, { dims: {}, slots });
}
const x = { x: array([8, 64], "float32", new Float32Array(512).fill(1)) };

test.each([
  [1, "ends before the next step computes"],
  [2, "is on its way while the next step computes"],
])("with %i slots what talks %s", { timeout: 60_000 }, async (slots, _) => {
  const slices = await traced(summing(slots), Array(6).fill(x), { links });
  for (const rank of [0, 1])
    for (let step = 0; step < 5; step++) {
      const of = (stream: string, at: number) =>
        slices.find((s) => s.rank === rank && s.step === at && s.stream === stream)!;
      const [talks, next] = [of("comm", step), of("compute", step + 1)];
      expect(talks.end - talks.start).toBeGreaterThanOrEqual(40_000);
      if (slots === 1) expect(next.start).toBeGreaterThanOrEqual(talks.end);
      else expect(next.end).toBeLessThan(talks.end);
    }
});

test("on one thread nothing overlaps, and the numbers are the same", { timeout: 60_000 }, async () => {
  const plan = summing(2);
  const one = await traced(plan, Array(4).fill(x), { links, mapping: "rank", threads: 2 });
  for (const rank of [0, 1]) {
    const mine = one.filter((s) => s.rank === rank).sort((a, b) => a.start - b.start);
    for (const [i, { start }] of mine.entries()) expect(start).toBeGreaterThanOrEqual(mine[i - 1]?.end ?? 0);
  }
  const totals = async (options: LaunchOptions) => {
    await using session = await launch(plan, options);
    const all: number[][] = [];
    for await (const { total } of session.run([x, x, x])) all.push([...(total as { data: Float32Array }).data]);
    return all;
  };
  expect(await totals({ links })).toEqual(await totals({}));
});

/** Layers of 512 KiB, so that each is a bucket of its own. */
function training(count = 4) {
  const width = 362;
  const layer = (i: number) => nn.linear(width, width, { name: `fc${i}` });
  const net = nn.sequential(...(Array.from({ length: count }, (_, i) => layer(i)) as [ReturnType<typeof layer>]));
  const inputs = { x: mesh.input([512, width], "float32", { d: S(0) }) };
  const made = graph(mesh, { name: "deep", model: net, inputs }, (on, g) => {
    const loss = net(on.x).mul(0.5).mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  const plan = compile(made, { dims: {}, sharding: { "*": { d: B } } });
  const batch = { x: array([512, width], "float32", new Float32Array(512 * width).fill(0.1)) };
  return { plan, batch };
}

test("a bucket of gradients leaves before the layers below have theirs, and is updated before the last has arrived", () => {
  const { plan } = training();
  const tasks = plan.data.tasks.filter(({ stream }) => stream !== "host");
  expect(tasks.map(({ stream }) => stream).join(" ")).toBe(
    "compute comm compute comm compute comm compute comm compute compute compute compute",
  );
  const firsts = (stream: string) => tasks.filter((t) => t.stream === stream).map(({ ops }) => ops.at(-1)!);
  expect(firsts("comm").map((name) => name.match(/fc\d/)![0])).toEqual(["fc3", "fc2", "fc1", "fc0"]);
  expect(
    firsts("compute")
      .slice(4)
      .map((name) => name.match(/fc\d/)![0]),
  ).toEqual(["fc3", "fc2", "fc1", "fc0"]);
});

test("buckets travel while the backward pass goes on, and while others are updated", { timeout: 60_000 }, async () => {
  const { plan, batch } = training();
  const slices = await traced(plan, [batch, batch, batch], { links });
  for (const rank of [0, 1])
    for (const step of [0, 1, 2]) {
      const of = (stream: string) => slices.filter((s) => s.rank === rank && s.step === step && s.stream === stream);
      const [compute, comm] = [of("compute"), of("comm")].map((list) => list.sort((a, b) => a.start - b.start));
      // The whole backward pass is over before the first bucket has arrived; then each bucket is updated while the next travels.
      expect(compute![3]!.end).toBeLessThan(comm![0]!.end);
      for (let i = 0; i < 3; i++) {
        expect(compute![4 + i]!.start).toBeGreaterThanOrEqual(comm![i]!.end);
        expect(compute![4 + i]!.end).toBeLessThan(comm![i + 1]!.end);
      }
    }
});

test("slow starts make larger buckets", () => {
  const width = 362;
  const net = nn.sequential(nn.linear(width, width, { name: "a" }), nn.linear(width, width, { name: "b" }));
  const made = graph(
    mesh,
    { name: "two", model: net, inputs: { x: mesh.input([512, width], "float32", { d: S(0) }) } },
    (on, g) => {
      const loss = net(on.x).mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    },
  );
  const count = (local: { readonly alpha: number; readonly beta: number }) =>
    compile(made, { dims: {}, sharding: { "*": { d: B } }, links: { local } }).data.collectives.length;
  expect(count({ alpha: 1e-6, beta: 1e-10 })).toBe(2);
  expect(count({ alpha: 1e-3, beta: 1e-10 })).toBe(1);
});

test("links decide the mapping, an option overrides it, and nonsense is refused", async () => {
  const plan = summing(2);
  const mappingFor = async (options: LaunchOptions) => {
    await using session = await launch(plan, options);
    return [session.mapping, session.threads];
  };
  expect(await mappingFor({ links, threads: 1 })).toEqual(["stream", 3]);
  expect(await mappingFor({ links, threads: 1, mapping: "rank" })).toEqual(["rank", 1]);
  expect(await mappingFor({ threads: 1 })).toEqual(["rank", 1]);
  await expect(launch(plan, { links: { near: 1 } as never })).rejects.toThrow(OptionError);
  await expect(launch(plan, { links: { local: { alpha: -1, beta: 0 } } })).rejects.toThrow(/launch.*alpha.*SL1075/s);
});

test("a session is closed while its threads wait for a link", { timeout: 20_000 }, async () => {
  const session = await launch(summing(2), { links: { local: { alpha: 600, beta: 0 } } });
  const run = (async () => {
    for await (const _ of session.run([x]));
  })();
  const ended = expect(run).rejects.toThrow(/SL4011/);
  setTimeout(() => void session.close(), 50);
  await ended;
  await session.close();
  expect(session.status).toBe("closed");
});

test("a loop that is blocked half of the time costs less than 30 % of throughput: work is queued ahead", {
  timeout: 60_000,
}, async () => {
  await using session = await launch(summing(2), { links: { local: { alpha: 0.02, beta: 0 } } }); // a step in 20 ms
  const rate = async (steps: number) => {
    const begin = performance.now();
    for await (const _ of session.run(Array(steps).fill(x) as never));
    return steps / (performance.now() - begin);
  };
  await rate(5);
  const free = await rate(40);
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  let blocked = 0;
  const timer = setInterval(() => {
    Atomics.wait(nobody, 0, 0, 20);
    blocked += 20;
  }, 20);
  const begin = performance.now();
  const kept = (await rate(40)) / free;
  const share = blocked / (performance.now() - begin);
  clearInterval(timer);
  expect(share).toBeGreaterThan(0.4);
  expect(kept).toBeGreaterThan(0.7);
});
