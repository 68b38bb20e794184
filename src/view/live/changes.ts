/** @file What of a frame a reader does not have yet: a plan of thousands of tasks would else be sent whole some times a second. */
import type { LiveChange, LiveCurve, LiveFrame, LiveTask } from "./types.ts";

/** Shares that are read as percent. */
const moves = 0.01;

/** What to send, and what the reader has then. `known` is what it has, nothing at first. */
export function changes(
  known: LiveFrame | undefined,
  frame: LiveFrame,
): { readonly change: LiveChange; readonly known: LiveFrame } {
  const { status, failure, step } = frame;
  const alike = (a: readonly { readonly id: number }[], b: typeof a) =>
    a.length === b.length && a.every(({ id }, i) => id === b[i]!.id);
  const whole = !known || !alike(known.tasks, frame.tasks) || known.ranks.length !== frame.ranks.length;
  const before = whole ? undefined : known;
  const tasks = frame.tasks.filter((task, i) => !before || differs(before.tasks[i]!, task));
  const ranks = frame.ranks.filter((rank, i) => {
    const old = before?.ranks[i];
    return !(
      old &&
      old.rank === rank.rank &&
      near(old.compute, rank.compute) &&
      near(old.communication, rank.communication)
    );
  });
  const [newTasks, newRanks] = [new Set(tasks), new Set(ranks)];
  return {
    change: {
      whole,
      status,
      ...(failure !== undefined && { failure }),
      ...(step && { step }),
      curves: frame.curves.flatMap((curve) =>
        grown(
          before?.curves.find(({ name }) => name === curve.name),
          curve,
        ),
      ),
      ranks,
      tasks: tasks.map(({ fired: _, ...task }) => task),
      fired: runs(frame.tasks.map(({ fired }) => fired)),
      held: runs(frame.tasks.map(({ slots }) => slots?.held ?? 0)),
    },
    known: {
      ...frame,
      tasks: frame.tasks.map((task, i) => (newTasks.has(task) ? task : before!.tasks[i]!)),
      ranks: frame.ranks.map((rank, i) => (newRanks.has(rank) ? rank : before!.ranks[i]!)),
    },
  };
}

const near = (a: number, b: number): boolean => Math.abs(a - b) < moves;

function differs(a: LiveTask, b: LiveTask): boolean {
  if (a.slots?.of !== b.slots?.of || !near(a.awaited, b.awaited)) return true;
  for (const [activity, share] of Object.entries(a.shares) as [keyof LiveTask["shares"], number][])
    if (!near(share, b.shares[activity])) return true;
  return a.now.length !== b.now.length || a.now.some(([text, n], i) => text !== b.now[i]![0] || n !== b.now[i]![1]);
}

/** Points are only ever added, until a long curve is thinned. */
function grown(old: LiveCurve | undefined, { name, points }: LiveCurve): (LiveCurve & { from: number })[] {
  const from = old?.points.length ?? 0;
  const last = old?.points[from - 1];
  const goesOn = last !== undefined && points[from - 1]?.[0] === last[0] && points[0]?.[0] === old?.points[0]?.[0];
  if (goesOn && points.length === from) return [];
  return goesOn ? [{ name, from, points: points.slice(from) }] : [{ name, from: 0, points }];
}

function runs(values: readonly number[]): number[] {
  const out: number[] = [];
  for (const value of values) {
    if (out.length && out[out.length - 1] === value) out[out.length - 2]!++;
    else out.push(1, value);
  }
  return out;
}
