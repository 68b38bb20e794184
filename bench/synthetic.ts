/** @file Batches of numbers that are the same each time. */
import { array } from "sluice";

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** `reals` are in [0, 1), `ids` whole numbers below a bound; each call goes on where the one before ended. */
export function synthetic() {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    reals: (shape: readonly number[]) => array(shape, "float32", Float32Array.from({ length: size(shape) }, draw)),
    ids: (shape: readonly number[], below: number) =>
      array(
        shape,
        "int32",
        Int32Array.from({ length: size(shape) }, () => Math.floor(draw() * below)),
      ),
    /** 0, 1, 2 and so on. */
    places: (count: number) =>
      array(
        [count],
        "int32",
        Int32Array.from({ length: count }, (_, i) => i),
      ),
  };
}
