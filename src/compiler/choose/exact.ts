/**
 * @file Small graphs exactly. Copies shared among all who could want them are a lower bound, which leaves a gap where only
 * some do. It is closed by branching over the options of an op at a time: with some ops settled fewer could want a copy,
 * and the bound rises, up to what a pick really takes.
 */

interface Found {
  readonly pick: readonly number[];
  /** No pick that fits and has the options settled takes less. */
  readonly bound: number;
  readonly time: number;
  /** Whether there is a pick that may be, as far as the bound's problem says. */
  readonly possible: boolean;
}

/** Bounds that are asked for at most. */
const trials = 400;

/**
 * The best of all, `better` saying of two which. `attempt` takes for each variable the option that is settled, or −1 where
 * none is.
 */
export function exactly<T extends Found>(
  sizes: readonly number[],
  best: T,
  attempt: (settled: readonly number[]) => T,
  better: (a: T, b: T) => boolean,
): T {
  let least = best;
  const open = [{ settled: sizes.map((size): number => (size === 1 ? 0 : -1)), found: best }];
  for (let left = trials; left > 0; ) {
    open.sort((a, b) => b.found.bound - a.found.bound);
    const next = open.pop();
    if (!next || Math.ceil(next.found.bound - 1e-6) >= least.time) break;
    const { settled, found } = next;
    const free = [...sizes.keys()].filter((v) => settled[v]! < 0);
    const v = free.find((u) => found.pick[u] !== least.pick[u]) ?? free[0];
    if (v === undefined) continue;
    for (let option = 0; option < sizes[v]!; option++, left--) {
      const child = { settled: settled.with(v, option), found: attempt(settled.with(v, option)) };
      if (!child.found.possible) continue;
      if (better(child.found, least)) least = child.found;
      open.push(child);
    }
  }
  return least;
}
