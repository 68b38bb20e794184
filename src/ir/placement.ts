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

/** `cpu {data: 2, model: 2} on ranks 0,1,2,3`, for messages. */
export const showPlacement = ({ device, axes, ranks }: PlacementData): string =>
  `${device} {${axes.map((a) => `${a.name}: ${a.size}`).join(", ")}} on ranks ${ranks.join(",")}`;

export const samePlacement = (a: PlacementData, b: PlacementData): boolean =>
  a === b || showPlacement(a) === showPlacement(b);
