/** @file What actors cost: time on the event loop a step and a firing, and throughput while the user blocks the loop. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { array, compile, graph, launch, nn, optim, placement, S } from "sluice";
import { median } from "../machine.ts";
import { models, type Work } from "../models.ts";
import { stagedGpt } from "./stages.ts";

export interface Dispatch {
  readonly plan: string;
  readonly actors: number;
  readonly firings: number;
  readonly messages: number;
  /** On the event loop, a step: the median, for a thread that gets a core meanwhile is not the actors' time. */
  readonly actorMs: number;
  /** Of wall time, with work that takes next to none. */
  readonly microsecondsAFiring: number;
}

/** Blocks of two layers, split over columns and rows, so small that a step is all dispatch. */
function small(): Work {
  const mesh = placement("cpu", { data: 2, model: 2 });
  const [width, rows] = [32, 32];
  const block = (i: number) =>
    nn.sequential(
      nn.linear(width, 2 * width, { name: `up${i}` }),
      nn.gelu(),
      nn.linear(2 * width, width, { name: `down${i}` }),
    );
  const net = nn.sequential(block(0), block(1), block(2), block(3), block(4), block(5));
  const inputs = { x: mesh.input([rows, width], "float32", { data: S(0) }) };
  const made = graph(mesh, { name: "small blocks", model: net, inputs }, ({ x }, g) => {
    const loss = net(x).mul(2).mean();
    g.minimize(loss, optim.adamW({ lr: 1e-3 }));
    return { loss };
  });
  const sharding = { "*.up*.weight": { model: S(1) }, "*.down*.weight": { model: S(0) } } as const;
  return {
    plan: compile(made, { sharding }),
    feed: { x: array([rows, width], "float32", new Float32Array(rows * width)) },
  };
}

function* repeat<T>(one: T, count: number): Generator<T> {
  for (let i = 0; i < count; i++) yield one;
}

/** @param batches how many of them make one step: the micro-batches of a pipeline */
async function steps({ plan, feed }: Work, warmUp: number, count: number, batches = 1): Promise<Dispatch> {
  await using session = await launch(plan);
  for await (const _ of session.run(repeat(feed, warmUp * batches) as never));
  const before = session.stats;
  const begin = performance.now();
  /** The loop works ahead in bursts, so some batches are looked at together. */
  const together = Math.max(batches, 20);
  const times: number[] = [];
  let last = before.loopMs;
  for await (const { step } of session.run(repeat(feed, count * batches) as never)) {
    if ((step + 1) % together > 0) continue;
    const { loopMs } = session.stats;
    times.push(((loopMs - last) * batches) / together);
    last = loopMs;
  }
  const ms = performance.now() - begin;
  const after = session.stats;
  // The ends on the host are actors that fire too.
  const launches = (after.launches - before.launches) / count;
  const work = plan.data.tasks.filter(({ stream }) => stream !== "host");
  return {
    plan: plan.name,
    actors: 2 + work.reduce((sum, { placement }) => sum + plan.data.placements[placement]!.ranks.length, 0),
    firings: Math.round(launches) + 2 * batches,
    messages: Math.round((after.messages - before.messages) / count),
    actorMs: median(times),
    microsecondsAFiring: (1000 * ms) / count / launches,
  };
}

export const dispatchOfSmall = (): Promise<Dispatch> => steps(small(), 500, 2000);
export const dispatchOfGpt = (): Promise<Dispatch> => steps(stagedGpt(), 100, 300, 8);

export interface Blocked {
  /** Samples a second with the loop free. */
  readonly free: number;
  /** Shares of them that are lost while the loop is blocked for 2 ms in every 4: asleep, and computing. */
  readonly asleep: number;
  readonly computing: number;
  /** Lost while another thread computes as much and the loop is free: what the cores cannot give. */
  readonly beside: number;
}

const nobody = new Int32Array(new SharedArrayBuffer(4));
const sleep = () => Atomics.wait(nobody, 0, 0, 2);
const compute = () => {
  const until = performance.now() + 2;
  while (performance.now() < until);
};

/** Runs something while another thread computes as `compute` does, half of the time. */
async function besides<T>(run: () => Promise<T>): Promise<T> {
  const half =
    "const f = () => { const until = performance.now() + 2; while (performance.now() < until); setTimeout(f, 2); };";
  const other = new Worker(`${half} f();`, { eval: true });
  await once(other, "online");
  try {
    return await run();
  } finally {
    await other.terminate();
  }
}

/** One rank, so that there is a core for a loop that computes; where other programs have it, that is what is seen. */
export async function blockedLoop(): Promise<Blocked> {
  const batch = 128;
  const { plan, feed } = models.mlp(1, batch);
  await using session = await launch(plan);
  const rate = async (block?: () => void) => {
    const count = 200;
    const timer = block && setInterval(block, 2); // counted from the end of the one before
    const begin = performance.now();
    for await (const _ of session.run(repeat(feed, count) as never));
    const ms = performance.now() - begin;
    clearInterval(timer);
    return (1000 * batch * count) / ms;
  };
  await rate();
  const free: number[] = [];
  const lost = { asleep: [] as number[], computing: [] as number[], beside: [] as number[] };
  for (let round = 0; round < 5; round++) {
    const before = await rate();
    const [asleep, computing, beside] = [await rate(sleep), await rate(compute), await besides(rate)];
    const base = (before + (await rate())) / 2;
    free.push(base);
    lost.asleep.push(1 - asleep / base);
    lost.computing.push(1 - computing / base);
    lost.beside.push(1 - beside / base);
  }
  const { asleep, computing, beside } = lost;
  return { free: median(free), asleep: median(asleep), computing: median(computing), beside: median(beside) };
}
