/**
 * @file When each task ran and what it waited for, from the times of all firings: those of the virtual clock, or those
 * that a session's events tell. A firing starts when the last of these is over: the firing before it on its stream, those
 * whose results it reads, those that read the slots which it is to fill.
 */
import { type ActorSpec, HOST } from "../../actors/net.ts";
import { levelsOf } from "../../actors/virtual/levels.ts";
import { type Timeline, useOf } from "../../actors/virtual/timeline.ts";
import type { PlanData } from "../../ir/plan.ts";
import type { LaneInfo, RowInfo, TimelineInfo } from "./types.ts";

/** What was run, besides its times. */
export interface Run {
  readonly measured: boolean;
  readonly text: string;
  /** Number of the first step. */
  readonly first: number;
}

/** Ticks of a timeline in a second, and in the nanosecond that the document counts. */
const second = 1e12;
const nano = 1e3;

/** @param place by id of a task its place in the document */
export function timelineInfo(
  plan: PlanData,
  timeline: Timeline,
  run: Run,
  place: ReadonlyMap<number, number>,
): TimelineInfo {
  const waits = waitsOf(timeline);
  const alike = new Map<number, number[]>();
  for (const [rank, first] of [...timeline.first].sort(([a], [b]) => a - b))
    alike.set(first, [...(alike.get(first) ?? []), rank]);
  const rows = [...alike].map(([rank, ranks]): RowInfo => {
    const { compute, communication, exposed } = useOf(timeline.slices(rank));
    return {
      ranks,
      lanes: (["compute", "comm"] as const).flatMap((stream): LaneInfo[] => {
        const actors = timeline.net.actors.filter((actor) => actor.rank === rank && actor.stream === stream);
        const spans = actors
          .flatMap((actor) => spansOf(actor, timeline, waits, place))
          .sort((a, b) => a[2]! - b[2]! || a[3]! - b[3]!);
        return spans.length ? [{ stream, spans: spans.flat() }] : [];
      }),
      memory: levelsOf(plan, timeline, rank).flatMap(({ time, bytes }) => [Math.round(time / nano), bytes]),
      bytes: plan.memory.find((memory) => memory.rank === rank)!.bytes,
      compute: compute / second,
      communication: communication / second,
      exposed: exposed / second,
    };
  });
  return {
    ...run,
    end: timeline.makespan / second,
    steps: timeline.taken.map((time) => time / second),
    rows,
  };
}

/** Why a firing did not start before: 1 what an actor gives, 2 a slot that it reads. */
type Wait = readonly [why: 1 | 2, actor: ActorSpec] | undefined;

function spansOf(
  actor: ActorSpec,
  { steps, times }: Timeline,
  waits: (actor: ActorSpec, step: number) => Wait,
  place: ReadonlyMap<number, number>,
): number[][] {
  const own = times(actor);
  return Array.from({ length: steps }, (_, step): number[] => {
    const [start, end] = [own[2 * step]!, own[2 * step + 1]!];
    const [why, other] = waits(actor, step) ?? [0];
    const blame = other ? [place.get(other.template) ?? -1, other.rank] : [-1, -1];
    const from = Math.round(start / nano);
    return [place.get(actor.template)!, step, from, Math.max(0, Math.round(end / nano) - from), why, ...blame];
  }).filter((span) => span.every(Number.isFinite));
}

/** What the firing of an actor waited for, after its stream was free. */
function waitsOf({ net, steps, times }: Timeline): (actor: ActorSpec, step: number) => Wait {
  const lanes = new Map<string, { readonly actor: ActorSpec; readonly step: number; readonly start: number }[]>();
  for (const actor of net.actors) {
    if (actor.rank === HOST) continue;
    const key = `${actor.rank} ${actor.stream}`;
    const lane = lanes.get(key) ?? [];
    lanes.set(key, lane);
    for (let step = 0; step < steps; step++) lane.push({ actor, step, start: times(actor)[2 * step]! });
  }
  /** By actor, when its stream was free for each step. */
  const free = new Map<ActorSpec, Float64Array>(net.actors.map((actor) => [actor, new Float64Array(steps)]));
  for (const lane of lanes.values()) {
    let end = 0;
    for (const { actor, step } of lane.sort((a, b) => a.start - b.start)) {
      free.get(actor)![step] = end;
      end = Math.max(end, times(actor)[2 * step + 1]!);
    }
  }
  const over = (id: number, step: number) => (step < 0 ? 0 : (times(net.actors[id]!)[2 * step + 1] ?? 0));
  return (actor, step) => {
    let [latest, wait]: [number, Wait] = [free.get(actor)![step]!, undefined];
    const look = (id: number, at: number, why: 1 | 2) => {
      const end = over(id, at);
      if (end > latest) [latest, wait] = [end, [why, net.actors[id]!]];
    };
    for (const { from, delay } of actor.ins) if (from !== net.user.id) look(from, step - delay, 1);
    for (const { slots, edges } of actor.outs)
      for (const { to, delay } of edges) if (to !== net.user.id) look(to, step - slots + delay, 2);
    return wait;
  };
}
