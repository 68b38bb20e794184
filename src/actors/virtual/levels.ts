/** @file How much of a rank's region is in use, from when to when, on the virtual clock. */
import type { PlanData } from "../../ir/plan.ts";
import { HOST } from "../net.ts";
import type { Timeline } from "./timeline.ts";

/** From a time on, so many bytes are in use. */
export interface Level {
  readonly time: number;
  readonly bytes: number;
}

/** A stretch of a rank's region, and when something lies there. */
interface Stay {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes in use on a rank: states always, a register's copy from the start of what writes it until all who read it have
 * ended, and what no other task reads while the tasks that touch it run. Bytes where several of these lie count once: what
 * a task makes and uses up goes one over the other.
 */
export function levelsOf(plan: PlanData, timeline: Timeline, rank: number): Level[] {
  const { net, steps, makespan } = timeline;
  const here = timeline.first.get(rank)!;
  const shared = new Set<number>();
  const stays: Stay[] = [];
  const stay = (buffer: number, seq: number, start: number, end: number) => {
    const { placement, offset, bytes, slots, role } = plan.buffers[buffer]!;
    if (role === "state" || bytes === 0 || !plan.placements[placement]!.ranks.includes(rank)) return;
    const from = offset + bytes * (((seq % slots) + slots) % slots);
    stays.push({ from, to: from + bytes, start, end });
  };
  for (const spec of net.actors) {
    if (spec.kind === "user" || (spec.rank !== HOST && spec.rank !== here)) continue;
    for (const { buffers, edges } of spec.outs) {
      for (const id of buffers) shared.add(id);
      if (buffers.length === 0) continue;
      const least = Math.max(0, ...edges.map(({ delay }) => delay));
      for (let seq = -least; seq < steps; seq++) {
        const ends = edges
          .filter(({ delay }) => seq + delay >= 0)
          .map(({ to, delay }) => timeline.times(net.actors[to]!)[2 * (seq + delay) + 1] ?? makespan);
        const start = seq < 0 ? 0 : timeline.times(spec)[2 * seq]!;
        for (const id of buffers) stay(id, seq, start, Math.max(0, ...ends));
      }
    }
  }
  for (const [id, tasks] of touched(plan, here)) {
    if (shared.has(id)) continue;
    const actors = net.actors.filter(({ template, rank: of }) => of === here && tasks.has(template));
    for (let seq = 0; actors.length > 0 && seq < steps; seq++) {
      const starts = actors.map((actor) => timeline.times(actor)[2 * seq]!);
      const ends = actors.map((actor) => timeline.times(actor)[2 * seq + 1]!);
      stay(id, seq, Math.min(...starts), Math.max(...ends));
    }
  }
  const states = plan.buffers.filter(
    ({ role, placement }) => role === "state" && plan.placements[placement]!.ranks.includes(rank),
  );
  return covered(
    stays,
    states.reduce((sum, { bytes }) => sum + bytes, 0),
  );
}

/** `least` bytes, and at any time those on which something lies. */
function covered(stays: readonly Stay[], least: number): Level[] {
  const bounds = [...new Set(stays.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const place = new Map(bounds.map((bound, i) => [bound, i]));
  const layers = new Int32Array(bounds.length);
  const changes = stays.flatMap(({ from, to, start, end }) => [
    { time: start, by: 1, from, to },
    { time: end, by: -1, from, to },
  ]);
  const levels: Level[] = [{ time: 0, bytes: least }];
  let bytes = least;
  for (const { time, by, from, to } of changes.sort((a, b) => a.time - b.time || a.by - b.by)) {
    for (let i = place.get(from)!; i < place.get(to)!; i++) {
      const before = layers[i]!;
      layers[i] = before + by;
      if (before === 0 || before + by === 0) bytes += by * (bounds[i + 1]! - bounds[i]!);
    }
    if (levels.at(-1)!.time === time) levels[levels.length - 1] = { time, bytes };
    else levels.push({ time, bytes });
  }
  return levels;
}

/** By buffer the tasks whose programs on a rank name it. */
function touched({ tasks }: PlanData, rank: number): ReadonlyMap<number, ReadonlySet<number>> {
  const by = new Map<number, Set<number>>();
  for (const { id, classes } of tasks)
    for (const { args } of classes.find(({ ranks }) => ranks.includes(rank))?.program ?? [])
      for (const arg of args) {
        if (typeof arg !== "object" || arg === null || !("buffer" in arg)) continue;
        const known = by.get(arg.buffer);
        if (known) known.add(id);
        else by.set(arg.buffer, new Set([id]));
      }
  return by;
}
