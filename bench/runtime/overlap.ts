/**
 * @file How much communication hides behind computing, on modelled links: executors sleep as long as the links would take.
 * Data parallel training of a deep network, whose gradients leave in buckets.
 *
 * What can be hidden of a bucket is the smaller of the time that it takes and of the computing that is left on the rank
 * once it is ready and the link free, and does not hang on it. What is hidden is the time of communication in which the rank computes.
 */
import { array, B, compile, graph, launch, nn, optim, type Plan, placement, S } from "sluice";
import { median } from "../machine.ts";

export interface Hidden {
  /** Milliseconds a step, on average over steps and ranks. */
  readonly computing: number;
  readonly communication: number;
  readonly hideable: number;
  readonly hidden: number;
  readonly percentOfHideable: number;
  readonly percentOfAll: number;
}

const layers = 12;
const [width, rows] = [362, 1024];

function training() {
  const mesh = placement("cpu", { data: 2 });
  const layer = (i: number) => nn.sequential(nn.linear(width, width, { name: `fc${i}` }), nn.relu());
  const net = nn.sequential(...(Array.from({ length: layers }, (_, i) => layer(i)) as [ReturnType<typeof layer>]));
  const inputs = { x: mesh.input([rows, width], "float32", { data: S(0) }) };
  const made = graph(mesh, { name: "deep", model: net, inputs }, ({ x }, g) => {
    const loss = net(x).mul(0.5).mean();
    g.minimize(loss, optim.adamW({ lr: 1e-3 }));
    return { loss };
  });
  return compile(made, { sharding: { "*": { data: B } } });
}

interface Span {
  readonly start: number;
  readonly end: number;
}

export async function overlap(): Promise<Hidden> {
  const plan: Plan = training();
  const x = array([rows, width], "float32", new Float32Array(rows * width).fill(0.1));
  const run = async (links: { readonly alpha: number; readonly beta: number }, count: number) => {
    const spans = new Map<string, Span>();
    const { ranks } = plan.data.placements[0]!;
    await using session = await launch(plan, { trace: true, links: { local: links }, mapping: "stream" });
    const turns = new Map<string, number>();
    session.events$.subscribe((event) => {
      if (event.type !== "task" || event.phase !== "done") return;
      // Actors of a template are numbered by rank.
      const task = session.templateOf(event.task)!;
      const first = turns.get(`${task}`) ?? event.task;
      turns.set(`${task}`, Math.min(first, event.task));
      spans.set(`${task} ${event.task} ${event.seq}`, event);
    });
    for await (const _ of session.run(Array.from({ length: count }, () => ({ x })) as never));
    return (task: number, rank: number, step: number) =>
      spans.get(`${task} ${turns.get(`${task}`)! + ranks.indexOf(rank)} ${step}`)!;
  };
  // Links are as slow as makes communication half of the computing.
  const idle = await run({ alpha: 0, beta: 0 }, 12);
  const work = plan.data.tasks.filter(({ stream }) => stream === "compute").map(({ id }) => id);
  const length = ({ start, end }: Span) => end - start;
  const computing = median(
    [4, 5, 6, 7, 8, 9, 10].map((step) => work.reduce((sum, id) => sum + length(idle(id, 0, step)), 0)),
  );
  const bytes = plan.data.collectives.reduce((sum, { received }) => sum + received[0]!, 0);
  // The loop ends with the last loss: the last step's updates may not be over then.
  const [warmUp, count] = [6, 26];
  const at = await run({ alpha: 1e-4, beta: computing / 2e3 / bytes }, count + 1);

  const total = { computing: 0, communication: 0, hideable: 0, hidden: 0 };
  const cells = (count - warmUp) * 2;
  for (let step = warmUp; step < count; step++)
    for (const rank of [0, 1]) account(plan, work, (id, on) => at(id, on, step), rank, total);
  const per = (ms: number) => ms / cells;
  return {
    computing: per(total.computing),
    communication: per(total.communication),
    hideable: per(total.hideable),
    hidden: per(total.hidden),
    percentOfHideable: (100 * total.hidden) / total.hideable,
    percentOfAll: (100 * total.hidden) / total.communication,
  };
}

type Totals = { -readonly [K in "computing" | "communication" | "hideable" | "hidden"]: number };

/** Adds what one rank did in one step. */
function account(
  plan: Plan,
  work: readonly number[],
  at: (task: number, rank: number) => Span,
  rank: number,
  total: Totals,
) {
  const computed = work.map((id) => ({ id, ...at(id, rank) }));
  for (const { start, end } of computed) total.computing += end - start;
  /** When the link would be free if every bucket had left at once. */
  let free = 0;
  for (const { task } of plan.data.collectives) {
    const { start, end } = at(task, rank);
    const makers = plan.data.edges.filter((e) => e.to === task && e.delay === 0).map(({ from }) => from);
    const ready = Math.max(free, ...makers.flatMap((id) => [0, 1].map((other) => at(id, other).end)));
    free = ready + end - start;
    const hanging = descendants(plan, task);
    const left = computed
      .filter(({ id }) => !hanging.has(id))
      .reduce((sum, c) => sum + Math.max(0, c.end - Math.max(c.start, ready)), 0);
    total.communication += end - start;
    total.hideable += Math.min(end - start, left);
    for (const c of computed) total.hidden += Math.max(0, Math.min(end, c.end) - Math.max(start, c.start));
  }
}

/** Tasks of the same step that hang on this one. */
function descendants(plan: Plan, task: number): ReadonlySet<number> {
  const found = new Set([task]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { from, to, delay } of plan.data.edges) if (delay === 0 && found.has(from)) found.add(to);
  }
  return found;
}
