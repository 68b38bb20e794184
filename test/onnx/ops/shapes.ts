/** @file Another shape, order or extent: nothing is computed, elements move. */
import { emit, type Loose } from "../loose.ts";
import { dimOf, product, range, type Site, type Table } from "../site.ts";

/** Axes that are an attribute before opset 13 and an input since. */
const axes = (s: Site, rank: number) =>
  (s.has(1) ? s.data(1) : (s.ints("axes") ?? [])).map((axis) => dimOf(axis, rank)).sort((a, b) => a - b);

/** Where a slice begins and ends, and how many elements it takes: ONNX clamps both ends. */
function steps(start: number, end: number, step: number, extent: number): number[] {
  const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x < 0 ? x + extent : x, low), high);
  const [low, high] = step > 0 ? [0, extent] : [-1, extent - 1];
  const first = clamp(start, 0, high);
  const last = end < -extent && step < 0 ? -1 : clamp(end, low, high);
  return range(Math.max(0, Math.ceil((last - first) / step))).map((i) => first + i * step);
}

/** Rows of a dim, each by its number. */
const take = (s: Site, x: Loose, dim: number, rows: readonly number[]): Loose =>
  x.gather(s.feed("int32", [rows.length], rows), dim);

/** The row that stands at place i beyond the ends of a dim, where it is mirrored or its last one repeated. */
function beyond(i: number, extent: number, mode: string): number {
  if (mode === "edge") return Math.min(Math.max(i, 0), extent - 1);
  const period = Math.max(1, 2 * (extent - 1));
  const at = ((i % period) + period) % period;
  return at < extent ? at : period - at;
}

/** Numbers for ONNX's -1 (what is left) and 0 (as it was). */
function reshaped(from: readonly number[], to: readonly number[], zeros: boolean): number[] {
  const known = to.map((n, i) => (n === 0 && !zeros ? from[i]! : n));
  const rest = product(from) / product(known.filter((n) => n !== -1));
  return known.map((n) => (n === -1 ? rest : n));
}

/** NumPy's broadcasting of a tensor to a shape. */
function expand(x: Loose, to: readonly number[]): Loose {
  const rank = Math.max(x.shape.length, to.length);
  const at = (shape: readonly number[], i: number) => shape[i - rank + shape.length] ?? 1;
  const shape = range(rank).map((i) => Math.max(at(x.shape, i), at(to, i)));
  return emit("broadcastTo", [x], { shape, dims: x.shape.map((_, i) => i + rank - x.shape.length) });
}

/** Each dim repeated: every dim is two, the first of them new. */
function tile(x: Loose, repeats: readonly number[]): Loose {
  const twice = x.shape.flatMap((n, i) => [repeats[i]!, n]);
  const copies = emit("broadcastTo", [x], { shape: twice, dims: x.shape.map((_, i) => 2 * i + 1) });
  return copies.reshape(x.shape.map((n, i) => n * repeats[i]!));
}

const known = (data: readonly number[], shape: readonly number[]) => ({
  name: "",
  dtype: "int64",
  shape,
  data: Float64Array.from(data),
});

