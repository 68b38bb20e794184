/**
 * @file The sum of squares of all elements, for norms. A chain of ops that makes lines may sum them up without storing them,
 * where a line fits its scratch and is no short one: a large tensor is summed along such lines, then over them.
 */
import { count, range } from "../dims.ts";
import { emit, type Tensor } from "../tensor.ts";

/** Elements of a line: from where a call for it costs less than the squares of it in memory, to as many as scratch holds. */
const [least, most] = [256, 16384];

/** Σ x² */
export function sumOfSquares(x: Tensor): Tensor {
  const dims = range(x.shape.length);
  const lengths = dims.map((dim) => count((x.shape as number[]).slice(dim)));
  const line = Math.max(
    0,
    lengths.findIndex((length) => length <= most),
  );
  const squares = emit("mul", [x, x]);
  const sum = (of: Tensor, over: readonly number[]) => emit("sum", [of], { dims: over, keep: false });
  if (line === 0 || lengths[line]! < least) return sum(squares, dims);
  return sum(sum(squares, dims.slice(line)), dims.slice(0, line));
}
