/**
 * @file Arithmetic on meshes. A *member* is an index into `placement.ranks`: the place of a rank in its mesh, in
 * row-major order over the axes. All of `src/sbp` counts members, so that a mesh on ranks 4,5 works like one on 0,1.
 */
import { nearest, PlacementError } from "../ir/errors.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";

/** Place of a named axis in the mesh. Throws PlacementError SL2000 when the mesh has none of that name. */
export function axisIndex(placement: PlacementData, axis: string): number {
  const index = placement.axes.findIndex(({ name }) => name === axis);
  if (index >= 0) return index;
  const names = placement.axes.map(({ name }) => name);
  const [meant] = nearest(axis, names);
  throw new PlacementError("SL2000", `no mesh axis named "${axis}" on ${showPlacement(placement)}`, {
    choices: names,
    hint: meant === undefined ? "name one of the mesh's axes" : `did you mean "${meant}"?`,
  });
}

export const axisSize = (placement: PlacementData, axis: string): number =>
  placement.axes[axisIndex(placement, axis)]!.size;

/** Members that lie between two neighbours along the axis at `index`. */
function stride(placement: PlacementData, index: number): number {
  let n = 1;
  for (let i = index + 1; i < placement.axes.length; i++) n *= placement.axes[i]!.size;
  return n;
}

/** Where a member stands along one axis. */
export function coordinate(placement: PlacementData, member: number, axis: string): number {
  const index = axisIndex(placement, axis);
  return Math.floor(member / stride(placement, index)) % placement.axes[index]!.size;
}

/** Where a member stands along every axis, in the mesh's axis order. */
export const coordinates = (placement: PlacementData, member: number): number[] =>
  placement.axes.map(({ name }) => coordinate(placement, member, name));

/** The members that differ from `member` on this axis alone, itself included, in axis order. */
export function group(placement: PlacementData, member: number, axis: string): number[] {
  const index = axisIndex(placement, axis);
  const step = stride(placement, index);
  const first = member - coordinate(placement, member, axis) * step;
  return Array.from({ length: placement.axes[index]!.size }, (_, i) => first + i * step);
}

/** Throws PlacementError SL2001 when the rank is not one of the placement's. */
export function memberOf(placement: PlacementData, rank: number): number {
  const member = placement.ranks.indexOf(rank);
  if (member >= 0) return member;
  throw new PlacementError("SL2001", `rank ${rank} is not part of ${showPlacement(placement)}`, {
    choices: placement.ranks.map(String),
  });
}
