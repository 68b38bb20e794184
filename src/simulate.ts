/**
 * @file `plan.simulate`: a plan on modelled devices and links, without running anything. The actors, their order and
 * their slots are those of a session; only the clock is another.
 */
import { type Level, levelsOf } from "./actors/virtual/levels.ts";
import { type Slice, type Timeline, timelineOf, useOf } from "./actors/virtual/timeline.ts";
import { durationsOf } from "./compiler/durations.ts";
import { machineOf, type Speed } from "./compiler/machine.ts";
import { userLine } from "./graph/source.ts";
import { checkOptions, checkWhole } from "./ir/errors.ts";
import type { Collective, PlanData, Stream } from "./ir/plan.ts";
import { checkNumber, type LinkModels, modelOf, type Named, type NamedModel } from "./links.ts";
import { simulatedFirings } from "./view/trace/firings.ts";
import { type StepSummary, summarize } from "./view/trace/summary.ts";

/** What one rank computes with. */
export interface DeviceModel {
  /** Floating-point operations a second, 1 or more. */
  readonly flops: number;
  /** Bytes a second between the device and its memory, 1 or more. */
  readonly bandwidth: number;
}

export interface SimulateOptions {
  /** All ranks' devices, or a rank's. Default: what the compiler assumes of the placement's device. */
  readonly devices?: DeviceModel | ((rank: number) => DeviceModel);
  readonly links?: LinkModels;
  /** Steps that are run, with batches always there and results taken at once: 1 or more. Default 10. */
  readonly steps?: number;
}

/** What a rank does with its time. Seconds, over the whole run. */
export interface RankUse {
  readonly rank: number;
  readonly compute: number;
  readonly communication: number;
  /** Communication that no computing of the rank hides. */
  readonly exposed: number;
  /** Neither: the bubble. */
  readonly idle: number;
  /** Share of the time that it computes. */
  readonly utilisation: number;
}

/** Bytes that pass between ranks in one step. */
export interface SimulatedTraffic {
  readonly collectives: readonly (Pick<Collective, "name" | "kind" | "axis" | "bytes"> & {
    /** `local`, `remote`, or the name of an axis with a link of its own; of a transfer the slowest that it uses. */
    readonly link: string;
  })[];
  /** By mesh axis; transfers count as `none`. */
  readonly axes: Readonly<Record<string, number>>;
  /** By link. */
  readonly links: Readonly<Record<string, number>>;
}

/** One firing of a task. Seconds since the beginning. */
export interface SimulatedSpan {
  readonly task: string;
  readonly rank: number;
  readonly stream: Stream;
  readonly step: number;
  readonly start: number;
  readonly end: number;
}

/** Plain data, but for the functions, which make on demand what may be long. */
export interface Simulation {
  readonly steps: number;
  /** Seconds until the last task has ended. */
  readonly makespan: number;
  /** Seconds a step once it runs evenly: the mean distance of the later half of the steps. */
  readonly stepTime: number;
  /**
   * In the last step the waiting of the rank that waits most, between its first and its last action, as a share of what its
   * actions take. Absent where the plan is no pipeline.
   */
  readonly bubble?: number;
  readonly ranks: readonly RankUse[];
  readonly traffic: SimulatedTraffic;
  /** By rank: bytes that the plan lays out, and the most that are in use at one time. */
  readonly memory: readonly { readonly rank: number; readonly bytes: number; readonly live: number }[];
  /** What each rank runs when, by rank, stream and start. */
  spans(): Iterable<SimulatedSpan>;
  /** Bytes in use on a rank, from each time on that they change. */
  live(rank: number): readonly Level[];
  /** What each rank does with each step, in parts that add up to it exactly: as `session.summary()`, in milliseconds too. */
  summary(): StepSummary[];
}

export const simulateOptions = ["devices", "links", "steps"] satisfies (keyof SimulateOptions)[];

/** Ticks of the virtual clock in a second: it counts whole picoseconds, so that sums are exact. */
const second = 1e12;
const defaultSteps = 10;

/** The run behind a simulation: times of all firings, in ticks of which a second has 10¹². */
export function virtualRun(
  plan: PlanData,
  options: SimulateOptions,
): { readonly steps: number; readonly timeline: Timeline; readonly model: NamedModel } {
  checkOptions("SL1074", "simulate", options, simulateOptions, userLine);
  checkWhole("SL1075", "simulate, option steps", options.steps, 1, userLine);
  const { devices, links = {}, steps = defaultSteps } = options;
  const model = modelOf(links, "simulate", plan.placements);
  const given = typeof devices === "function" ? devices : devices && (() => devices);
  const speed = (rank: number): Speed =>
    given
      ? checkDevice("simulate", given(rank), ` of rank ${rank}`)
      : machineOf(plan.placements.find((p) => p.ranks.includes(rank))!.device);
  const durations = durationsOf(plan, { speed, model });
  const members = plan.placements.map(({ ranks }) => new Map(ranks.map((rank, member) => [rank, member])));
  const timeline = timelineOf(plan, steps, (task, rank) => {
    const member = members[plan.tasks[task]!.placement]!.get(rank)!;
    return durations[task]![member]!;
  });
  return { steps, timeline, model };
}

