/** @file Puts pieces of a transfer together where they lie side by side and come from the same ranks. */
import type { Box } from "./boxes.ts";
import type { Piece } from "./transfer.ts";

/** As few boxes as merging along one dim after another, the last first, gives; in row-major order of their corners. */
export function merged(pieces: readonly Piece[]): Piece[] {
  let left = [...pieces];
  const dims = left[0]?.box.length ?? 0;
  for (let dim = dims - 1; dim >= 0; dim--) left = mergedAlong(left, dim);
  return left.sort((a, b) => compare(a.box, b.box));
}

function mergedAlong(pieces: readonly Piece[], dim: number): Piece[] {
  const rows = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const others = piece.box.filter((_, d) => d !== dim).join(";");
    const key = `${others}|${piece.sources.join()}|${piece.monoid}`;
    const row = rows.get(key);
    if (row) row.push(piece);
    else rows.set(key, [piece]);
  }
  return [...rows.values()].flatMap((row) => {
    const sorted = row.sort((a, b) => a.box[dim]![0] - b.box[dim]![0]);
    const out: Piece[] = [];
    for (const piece of sorted) {
      const last = out.at(-1);
      const [lo, hi] = piece.box[dim]!;
      if (last && last.box[dim]![1] === lo)
        out[out.length - 1] = { ...last, box: last.box.with(dim, [last.box[dim]![0], hi]) };
      else out.push(piece);
    }
    return out;
  });
}

function compare(a: Box, b: Box): number {
  for (const [dim, [lo]] of a.entries()) if (lo !== b[dim]![0]) return lo - b[dim]![0];
  return 0;
}
