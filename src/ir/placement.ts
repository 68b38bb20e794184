/** @file Where a tensor lives: a device type and a mesh of ranks with named axes. Data only. */

export interface MeshAxis {
  readonly name: string;
  readonly size: number;
}

/** `ranks` in row-major order over the axes: the last axis varies fastest. */
export interface PlacementData {
  readonly device: string;
  readonly axes: readonly MeshAxis[];
  readonly ranks: readonly number[];
}

/** What is left of the axes at one place of some of them. A single rank is a mesh of one axis, too. */
export function axesWithout({ axes }: PlacementData, gone: readonly string[]): readonly MeshAxis[] {
  const left = axes.filter(({ name }) => !gone.includes(name));
  return left.length > 0 ? left : [{ name: axes[0]!.name, size: 1 }];
}

/** `cpu {data: 2, model: 2} on ranks 0,1,2,3`, for messages. */
export function showPlacement(placement: PlacementData): string {
  let text = texts.get(placement);
  if (text === undefined) {
    const { device, axes, ranks } = placement;
    text = `${device} {${axes.map((a) => `${a.name}: ${a.size}`).join(", ")}} on ranks ${ranks.join(",")}`;
    texts.set(placement, text);
  }
  return text;
}

/** Placements are asked for their text often, as a key, and do not change. */
const texts = new WeakMap<PlacementData, string>();

/** `0-3,6`: in their order, three or more in a row as a range. */
export function showRanks(ranks: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const rank of ranks) {
    const run = runs.at(-1);
    if (run && rank === run[1] + 1) run[1] = rank;
    else runs.push([rank, rank]);
  }
  const show = ([a, b]: readonly [number, number]) => (a === b ? `${a}` : b === a + 1 ? `${a},${b}` : `${a}-${b}`);
  return runs.map(show).join(",");
}

export const samePlacement = (a: PlacementData, b: PlacementData): boolean =>
  a === b || showPlacement(a) === showPlacement(b);
