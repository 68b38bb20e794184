/** @file Strides over a few extents, each of which spans some dims that lie one behind the other. */
import { broadcastStrides } from "../graph/ops/lowering.ts";

/**
 * Strides that read a contiguous tensor of `shape` as if it were `whole`; extent i spans `spans[i]` dims of that. Undefined
 * where the tensor is repeated along some dims of an extent and not along others.
 */
export function spannedStrides(
  shape: readonly number[],
  whole: readonly number[],
  spans: readonly number[],
): number[] | undefined {
  const strides = broadcastStrides(shape, whole);
  const found: number[] = [];
  let from = 0;
  for (const span of spans) {
    const dims = strides.map((_, d) => d).filter((d) => d >= from && d < from + span && whole[d] !== 1);
    if (dims.some((d, i) => i > 0 && strides[dims[i - 1]!] !== strides[d]! * whole[d]!)) return undefined;
    found.push(dims.length ? strides[dims.at(-1)!]! : 0);
    from += span;
  }
  return found;
}
