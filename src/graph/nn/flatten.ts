/** @file From images to rows, for chains. */
import { count } from "../dims.ts";
import { sizeOf } from "../ops/windows.ts";
import { emit } from "../tensor.ts";
import { type Module, makeModule } from "./module.ts";

/**
 * `[..., channels, height, width]` to `[..., channels · height · width]`. When it is called it throws ShapeError SL1111 for
 * an image whose height or width is a name.
 *
 * @example
 * const net = nn.sequential(nn.conv2d(1, 8, 3), nn.relu(), nn.flatten(), nn.linear(8 * 26 * 26, 10));
 */
export const flatten = (): Module<[number, number, number], [number]> =>
  makeModule({}, (x) => {
    const size = [Number(x.shape.at(-3)), ...sizeOf(x)];
    return emit("reshape", [x], { shape: [...x.shape.slice(0, -3), count(size)] });
  }) as never;