export const shapes: Table = {
  Constant(s) {
    const { value } = s.node.attrs;
    if (typeof value === "object" && "data" in value) return value;
    const [ints, float] = [s.ints("value_ints"), s.node.attrs.value_float];
    if (ints) return known(ints, [ints.length]);
    if (typeof float === "number") return { name: "", dtype: "float32", shape: [], data: Float64Array.of(float) };
    const floats = s.ints("value_floats");
    if (floats) return { name: "", dtype: "float32", shape: [floats.length], data: Float64Array.from(floats) };
    return known([s.int("value_int", 0)], []);
  },
  DepthToSpace(s) {
    const [n, c, h, w] = s.shape(0) as [number, number, number, number];
    const b = s.int("blocksize", 1);
    const [shape, order] =
      s.text("mode", "DCR") === "DCR"
        ? [
            [n, b, b, c / b / b, h, w],
            [0, 3, 4, 1, 5, 2],
          ]
        : [
            [n, c / b / b, b, b, h, w],
            [0, 1, 4, 2, 5, 3],
          ];
    return s
      .x(0)
      .reshape(shape)
      .permute(order)
      .reshape([n, c / b / b, h * b, w * b]);
  },
  Expand: (s) => expand(s.x(0), s.data(1)),
  Flatten(s) {
    const shape = s.shape(0);
    const axis = dimOf(s.int("axis", 1), shape.length);
    return s.x(0).reshape([product(shape.slice(0, axis)), product(shape.slice(axis))]);
  },
  Pad(s) {
    const [shape, mode] = [s.shape(0), s.text("mode", "constant")];
    const pads = s.has(1) ? s.data(1) : [...s.ints("pads")!];
    const value = s.has(2) ? s.data(2)[0]! : s.float("value", 0);
    return shape.reduce((x, extent, dim) => {
      const [before, after] = [pads[dim]!, pads[dim + shape.length]!];
      if (before === 0 && after === 0) return x;
      if (mode === "constant") return x.pad(dim, before, after, value);
      const places = range(extent + before + after).map((i) => beyond(i - before, extent, mode));
      return take(s, x, dim, places);
    }, s.x(0));
  },
  Reshape: (s) => s.x(0).reshape(reshaped(s.shape(0), s.data(1), s.int("allowzero", 0) === 1)),
  Shape(s) {
    const shape = s.shape(0);
    const found = shape.slice(s.int("start", 0), s.int("end", shape.length));
    return known(found, [found.length]);
  },
  Size: (s) => known([product(s.shape(0))], []),
  Slice(s) {
    const [starts, ends] = s.has(1) ? [s.data(1), s.data(2)] : [s.ints("starts")!, s.ints("ends")!];
    const over = s.has(3) ? s.data(3) : (s.ints("axes") ?? range(starts.length));
    return starts.reduce((x, start, i) => {
      const dim = dimOf(over[i]!, s.shape(0).length);
      const rows = steps(start, ends[i]!, s.has(4) ? s.data(4)[i]! : 1, s.shape(0)[dim]!);
      const first = rows[0] ?? 0;
      return rows.every((row, k) => row === first + k)
        ? x.slice(dim, first, first + rows.length)
        : take(s, x, dim, rows);
    }, s.x(0));
  },
  SpaceToDepth(s) {
    const [n, c, h, w] = s.shape(0) as [number, number, number, number];
    const b = s.int("blocksize", 1);
    const blocks = s
      .x(0)
      .reshape([n, c, h / b, b, w / b, b])
      .permute([0, 3, 5, 1, 2, 4]);
    return blocks.reshape([n, c * b * b, h / b, w / b]);
  },
  Split(s) {
    const dim = dimOf(s.int("axis", 0), s.shape(0).length);
    const n = s.node.outputs.length;
    const sizes = s.has(1) ? s.data(1) : (s.ints("split") ?? range(n).map(() => s.shape(0)[dim]! / n));
    return sizes.map((size, i) => {
      const start = sizes.slice(0, i).reduce((a, b) => a + b, 0);
      return s.x(0).slice(dim, start, start + size);
    });
  },
  Squeeze(s) {
    const found = axes(s, s.shape(0).length);
    const over = found.length ? found : s.shape(0).flatMap((n, dim) => (n === 1 ? [dim] : []));
    return over.toReversed().reduce((x, dim) => x.squeeze(dim), s.x(0));
  },
  Tile: (s) => tile(s.x(0), s.data(1)),
  Transpose(s) {
    const order = s.ints("perm") ?? range(s.shape(0).length).reverse();
    return s.x(0).permute(order);
  },
  Unsqueeze(s) {
    const given = s.has(1) ? s.data(1) : (s.ints("axes") ?? []);
    return axes(s, s.shape(0).length + given.length).reduce((x, dim) => x.unsqueeze(dim), s.x(0));
  },
};
