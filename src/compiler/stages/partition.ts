/**
 * @file A row of things with costs, cut into so many runs that the dearest is as cheap as it can be; of such cuts the one
 * over which least passes.
 */

export interface Row {
  /** Of each thing. */
  readonly costs: readonly number[];
  /** What a cut before each thing costs besides: bytes that pass over it. */
  readonly passing: readonly number[];
}

/** A run may be this much dearer than the cheapest dearest one if less passes over its ends. */
const slack = 0.05;

/** Where each run but the first begins, in order. Runs may be empty only where there are fewer things than runs. */
export function partition({ costs, passing }: Row, runs: number): readonly number[] {
  const sums = [0];
  for (const cost of costs) sums.push(sums.at(-1)! + cost);
  const most = leastMost(sums, runs) * (1 + slack);
  const n = costs.length;
  /** By number of runs, then end: the least that passes over the cuts so far, and where the last run begins. */
  const least: Float64Array[] = [Float64Array.from(sums, (_, end) => (end === 0 ? 0 : Number.POSITIVE_INFINITY))];
  const from: Int32Array[] = [new Int32Array(n + 1)];
  for (let run = 1; run <= runs; run++) {
    const [before, now, begins] = [
      least[run - 1]!,
      new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY),
      new Int32Array(n + 1),
    ];
    for (let end = 0; end <= n; end++)
      for (let begin = n >= runs ? end - 1 : end; begin >= 0 && sums[end]! - sums[begin]! <= most; begin--) {
        const passes = before[begin]! + (begin > 0 && begin < n ? passing[begin]! : 0);
        if (passes < now[end]!) {
          now[end] = passes;
          begins[end] = begin;
        }
      }
    least.push(now);
    from.push(begins);
  }
  const cuts: number[] = [];
  for (let run = runs, end = n; run > 1; run--) {
    end = from[run]![end]!;
    cuts.unshift(end);
  }
  return cuts;
}

/** The cheapest that the dearest run can be, by bisection: runs are filled one after the other up to a bound. */
function leastMost(sums: readonly number[], runs: number): number {
  const total = sums.at(-1)!;
  let [low, high] = [total / runs, total];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (fits(sums, runs, middle)) high = middle;
    else low = middle;
  }
  return high;
}

function fits(sums: readonly number[], runs: number, most: number): boolean {
  let [used, begin] = [1, 0];
  for (let end = 1; end < sums.length; end++) {
    if (sums[end]! - sums[begin]! <= most) continue;
    used++;
    begin = end - 1;
    if (used > runs || sums[end]! - sums[begin]! > most) return false;
  }
  return true;
}
