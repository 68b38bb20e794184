/**
 * @file A plan on the virtual clock, as numbers: when every firing of every task starts and ends on every rank, kept once
 * for a class of ranks, and what follows from that.
 */
import type { Stream } from "../../ir/plan.ts";
import type { Circuit } from "../control.ts";
import { expand } from "../expand.ts";
import { type ActorSpec, HOST, type Net } from "../net.ts";
import { classesOf } from "./classes.ts";
import { runVirtually } from "./clock.ts";
import { stuck } from "./stuck.ts";

/** One firing of one task on one rank. Times in ticks. */
export interface Slice {
  readonly task: number;
  readonly rank: number;
  readonly stream: Stream;
  readonly step: number;
  readonly start: number;
  readonly end: number;
}

export interface Timeline {
  readonly steps: number;
  /** When each step reached the user, and when the last task ended. */
  readonly taken: readonly number[];
  readonly makespan: number;
  /** Ranks that stand for themselves and others, and by rank which one stands for it. */
  readonly ranks: readonly number[];
  readonly first: ReadonlyMap<number, number>;
  readonly net: Net;
  /** Starts and ends in turn, by step, of an actor of the net. */
  times(actor: ActorSpec): Float64Array;
  /** All that a rank does, by stream, then by start. */
  slices(rank: number): Slice[];
}

/**
 * @param duration ticks of a task on a rank
 * @throws PlanError SL4025 when it stands still
 */
export function timelineOf(
  plan: Circuit,
  steps: number,
  duration: (task: number, rank: number) => number,
  { classes = true }: { readonly classes?: boolean } = {},
): Timeline {
  const members = plan.placements.map(({ ranks }) => new Set(ranks));
  const work = plan.tasks.filter(({ stream }) => stream !== "host");
  const text = (rank: number) =>
    work.map(({ id, placement }) => (members[placement]!.has(rank) ? duration(id, rank) : "")).join();
  const { circuit, first } = classesOf(plan, classes ? text : String);
  const net = expand(circuit, { actor: 0, edge: 0, register: 0 });
  const times = net.actors.map(() => new Float64Array(2 * steps));
  const ticks = net.actors.map(({ rank, template }) => (rank === HOST ? 0 : duration(template, rank)));
  let makespan = 0;
  const run = runVirtually(net, {
    steps,
    duration: ({ id }) => ticks[id]!,
    launched({ id }, { seq }, start, end) {
      times[id]![2 * seq] = start;
      times[id]![2 * seq + 1] = end;
      makespan = Math.max(makespan, end);
    },
  });
  if (!run.ended) throw stuck(net, run);
  const on = new Map<number, ActorSpec[]>();
  for (const spec of net.actors) if (spec.rank !== HOST) on.set(spec.rank, [...(on.get(spec.rank) ?? []), spec]);
  return {
    steps,
    taken: run.taken,
    makespan,
    ranks: [...on.keys()],
    first,
    net,
    times: ({ id }) => times[id]!,
    slices: (rank) =>
      on
        .get(first.get(rank)!)!
        .flatMap(({ id, template, stream }) =>
          Array.from({ length: steps }, (_, step): Slice => {
            const [start, end] = [times[id]![2 * step]!, times[id]![2 * step + 1]!];
            return { task: template, rank, stream, step, start, end };
          }),
        )
        .sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.start - b.start || a.end - b.end)),
  };
}

/** How much of the time a rank's streams work, in ticks. */
export interface Use {
  readonly compute: number;
  readonly communication: number;
  /** Communication while no task computes. */
  readonly exposed: number;
}

export function useOf(slices: readonly Slice[]): Use {
  const of = (stream: Stream) => slices.filter((slice) => slice.stream === stream);
  const [compute, comm] = [of("compute"), of("comm")];
  const busy = (list: readonly Slice[]) => list.reduce((sum, { start, end }) => sum + end - start, 0);
  let hidden = 0;
  for (let i = 0, j = 0; i < compute.length && j < comm.length; ) {
    const [a, b] = [compute[i]!, comm[j]!];
    hidden += Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
    if (a.end < b.end) i++;
    else j++;
  }
  return { compute: busy(compute), communication: busy(comm), exposed: busy(comm) - hidden };
}
