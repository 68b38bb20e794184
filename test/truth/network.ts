/**
 * @file A network with what makes pipelines and micro-batches hard: a path around several stages, a layer that is used at
 * both ends, dropout, two losses with an optimizer each. Whole on one device, or cut into any number of stages.
 */
import {
  array,
  compile,
  graph,
  launch,
  nn,
  optim,
  placement,
  S,
  type Schedule,
  type ScheduleName,
  type Tensor,
} from "sluice";

const [words, width, length, depth] = [23, 12, 5, 8];

/** Ids of words, and of those that follow: different in each step. */
function* batches(steps: number, rows: number) {
  const count = rows * length;
  for (let step = 0; step < steps; step++) {
    const word = (i: number) => (i * 7 + step * 3 + (i % 5) * (step + 1)) % words;
    const ids = Int32Array.from({ length: count }, (_, i) => word(i));
    const next = Int32Array.from({ length: count }, (_, i) => word(i + 1));
    yield { ids: array([rows, length], "int32", ids), next: array([rows, length], "int32", next) };
  }
}

export interface Piped {
  /** The placement of each stage, in order: `[0, 1, 1, 0]` is a V. Stages side by side on one placement are one. */
  readonly stages: readonly number[];
  /** The compiler finds the stages, along an axis of the mesh. */
  readonly found?: boolean;
  /** Ranks of each placement. */
  readonly data?: number;
  readonly model?: number;
  readonly rows?: number;
  readonly microBatches?: number;
  readonly schedule?: ScheduleName | Schedule;
  /** The first loss's gradients are clipped by their global norm, which all stages wait for. */
  readonly clips?: boolean;
  readonly precision?: "bfloat16";
  /** Without it nothing is learned, and nothing dropped. */
  readonly trains?: boolean;
}

export function piped({
  stages,
  found = false,
  data = 1,
  model = 1,
  rows = 8,
  microBatches,
  schedule,
  clips = false,
  precision,
  trains = true,
}: Piped) {
  const mesh = placement("cpu", { stage: Math.max(...stages) + 1, data, model });
  const at = found ? [mesh] : stages.map((stage) => mesh.slice({ stage }));
  const [first, last] = [at[0]!, at.at(-1)!];
  const stageOf = (layer: number) => Math.floor((layer * at.length) / depth);
  const blocks = Array.from({ length: depth }, (_, i) => nn.linear(width, width, { name: `block${i}` }));
  const table = nn.embedding(words, width, { name: "words" });
  const tied = nn.linear(width, width, { name: "tied" });
  const [head, early, drop] = [
    nn.linear(width, words, { name: "head" }),
    nn.linear(width, 3, { name: "early" }),
    nn.dropout(0.1),
  ];
  const built = graph(
    at,
    {
      name: "piped",
      mode: trains ? "train" : "eval",
      inputs: {
        ids: first.input(["rows", length], "int32", { data: S(0) }),
        next: last.input(["rows", length], "int32", { data: S(0) }),
      },
    },
    ({ ids, next }, g) => {
      const start = tied(table(ids));
      let h: Tensor<["rows", number, number], "float32"> = start;
      for (const [i, block] of blocks.entries()) {
        for (let s = stageOf(i - 1) + 1; s <= stageOf(i); s++) if (s > 0) h = h.to(at[s]!);
        h = drop(block(h).gelu()).add(h);
      }
      const logits = head(tied(h.add(start.to(last))));
      const loss = nn.softmaxCrossEntropy(logits, next).mean();
      const aside = early(start).square().mean();
      if (trains) {
        g.minimize(loss, optim.adamW({ lr: 1e-2 }), { frozen: ["early*"], ...(clips && { clipNorm: 0.3 }) });
        g.minimize(aside, optim.sgd({ lr: 0.1 }), { frozen: ["words*", "tied*"] });
      }
      return { loss, aside, logits };
    },
  );
  return compile(built, {
    dims: { rows },
    ...(model > 1 && { sharding: { "block*.weight": { model: S(1) } } }),
    ...(microBatches !== undefined && { microBatches: { rows: microBatches } }),
    ...(schedule !== undefined && { schedule }),
    ...(precision !== undefined && { precision }),
    ...(found && { stages: "stage" as never }),
  });
}

/** Both losses of every step, and the last logits. */
export async function run(plan: ReturnType<typeof piped>, steps: number, rows = 8) {
  await using session = await launch(plan);
  const losses: number[] = [];
  let logits: readonly number[] = [];
  for await (const out of session.run(batches(steps, rows))) {
    losses.push(out.loss, out.aside);
    logits = [...out.logits.data];
  }
  return { losses, logits };
}
