/** @file Sets of points in time, as lists of intervals: in order, not empty, none touching the next but for its bounds. */

export type Interval = readonly [start: number, end: number];

/** What any of them covers. */
export function union(intervals: readonly Interval[]): Interval[] {
  const out: [number, number][] = [];
  for (const [start, end] of intervals.toSorted((a, b) => a[0] - b[0])) {
    if (end <= start) continue;
    const last = out.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else out.push([start, end]);
  }
  return out;
}

/** What the first covers and the second does not. */
export function subtract(from: readonly Interval[], what: readonly Interval[]): Interval[] {
  const out: Interval[] = [];
  let k = 0;
  for (const [start, end] of from) {
    let at = start;
    while (k < what.length && what[k]![1] <= start) k++;
    for (let i = k; i < what.length && what[i]![0] < end; i++) {
      const [lo, hi] = what[i]!;
      if (lo > at) out.push([at, lo]);
      at = Math.max(at, hi);
    }
    if (at < end) out.push([at, end]);
  }
  return out;
}

/** How much of each window a set covers. Windows are in order and do not overlap. */
export function covered(set: readonly Interval[], windows: readonly Interval[]): number[] {
  let k = 0;
  return windows.map(([from, to]) => {
    while (k < set.length && set[k]![1] <= from) k++;
    let sum = 0;
    for (let i = k; i < set.length && set[i]![0] < to; i++)
      sum += Math.min(to, set[i]![1]) - Math.max(from, set[i]![0]);
    return sum;
  });
}
