/** @file Times of steps in few numbers. Medians and quartiles, which a single slow step does not move. */

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
