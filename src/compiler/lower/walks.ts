/** @file How kernels walk over the part that two shards have in common: nested loops over both of them. */
import { type Box, boxesOf, extents, localIndex, type Region } from "../../sbp/boxes.ts";
import { loops, rowMajor } from "../strides.ts";

export interface Walk {
  readonly extents: readonly number[];
  readonly source: readonly number[];
  readonly target: readonly number[];
  readonly sourceOffset: number;
  readonly targetOffset: number;
}

/** Extents, strides and offsets in bytes, at most four loops at a time. */
export function walks(held: Region, target: Region, shared: Region, item: number): Walk[] {
  const [from, to] = [rowMajor(extents(held)), rowMajor(extents(target))];
  const offset = (r: Region, strides: readonly number[], part: Box) =>
    part.reduce((sum, [lo], d) => sum + localIndex(r[d]!, lo) * strides[d]!, 0) * item;
  return boxesOf(shared).flatMap((part) =>
    loops(
      part.map(([lo, hi]) => hi - lo),
      from,
      to,
    ).map(({ extents: each, a, b, offsetA, offsetB }) => ({
      extents: each,
      source: a,
      target: b,
      sourceOffset: offset(held, from, part) + offsetA * item,
      targetOffset: offset(target, to, part) + offsetB * item,
    })),
  );
}
