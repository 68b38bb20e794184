/** @file Times of steps in few numbers. Medians and quartiles, which a single slow step does not move. */

/** Steps whose mean is one time: their ends come in bursts, two or more at once, which average out over ten. */
const least = 10;
/** Of few steps the groups are smaller, so that there are still some. */
const groups = 5;

export interface Groups {
  /** Mean time of a step, by group. */
  readonly means: readonly number[];
  /** Steps of a group, at least. */
  readonly size: number;
}

/** In order, and as large as can be alike: sizes differ by one at most. */
export function grouped(times: readonly number[]): Groups {
  const count = Math.floor(times.length / Math.min(least, Math.ceil(times.length / groups)));
  const start = (group: number) => Math.floor((group * times.length) / count);
  const means = Array.from({ length: count }, (_, group) => {
    const of = times.slice(start(group), start(group + 1));
    return of.reduce((sum, t) => sum + t, 0) / of.length;
  });
  return { means, size: Math.floor(times.length / count) };
}

export interface Spread {
  readonly median: number;
  /** The middle half lies between these two. */
  readonly quartiles: readonly [number, number];
  readonly least: number;
  readonly most: number;
}

/** Of at least one number; between two neighbours by their distance, as R's default (Hyndman and Fan 1996, type 7). */
export function spread(numbers: readonly number[]): Spread {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return below + (above - below) * (place - Math.floor(place));
  };
  return { median: at(0.5), quartiles: [at(0.25), at(0.75)], least: sorted[0]!, most: sorted.at(-1)! };
}
