/** @file Pooling layers. */
import { emit } from "../tensor.ts";
import { both, type Size } from "./conv2d.ts";
import { type Module, makeModule } from "./module.ts";

export interface PoolOptions {
  /** Default: the size, so that windows lie side by side. */
  readonly stride?: Size;
  /** At most half the size. Default 0. */
  readonly padding?: Size;
}

const pool =
  (kind: string) =>
  (size: Size, { stride = size, padding = 0 }: PoolOptions = {}): Module<[number, number], [number, number]> => {
    const attrs = { window: both(size), stride: both(stride), padding: both(padding) };
    return makeModule({}, (x) => emit(kind, [x], attrs)) as never;
  };

/**
 * The largest element of each window of the last two dims, `[..., height, width]`. Padding counts as −∞. When it is
 * called it throws ShapeError SL1111 to SL1113 for an image that the windows do not fit, SL1116 for too much padding.
 *
 * @example
 * const halved = nn.maxPool2d(2); // [..., 28, 28] → [..., 14, 14]
 */
export const maxPool2d = pool("maxPool2d");

/** The mean of each window; padding counts as zeros. Throws as `maxPool2d` does. */
export const avgPool2d = pool("avgPool2d");
