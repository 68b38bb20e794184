/**
 * @file Images of another size, dim by dim: nearest neighbours are rows by number, linear and cubic interpolation are
 * products with a matrix of weights.
 */
import { type Loose, where } from "../loose.ts";
import { product, range, type Site, type Table } from "../site.ts";

/** One dim: its extents, the scale between them and what of the input is looked at, from 0 to 1. */
interface Dim {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  readonly roi: readonly [start: number, end: number];
}

/** Where in the input an element of the output lies. The output is as wide as the scale says, which may be no whole number. */
function place(x: number, { from, to, scale, roi: [start, end] }: Dim, mode: string): number {
  const last = from * scale - 1;
  if (mode === "asymmetric") return x / scale;
  if (mode === "align_corners") return last ? (x * (from - 1)) / last : 0;
  if (mode === "tf_half_pixel_for_nn") return (x + 0.5) / scale;
  if (mode === "pytorch_half_pixel" && to === 1) return 0;
  if (mode !== "tf_crop_and_resize") return (x + 0.5) / scale - 0.5;
  return (from - 1) * (to > 1 ? start + (x * (end - start)) / (to - 1) : (start + end) / 2);
}

const rounded: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Weight of an element at distance d. Source of the cubic: Keys, "Cubic convolution interpolation", 1981. */
function weight(d: number, mode: string, a: number): number {
  const t = Math.abs(d);
  if (mode === "linear") return Math.max(0, 1 - t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

const inside = (i: number, extent: number) => Math.min(Math.max(i, 0), extent - 1);

/** Weights of the input's elements for each of the output's: beyond the edge its last element stands, or nothing. */
function weights(s: Site, dim: Dim): number[][] {
  const [mode, coordinates] = [s.text("mode", "nearest"), s.text("coordinate_transformation_mode", "half_pixel")];
  const a = s.float("cubic_coeff_a", -0.75);
  return range(dim.to).map((x) => {
    const at = place(x, dim, coordinates);
    const row = range(dim.from).map(() => 0);
    const reach = mode === "linear" ? 1 : 2;
    for (const i of range(2 * reach).map((k) => Math.floor(at) - reach + 1 + k)) {
      if (i !== inside(i, dim.from) && s.int("exclude_outside", 0)) continue;
      row[inside(i, dim.from)]! += weight(at - i, mode, a);
    }
    const sum = row.reduce((p, q) => p + q, 0);
    return row.map((w) => w / sum);
  });
}

/** The matrix along a dim. */
function multiply(s: Site, x: Loose, at: number, rows: readonly (readonly number[])[]): Loose {
  const rank = x.shape.length;
  const order = range(rank).toSpliced(at, 1).concat(at);
  const turned = x.permute(order);
  const matrix = s.feed("float32", [rows.length, rows[0]!.length], rows.flat()).transpose();
  const y = turned.reshape([product(turned.shape.slice(0, -1)), rows[0]!.length]).matmul(matrix);
  return y.reshape(turned.shape.with(-1, rows.length)).permute(range(rank).map((dim) => order.indexOf(dim)));
}

const nearest = (dim: Dim, coordinates: string, mode: string): number[] =>
  range(dim.to).map((x) => inside(rounded[mode]!(place(x, dim, coordinates)), dim.from));

/** Elements outside of the region looked at have a value of their own. */
function outside(s: Site, dim: Dim): boolean[] {
  if (s.text("coordinate_transformation_mode", "") !== "tf_crop_and_resize") return [];
  return range(dim.to).map((x) => {
    const at = place(x, dim, "tf_crop_and_resize");
    return at < 0 || at > dim.from - 1;
  });
}

export const resize: Table = {
  Resize(s) {
    const shape = s.shape(0);
    const [scales, sizes] = [s.has(2) ? s.data(2) : [], s.has(3) ? s.data(3) : []];
    const roi = s.has(1) && s.data(1).length ? s.data(1) : [...shape.map(() => 0), ...shape.map(() => 1)];
    return shape.reduce((x, from, i) => {
      const to = sizes.length ? sizes[i]! : Math.floor(from * scales[i]!);
      const dim: Dim = {
        from,
        to,
        scale: sizes.length ? to / from : scales[i]!,
        roi: [roi[i]!, roi[i + shape.length]!],
      };
      if (to === from && dim.roi[0] === 0 && dim.roi[1] === 1) return x;
      const lost = outside(s, dim).flatMap((is, row) => (is ? [row] : []));
      const kept = (y: Loose): Loose => {
        if (!lost.length) return y;
        const mask = s.feed(
          "bool",
          range(shape.length).map((d) => (d === i ? to : 1)),
          range(to).map((r) => Number(lost.includes(r))),
        );
        return where(mask, s.float("extrapolation_value", 0), y);
      };
      if (s.text("mode", "nearest") !== "nearest") return kept(multiply(s, x, i, weights(s, dim)));
      const coordinates = s.text("coordinate_transformation_mode", "half_pixel");
      const rows = nearest(dim, coordinates, s.text("nearest_mode", "round_prefer_floor"));
      return kept(x.gather(s.feed("int32", [to], rows), i));
    }, s.x(0));
  },
  Upsample: (s) =>
    s.shape(0).reduce((x, from, i) => {
      const scale = s.data(1)[i]!;
      const dim: Dim = { from, to: Math.floor(from * scale), scale, roi: [0, 1] };
      return scale === 1 ? x : x.gather(s.feed("int32", [dim.to], nearest(dim, "asymmetric", "floor")), i);
    }, s.x(0)),
};
