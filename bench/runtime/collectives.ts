/**
 * @file How fast tensors move between ranks that share memory. A collective begins when the last rank has its input and is
 * over when the last has its result, by the executors' own clocks, so waking threads counts. Bandwidth is that of
 * nccl-tests' "algorithm": bytes of the whole tensor over time. Beside it one thread that copies as many bytes.
 */
import { array, B, compile, graph, launch, nn, P, placement, S } from "sluice";
import { median } from "../machine.ts";

export const kinds = ["all-reduce", "reduce-scatter", "all-gather", "all-to-all"] as const;
export type Kind = (typeof kinds)[number];
/** With how many steps each is timed. */
export const sizes: readonly (readonly [bytes: number, steps: number])[] = [
  [4 << 10, 400],
  [1 << 20, 200],
  [16 << 20, 40],
  [64 << 20, 12],
];
const mebibyte = 1 << 20;
export const sizeText = (bytes: number) => (bytes < mebibyte ? `${bytes / 1024} KiB` : `${bytes / mebibyte} MiB`);

export interface Moved {
  readonly kind: Kind;
  readonly bytes: number;
  readonly ranks: number;
  readonly microseconds: number;
  readonly gigabytesPerSecond: number;
  /** Of a copy of as many bytes, measured at the same time. */
  readonly memcpy: number;
}

/** GB/s of one thread, from memory that was written before to memory that was. */
function memcpy(bytes: number): number {
  const [from, to] = [new Uint8Array(bytes).fill(1), new Uint8Array(bytes).fill(2)];
  const times = Array.from({ length: 24 }, () => {
    const turns = Math.max(1, mebibyte / bytes);
    const begin = performance.now();
    for (let i = 0; i < turns; i++) to.set(from);
    return (performance.now() - begin) / turns;
  });
  return bytes / median(times.slice(4)) / 1e6;
}

/** The tensor is made on the ranks in every step: one that the host fed would compete for the cores that are measured. */
function planFor(kind: Kind, ranks: number, bytes: number) {
  const mesh = placement("cpu", { d: ranks });
  const wide = nn.linear(1, bytes / 16, { name: "wide" });
  const inputs = { x: mesh.input([4, 1], "float32", { d: B }) };
  const ends = {
    "all-reduce": [P("sum"), B],
    "reduce-scatter": [P("sum"), S(1)],
    "all-gather": [S(1), B],
    "all-to-all": [S(0), S(1)],
  } as const;
  const [from, to] = ends[kind];
  const made = graph(mesh, { name: kind, model: wide, inputs }, ({ x }) => ({
    mean: wide(x).to(mesh, { d: from }).to(mesh, { d: to }).mean(),
  }));
  return compile(made, { slots: 1 });
}

export async function measure(kind: Kind, ranks: number, bytes: number, steps: number): Promise<Moved> {
  const plan = planFor(kind, ranks, bytes);
  const task = plan.data.collectives.find((one) => one.kind === kind)!.task;
  const makers = new Set(plan.data.edges.filter((edge) => edge.to === task).map(({ from }) => from));
  const ready = new Map<number, number>();
  const over = new Map<number, number>();
  await using session = await launch(plan, { trace: true });
  const latest = (of: Map<number, number>, seq: number, end: number) => of.set(seq, Math.max(of.get(seq) ?? 0, end));
  session.events$.subscribe((event) => {
    if (event.type !== "task" || event.phase !== "done") return;
    const template = session.templateOf(event.task)!;
    if (template === task) latest(over, event.seq, event.end);
    else if (makers.has(template)) latest(ready, event.seq, event.end);
  });
  const x = array([4, 1], "float32", new Float32Array(4).fill(1));
  for await (const _ of session.run(Array.from({ length: steps }, () => ({ x }))));
  const times = [...over].map(([seq, end]) => end - ready.get(seq)!).slice(Math.floor(steps / 4));
  const ms = median(times);
  return {
    kind,
    bytes,
    ranks,
    microseconds: ms * 1000,
    gigabytesPerSecond: bytes / ms / 1e6,
    memcpy: memcpy(bytes),
  };
}
