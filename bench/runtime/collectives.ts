/**
 * @file How fast tensors move between ranks that share memory. A collective begins when the last rank has its input and is
 * over when the last has its result, by the executors' own clocks, so waking threads counts. Bandwidth is that of
 * nccl-tests' "algorithm": bytes of the whole tensor over time. Beside it one thread that copies as many bytes, and the
 * same in another system, all on tensors that were written just before.
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

/** Bytes a microsecond are MB/s; of a collective those of the whole tensor. */
export interface Moved {
  readonly kind: Kind;
  readonly bytes: number;
  readonly ranks: number;
  /** Medians over all turns. */
  readonly microseconds: number;
  readonly gigabytesPerSecond: number;
  /** GB/s of one thread that copies as many bytes. */
  readonly memcpy: number;
  /** Microseconds in PyTorch; absent where it is not set up, or has no such collective. */
  readonly gloo?: number;
  /** The shortest of all, here and in the copy, in microseconds: what other programs leave no mark on. */
  readonly least: { readonly collective: number; readonly memcpy: number };
}

/** Microseconds in another system, a number a call. */
export type Peer = (kind: Kind, bytes: number, count: number) => Promise<readonly number[] | undefined>;

/** Here, a copy and the peer, again and again, so that a slow moment of the machine meets all. */
const turns = 3;

/** Copies what was written just before, as a collective finds its input: from as near to the processor as it fits. */
function memcpy(bytes: number): () => number {
  const count = Math.max(1, mebibyte / bytes);
  const [from, to] = [new Uint8Array(count * bytes), new Uint8Array(count * bytes)];
  const parts = Array.from({ length: count }, (_, i) => from.subarray(i * bytes, (i + 1) * bytes));
  let value = 0;
  return () => {
    from.fill(++value);
    const begin = performance.now();
    for (let i = 0; i < count; i++) to.set(parts[i]!, i * bytes);
    return (1000 * (performance.now() - begin)) / count;
  };
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

export async function measure(kind: Kind, ranks: number, bytes: number, steps: number, peer?: Peer): Promise<Moved> {
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
  const copy = memcpy(bytes);
  const [here, copied, there]: [number[], number[], number[]] = [[], [], []];
  for (let turn = 0; turn < turns; turn++) {
    over.clear();
    for await (const _ of session.run(Array.from({ length: steps }, () => ({ x }))));
    const times = [...over].map(([seq, end]) => 1000 * (end - ready.get(seq)!));
    here.push(...times.slice(Math.floor(steps / 4)));
    copied.push(...Array.from({ length: 16 }, copy).slice(4));
    there.push(...((await peer?.(kind, bytes, steps)) ?? []));
  }
  const microseconds = median(here);
  return {
    kind,
    bytes,
    ranks,
    microseconds,
    gigabytesPerSecond: bytes / microseconds / 1e3,
    memcpy: bytes / median(copied) / 1e3,
    ...(there.length > 0 && { gloo: median(there) }),
    least: { collective: Math.min(...here), memcpy: Math.min(...copied) },
  };
}