export function simulate(plan: PlanData, options: SimulateOptions = {}): Simulation {
  const { steps, timeline, model } = virtualRun(plan, options);
  const { makespan, taken } = timeline;
  const uses = new Map(timeline.ranks.map((rank) => [rank, useOf(timeline.slices(rank))]));
  const levels = (rank: number) => levelsOf(plan, timeline, rank).map((l) => ({ ...l, time: l.time / second }));
  const peaks = new Map<number, number>();
  const peak = (rank: number): number => {
    const first = timeline.first.get(rank)!;
    const known = peaks.get(first) ?? levels(first).reduce((most, { bytes }) => Math.max(most, bytes), 0);
    peaks.set(first, known);
    return known;
  };
  const half = Math.floor((steps - 1) / 2);
  const last = plan.memory.flatMap(({ rank }) =>
    plan.pipeline ? timeline.slices(rank).filter(({ step }) => step === steps - 1) : [],
  );
  return {
    steps,
    makespan: makespan / second,
    stepTime: (steps === 1 ? makespan : (taken[steps - 1]! - taken[half]!) / (steps - 1 - half)) / second,
    ...(plan.pipeline && { bubble: bubbleOf(plan, last) }),
    ranks: plan.memory.map(({ rank }): RankUse => {
      const { communication, ...use } = uses.get(timeline.first.get(rank)!)!;
      // Sums of more ticks than a number can count are rounded: no part may take what another has.
      const compute = Math.min(use.compute, makespan);
      const exposed = Math.min(use.exposed, makespan - compute);
      return {
        rank,
        compute: compute / second,
        communication: communication / second,
        exposed: exposed / second,
        idle: (makespan - compute - exposed) / second,
        utilisation: makespan === 0 ? 0 : compute / makespan,
      };
    }),
    traffic: trafficOf(plan, model),
    memory: plan.memory.map(({ rank, bytes }) => ({ rank, bytes, live: peak(rank) })),
    *spans() {
      for (const { rank } of plan.memory) for (const slice of timeline.slices(rank)) yield spanOf(plan, slice);
    },
    live: levels,
    summary: () => summarize(timeline.net, simulatedFirings(timeline), timeline.first),
  };
}

/** Of slices of one step. */
function bubbleOf({ tasks, memory }: PlanData, slices: readonly Slice[]): number {
  const acting = slices.filter(({ task, stream }) => stream === "compute" && tasks[task]!.action);
  const shares = memory.map(({ rank }) => {
    const own = acting.filter((slice) => slice.rank === rank);
    const busy = own.reduce((sum, { start, end }) => sum + end - start, 0);
    const [from, to] = [Math.min(...own.map(({ start }) => start)), Math.max(...own.map(({ end }) => end))];
    return busy > 0 ? (to - from - busy) / busy : 0;
  });
  return Math.max(...shares);
}

const spanOf = (plan: PlanData, { task, rank, stream, step, start, end }: Slice): SimulatedSpan => ({
  task: plan.tasks[task]!.name,
  rank,
  stream,
  step,
  start: start / second,
  end: end / second,
});

/** `which` says whose it is, where there are several. Throws OptionError SL1074 and SL1075. */
export function checkDevice(call: string, device: DeviceModel, which = ""): DeviceModel {
  checkOptions("SL1074", `${call}, option devices${which}`, device, ["flops", "bandwidth"], userLine);
  checkNumber(call, `devices, flops${which}`, device.flops, 1);
  checkNumber(call, `devices, bandwidth${which}`, device.bandwidth, 1);
  return device;
}

function trafficOf(plan: PlanData, model: NamedModel): SimulatedTraffic {
  const collectives = plan.collectives.map((collective) => {
    const { name, kind, axis, bytes } = collective;
    return { name, kind, ...(axis !== undefined && { axis }), bytes, link: linkOf(plan, collective, model).name };
  });
  const sum = (key: (one: (typeof collectives)[number]) => string) => {
    const by: Record<string, number> = {};
    for (const one of collectives) by[key(one)] = (by[key(one)] ?? 0) + one.bytes;
    return by;
  };
  return { collectives, axes: sum(({ axis = "none" }) => axis), links: sum(({ link }) => link) };
}

function linkOf({ placements, edges }: PlanData, collective: Collective, model: NamedModel): Named {
  const placement = placements[collective.placement]!;
  if (collective.axis !== undefined) return model.axis(placement, collective.axis);
  const spans = edges.flatMap(({ to, span }) => (to === collective.task && typeof span === "object" ? [span] : []));
  const pairs = spans.flatMap((span) => ("pairs" in span ? span.pairs.filter(([a, b]) => a !== b) : []));
  const used = pairs.map(([a, b]) => model.between(a, b));
  return used.reduce((worst, link) => (link.beta > worst.beta ? link : worst), used[0] ?? model.between(0, 0));
}
