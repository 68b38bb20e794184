/**
 * @file What each rank did with each step. A step's time is cut into five parts that add up to it exactly: computing,
 * communication that no computing hides, waiting for other ranks, waiting for a batch, and the rest. The categories are
 * those of Holistic Trace Analysis (PyTorch), with idle time told apart by what was waited for (`blame.ts`).
 *
 * A step lasts, for all ranks alike, from the end of the step before to its own end, which is that of its last firing on
 * any rank. What a rank does for the next step meanwhile counts where it is done: the parts say where the time goes.
 */
import { HOST, type Net } from "../../actors/net.ts";
import { type Blame, blamer } from "./blame.ts";
import { type Firings, grouped, indexed } from "./firings.ts";
import { covered, type Interval, subtract, union } from "./intervals.ts";

/**
 * A rank's time in one step. Milliseconds; `ms` is exactly `compute + exposed + bubble + inputWait + other`, for times are
 * rounded to a power of two (a picosecond or so) before anything is computed.
 */
export interface StepSummary {
  /** Counts on from run to run of a session. */
  readonly step: number;
  readonly rank: number;
  /** From the end of the step before, or where a run begins from its first batch, to the end of this one; the same on all ranks. */
  readonly ms: number;
  readonly compute: number;
  /** Communication while the rank computes nothing. */
  readonly exposed: number;
  /** The rank stands still and waits for other ranks: for what they give, for slots, or for a thread that it shares. */
  readonly bubble: number;
  /** The rank stands still and waits for a batch: until there is one, and until it is in its memory. */
  readonly inputWait: number;
  /** It stands still for another reason: the event loop and the start of its threads. */
  readonly other: number;
  /** All communication, exposed or hidden behind computing. */
  readonly communication: number;
}

/** @param first by rank the one whose firings stand for its own; default: those of the net, each for itself */
export function summarize(net: Net, told: Firings, first?: ReadonlyMap<number, number>): StepSummary[] {
  const firings = snapped(told);
  const steps = stepsOf(net, firings);
  const windows = steps.map(({ window }) => window);
  const blame = blamer(net, firings);
  const working = grouped(
    firings.all.filter(({ actor }) => actor.rank !== HOST),
    ({ actor }) => actor.rank,
  );
  const rows = new Map<number, Omit<StepSummary, "rank">[]>();
  for (const [rank, own] of working) {
    own.sort((a, b) => a.start - b.start);
    const [compute, communication] = (["compute", "comm"] as const).map((stream) =>
      union(own.flatMap(({ actor, start, end }) => (actor.stream === stream ? [[start, end] as const] : []))),
    ) as [Interval[], Interval[]];
    const idle: Record<Blame, Interval[]> = { bubble: [], inputWait: [], other: [] };
    let at = 0;
    for (const gap of subtract(union(windows), union([...compute, ...communication]))) {
      while (at < own.length && own[at]!.start < gap[1]) at++;
      const next = own[at]?.start === gap[1] ? own[at] : undefined;
      for (const [what, part] of blame(rank, gap, next)) idle[what].push(part);
    }
    const sums = {
      compute: covered(compute, windows),
      exposed: covered(subtract(communication, compute), windows),
      bubble: covered(union(idle.bubble), windows),
      inputWait: covered(union(idle.inputWait), windows),
      other: covered(union(idle.other), windows),
      communication: covered(communication, windows),
    };
    rows.set(
      rank,
      steps.map(({ step, window: [start, end] }, i) => ({
        step,
        ms: end - start,
        compute: sums.compute[i]!,
        exposed: sums.exposed[i]!,
        bubble: sums.bubble[i]!,
        inputWait: sums.inputWait[i]!,
        other: sums.other[i]!,
        communication: sums.communication[i]!,
      })),
    );
  }
  const standsFor = [...(first ?? new Map([...rows.keys()].map((rank) => [rank, rank])))].sort(([a], [b]) => a - b);
  return steps.flatMap((_, i) =>
    standsFor.map(([rank, other]) => {
      const { step, ...rest } = rows.get(other)![i]!;
      return { step, rank, ...rest };
    }),
  );
}

/** Bits that sums of times have left: one less than doubles hold. */
const bits = 52;

/** Times from the first one on, each a multiple of one power of two: sums and differences of them are exact. */
function snapped({ all, begins }: Firings): Firings {
  const [origin, end] = all.reduce(
    ([least, most], firing) => [Math.min(least, firing.start), Math.max(most, firing.end)],
    [Number.POSITIVE_INFINITY, 0],
  );
  const grid = 2 ** (bits - Math.ceil(Math.log2(Math.max(1, end - origin))) - 1);
  const snap = (t: number) => Math.round((t - origin) * grid) / grid;
  return indexed(
    all.map((firing) => ({ ...firing, start: snap(firing.start), end: snap(firing.end) })),
    begins,
  );
}

interface Step {
  readonly step: number;
  readonly window: Interval;
}

/** Steps in which every task ran, and from when to when each lasted. */
function stepsOf(net: Net, { all, at, begins }: Firings): Step[] {
  const working = net.actors.filter(({ rank }) => rank !== HOST);
  const count = all.reduce((most, { actor, seq }) => (actor === working[0] ? Math.max(most, seq + 1) : most), 0);
  const steps: Step[] = [];
  for (let step = 0; step < count; step++) {
    const own = working.flatMap((actor) => at(actor, step) ?? []);
    if (own.length < working.length) continue;
    const before = steps.at(-1);
    const follows = before?.step === step - 1 && !begins.has(step);
    const first = own.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
    const earliest = Math.min(first, at(net.user, step)?.start ?? Number.POSITIVE_INFINITY);
    const start = follows ? before.window[1] : Math.max(earliest, before?.window[1] ?? 0);
    const end = own.reduce((latest, firing) => Math.max(latest, firing.end), start);
    steps.push({ step, window: [start, end] });
  }
  return steps;
}
